"""Reading back: a lying success is caught, what is proven is settled, what is not told is not claimed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from keyturn.bulk.job import Job
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.report import Told, report_path, row_event, write_reports
from keyturn.bulk.running.breaker import Cause
from keyturn.bulk.running.checking import Trials, read_back
from keyturn.bulk.running.events import ReadingBack, RowVerified
from keyturn.bulk.running.rereading import Rereading, reread
from keyturn.bulk.running.run import Checking, Summary, carry_out
from keyturn.bulk.running.shares import Speed
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.verifying import Asked, Bench, unproven
from keyturn.core.evidence import Sign
from keyturn.core.journal import Row, RowState, Verified
from keyturn.core.outcomes import Reason, Refused
from tests.bulk.desk import CREATE, QUICK, RESET, Desk, crowd, job, users
from tests.support.memory_directory import MemoryDirectory, able
from tests.support.memory_journal import MemoryJournal

ALL = tuple(Sign)
ONCE = replace(QUICK, retries=0)
LIAR = "user000001"


def desk(tmp: Path, count: int = 3, order: Job = RESET, *, tells: Sequence[Sign] = ALL, trial: bool = False) -> Desk:
    """A run on a directory that tells this."""
    directory = crowd(0 if order.operation is CREATE.operation else count)
    directory.able = able(tells=tuple(tells), trial=trial)
    return Desk(tmp, directory).begin(users(count), order)


async def go(at: Desk, *, wanted: bool = True, trial: bool = False, speed: Speed = ONCE) -> Summary:
    """Carry it out and read it back."""
    run = at.run(speed)
    return await carry_out(replace(run, check=Checking(wanted, trial)), Stop(), [at.heard.append])


def rows(at: Desk) -> list[Row]:
    """How they stand."""
    return list(at.journal.rows())


def told(at: Desk) -> list[str]:
    """What reading back told of each."""
    return [str(row.verified) for row in rows(at)]


@pytest.mark.proves("RN-5")
@pytest.mark.parametrize("tells", [*((sign,) for sign in ALL), ALL], ids=str)
async def test_a_lying_success_is_caught_by_each_sign(tmp_path: Path, tells: tuple[Sign, ...]) -> None:
    """The answer says that it is done, nothing is, and the run is not green."""
    at = desk(tmp_path, tells=tells)
    at.directory.switches.lie = frozenset({LIAR})
    summary = await go(at)
    assert told(at) == ["yes", "no", "yes"]
    assert summary.states == {RowState.CHANGED: 3}
    assert summary.exit is ExitCode.UNCERTAIN
    assert summary.verdicts == {Verified.YES: 2, Verified.NO: 1}


async def test_without_being_asked_nothing_is_read_back(tmp_path: Path) -> None:
    """A run costs what it cost."""
    at = desk(tmp_path)
    assert (await go(at, wanted=False)).exit is ExitCode.FINE
    assert at.directory.readings == []
    assert told(at) == ["", "", ""]


async def test_a_target_that_tells_nothing_is_never_a_yes(tmp_path: Path) -> None:
    """And nothing is looked at before, for it could not be compared."""
    at = desk(tmp_path, tells=())
    assert (await go(at)).exit is ExitCode.FINE
    assert told(at) == ["cannot tell"] * 3
    assert len(at.directory.readings) == 3


async def test_what_is_there_before_is_kept_and_compared(tmp_path: Path) -> None:
    """A version alone says something only so."""
    at = desk(tmp_path, tells=(Sign.VERSION,))
    await go(at)
    assert [row.proof for row in rows(at)] == ["version 2, was 1"] * 3
    assert at.folder is not None
    kept = [json.loads(line) for line in at.folder.before("there").read_text().splitlines()]
    assert [(each["row"], each["version"]) for each in kept] == [(2, "1"), (3, "1"), (4, "1")]


async def test_what_was_read_before_a_stop_is_compared_after_the_resume(tmp_path: Path) -> None:
    """Only rows that were never sent are looked at again."""
    at = desk(tmp_path, tells=(Sign.VERSION,))
    at.directory.switches.refuse = {"user000002": Reason.UNREACHABLE}
    assert (await go(at)).trip is not None
    at.directory.switches.refuse = {}
    at.directory.readings.clear()
    assert (await go(at)).exit is ExitCode.FINE
    assert told(at) == ["yes"] * 3
    looked = [who for whos in at.directory.readings for who in whos]
    assert looked.count("user000002") == 2
    assert looked.count("user000000") <= 1


async def test_an_uncertain_row_is_settled_by_our_own_name_and_time(tmp_path: Path) -> None:
    """The run is then as good as if the answer had come."""
    at = desk(tmp_path, order=job(password="target", email=True))
    at.directory.switches.lose = {LIAR: 9}
    at.directory.able = able(tells=ALL, repeats=False)
    summary = await go(at)
    assert rows(at)[1].state is RowState.UNCERTAIN, "nobody knows whether it was mailed"
    assert told(at) == ["yes"] * 3
    assert summary.exit is ExitCode.UNCERTAIN


async def test_an_uncertain_row_whose_password_we_know_is_settled(tmp_path: Path) -> None:
    """Its answer never came, and the directory says that it was us, in that very time."""
    at = desk(tmp_path)
    at.directory.switches.lose = {LIAR: 99}
    summary = await go(at)
    row = rows(at)[1]
    assert (row.state, row.verified, row.reason) == (RowState.CHANGED, Verified.YES, "")
    assert "by us" in row.proof or "password was changed" in row.proof
    assert summary.exit is ExitCode.FINE
    assert summary.states == {RowState.CHANGED: 3}


async def test_an_uncertain_row_is_not_settled_by_less(tmp_path: Path) -> None:
    """A higher version and a password that must be changed could be the work of somebody else."""
    at = desk(tmp_path, tells=(Sign.VERSION, Sign.MUST_CHANGE))
    at.directory.switches.lose = {LIAR: 99}
    assert (await go(at)).exit is ExitCode.UNCERTAIN
    assert (rows(at)[1].state, rows(at)[1].verified) == (RowState.UNCERTAIN, Verified.YES)


async def test_an_uncertain_row_that_never_arrived_stays_uncertain(tmp_path: Path) -> None:
    """It may be on its way still; what was read says that nothing has happened yet."""
    at = desk(tmp_path)
    at.directory.switches.miss = {LIAR: 99}
    assert (await go(at)).exit is ExitCode.UNCERTAIN
    assert (rows(at)[1].state, rows(at)[1].verified) == (RowState.UNCERTAIN, Verified.NO)


async def test_a_trial_signs_in_with_the_password_of_each_row(tmp_path: Path) -> None:
    """It settles what no sign could, and finds the liar out."""
    at = desk(tmp_path, tells=(), trial=True)
    at.directory.switches.lose = {"user000000": 99}
    at.directory.switches.lie = frozenset({LIAR})
    summary = await go(at, trial=True)
    assert told(at) == ["yes", "no", "yes"]
    assert summary.states == {RowState.CHANGED: 3}
    assert sorted(at.directory.tried) == ["user000000", LIAR, "user000002"]


async def test_nothing_is_tried_where_the_target_does_not_offer_it(tmp_path: Path) -> None:
    """Whatever the person asked for."""
    at = desk(tmp_path, trial=False)
    await go(at, trial=True)
    assert at.directory.tried == []


async def test_who_has_chosen_a_password_since_is_not_tried(tmp_path: Path) -> None:
    """It would be a wrong one, and count against them."""
    at = desk(tmp_path, trial=True)
    run = at.run(QUICK)
    await carry_out(run, Stop())
    assert isinstance(at.journal, MemoryJournal)
    for row in rows(at):
        aged = replace(row, first_sent=_before(row.first_sent), settled=_before(row.settled))
        at.journal.lines[row.number] = aged
    at.directory.choose(LIAR, "a password of their own")
    bench = Bench(at.journal, run.clock, at.heard.append)
    trials = Trials(run.folder.run, run.keys, run.source)
    await read_back(bench, run.shares, run.folder, Stop(), trials=trials)
    assert LIAR not in at.directory.tried
    assert "after this row" in rows(at)[1].proof


def _before(at: datetime | None) -> datetime | None:
    return at - timedelta(minutes=5) if at is not None else None


async def test_creations_are_proven_by_who_made_them_and_when(tmp_path: Path) -> None:
    """With the password that was wanted."""
    at = desk(tmp_path, order=CREATE)
    at.directory.switches.half = frozenset({LIAR})
    assert (await go(at)).exit is ExitCode.UNCERTAIN
    assert told(at) == ["yes", "no", "yes"]
    assert rows(at)[1].proof == "the user is there, without a password"


async def test_users_are_read_in_sets_as_large_as_the_target_shows(tmp_path: Path) -> None:
    """As one list is read for all of them."""
    at = desk(tmp_path, 7)
    at.directory.able = able(tells=(Sign.PASSWORD_CHANGED,), reads=5)
    await go(at)
    assert [len(whos) for whos in at.directory.readings] == [5, 2, 5, 2]
    assert told(at) == ["yes"] * 7


async def test_a_busy_target_is_asked_again(tmp_path: Path) -> None:
    """As long as it asks for."""
    at = desk(tmp_path, 1)
    busy = Refused("", Reason.BUSY, "too much to do", retry_after=0.01)
    at.directory.switches.wary = [busy, Refused("", Reason.TOO_MANY, "slower", retry_after=0.01)]
    await go(at, speed=QUICK)
    assert told(at) == ["yes"]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (Reason.NOT_SIGNED_IN, Cause.SIGNED_OUT),
        (Reason.NOT_ALLOWED, Cause.NOT_ALLOWED),
        (Reason.UNREACHABLE, Cause.UNREACHABLE),
    ],
)
async def test_a_target_that_lets_nobody_read_is_said_and_claims_nothing(
    tmp_path: Path, reason: Reason, cause: Cause
) -> None:
    """The rows are as they were answered, and not read back."""
    at = desk(tmp_path, 40)
    run = at.run(replace(QUICK, retries=0))
    await carry_out(run, Stop())
    at.directory.switches.wary = [Refused("", reason, "no") for _ in range(40)]
    unread = await read_back(Bench(at.journal, run.clock, at.heard.append), run.shares, run.folder, Stop())
    assert [(target, trip.cause) for target, trip in unread] == [("there", cause)]
    assert set(told(at)) <= {"", "yes"}
    assert at.directory.switches.wary, "it stopped asking"


async def test_a_reading_that_is_refused_for_one_user_is_told_for_that_one(tmp_path: Path) -> None:
    """In the words of the target."""
    at = desk(tmp_path, 1, tells=())
    at.directory.switches.wary = [Refused("", Reason.OTHER, "answered 500 with no user")]
    await go(at)
    assert [(row.verified, row.proof) for row in rows(at)] == [(Verified.CANNOT_TELL, "answered 500 with no user")]


async def test_what_is_proven_is_not_asked_again_and_a_stop_keeps_what_is_known(tmp_path: Path) -> None:
    """A reading goes on where it was."""
    at = desk(tmp_path, 6)
    at.directory.switches.lie = frozenset({LIAR})
    await go(at)
    at.directory.readings.clear()
    run, marks = at.run(QUICK), list[int]()
    bench = Bench(at.journal, run.clock, at.heard.append)
    await read_back(bench, run.shares, run.folder, Stop(), asked=[Asked(which=unproven, mark=marks.append)])
    assert at.directory.readings == [[LIAR]]
    assert marks == [7]
    stopped = Stop()
    stopped.ask()
    await read_back(bench, run.shares, run.folder, stopped, asked=[Asked(which=unproven, mark=marks.append)])
    assert marks == [7, 2], "so far without a gap: the liar stands in row 3"
    assert len(at.directory.readings) == 1


async def test_reports_show_what_was_read_back(tmp_path: Path) -> None:
    """A column of its own, and the rows that it speaks against come first."""
    at = desk(tmp_path)
    at.directory.switches.lie = frozenset({LIAR})
    summary = await go(at)
    page, sheet, lines = (path.read_text("utf-8-sig") for path in summary.reports)
    assert "1 of 3 rows need you." in page
    assert "Rows that reading back speaks against (1)" in page
    assert "<th>read back" in page
    assert sheet.splitlines()[0].endswith("settled,verified,proof")
    verdicts = [json.loads(line)["verified"] for line in lines.splitlines()]
    assert verdicts == ["yes", "no", "yes", {"yes": 2, "no": 1}]
    assert [event.row.verified for event in at.heard if isinstance(event, RowVerified)] == [
        Verified.YES, Verified.NO, Verified.YES,
    ]  # fmt: skip
    assert any(isinstance(event, ReadingBack) and event.before for event in at.heard)


async def test_what_reading_back_speaks_against_is_green_in_no_report(tmp_path: Path) -> None:
    """Neither on the board of a CI system nor in the summary of a job, where nobody opens the rows."""
    at = desk(tmp_path)
    at.directory.switches.lie = frozenset({LIAR})
    run = replace(at.run(ONCE), check=Checking(wanted=True), reports=("junit", "md"))
    summary = await carry_out(run, Stop())
    junit, page = (path.read_text("utf-8") for path in summary.reports)
    assert 'tests="3" failures="1" errors="0"' in junit
    assert junit.count('<failure type="read back"') == 1
    assert "**1 of 3 rows need you" in page
    assert "| no | 1 |" in page


async def test_reports_of_every_kind_are_brought_up_to_date_by_a_later_reading(tmp_path: Path) -> None:
    """The name of a file is not always its kind."""
    at = desk(tmp_path)
    at.directory.switches.lie = frozenset({LIAR})
    run = replace(at.run(ONCE), reports=("junit", "md"))
    await carry_out(run, Stop())
    assert (await reread(Rereading(run.folder, run.journal, run.shares, run.clock), Stop())).exit is ExitCode.UNCERTAIN
    for path in (report_path(run.folder.path, kind) for kind in run.reports):
        assert "read back" in path.read_text("utf-8")


def test_a_proof_that_a_sheet_would_compute_is_defused(tmp_path: Path) -> None:
    """A version is the target's own text."""
    directory = MemoryDirectory(["amal"])
    at = Desk(tmp_path, directory).begin("userid\namal\n")
    at.journal.verify([replace(next(iter(at.journal.rows())), verified=Verified.YES, proof="=1+1")])
    assert row_event("r", next(iter(at.journal.rows())))["proof"] == "=1+1"
    told_of = Told("r", Facts(at.journal.facts()), at.journal.counts(), [], 0)
    [path] = write_reports(at.journal, told_of, tmp_path, ["csv"])
    assert "'=1+1" in path.read_text("utf-8-sig")
