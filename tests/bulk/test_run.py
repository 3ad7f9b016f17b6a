"""Runs from begin to end on a directory in memory, with everything that goes wrong on real ones."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.running.breaker import Limit
from keyturn.bulk.running.events import Paused, RowSettled
from keyturn.bulk.running.rates import Rate
from keyturn.bulk.running.shares import Speed
from keyturn.core.commands import Commands, CreateUser, ResetPassword
from keyturn.core.journal import RowState
from keyturn.core.outcomes import Created, Delivery, Outcome, Reason
from keyturn.core.secret import Secret
from keyturn.store.journal import open_journal
from tests.bulk.desk import CREATE, QUICK, RESET, Desk, crowd, handed, job, users
from tests.support.memory_directory import MemoryDirectory, able


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.bulk.running.pacing._FIRST_WAIT", 0.001)


async def test_a_run_changes_every_row_and_hands_out_what_it_set(tmp_path: Path) -> None:
    """Green: every row known good, and the handout holds the passwords that are in force."""
    directory = crowd(300)
    desk = Desk(tmp_path, directory, open_journal(tmp_path / "journal.db", create=True)).begin(users(300))
    summary = await desk.go(Speed(jobs=16))
    assert summary.exit is ExitCode.FINE
    assert summary.states == {RowState.CHANGED: 300}
    assert handed(desk) == directory.passwords
    assert len({secret.reveal() for secret in directory.passwords.values()}) == 300
    assert 1 < directory.most <= 16
    assert len(directory.log) == 300
    assert sum(isinstance(event, RowSettled) for event in desk.heard) == 300
    desk.journal.close()


async def test_a_batch_is_as_large_as_the_target_takes_and_the_rate_allows(tmp_path: Path) -> None:
    """Each row of it has an outcome of its own."""
    directory = crowd(25)
    directory.able = able(batch=10)
    directory.switches.refuse = {"user000003": Reason.NO_SUCH_USER}
    summary = await Desk(tmp_path, directory).begin(users(25)).go(QUICK)
    assert summary.states == {RowState.CHANGED: 24, RowState.FAILED: 1}
    assert summary.exit is ExitCode.FAILURES
    assert summary.retry is not None
    fast = await Desk(tmp_path, crowd(5)).begin(users(5)).go(replace(QUICK, rates=[Rate(5000)]))
    assert fast.exit is ExitCode.FINE


@pytest.mark.proves("RN-8")
async def test_a_refused_sign_in_stops_at_once_and_no_row_fails(tmp_path: Path) -> None:
    """At most as many requests as were in flight, and one."""
    directory = crowd(100)
    directory.switches.signed_out = True
    desk = Desk(tmp_path, directory).begin(users(100))
    summary = await desk.go(QUICK)
    assert summary.exit is ExitCode.SIGN_IN
    assert len(directory.log) <= QUICK.jobs + 1
    assert summary.states == {RowState.NOT_TRIED: 100}
    directory.switches.signed_out = False
    assert (await desk.go(QUICK)).exit is ExitCode.FINE


async def test_missing_rights_stop_while_nothing_has_worked_and_fail_the_row_later(tmp_path: Path) -> None:
    """One protected person among many is no reason to stop."""
    directory = crowd(30)
    directory.switches.not_allowed = True
    desk = Desk(tmp_path, directory).begin(users(30))
    assert (await desk.go(QUICK)).exit is ExitCode.SIGN_IN
    directory.switches.not_allowed = False
    directory.switches.refuse = {"user000029": Reason.NOT_ALLOWED}
    summary = await desk.go(QUICK)
    assert summary.states == {RowState.CHANGED: 29, RowState.FAILED: 1}


@pytest.mark.proves("RN-4")
async def test_a_lost_answer_is_asked_for_again_with_the_same_password(tmp_path: Path) -> None:
    """The row ends changed, and the password in force is the one handed out."""
    directory = crowd(20)
    directory.switches.lose = {f"user{number:06d}": 1 for number in range(20)}
    desk = Desk(tmp_path, directory).begin(users(20))
    summary = await desk.go(QUICK)
    assert summary.exit is ExitCode.FINE
    assert summary.retries == 20
    assert len(directory.log) == 40
    assert handed(desk) == directory.passwords
    assert {row.attempts for row in desk.journal.rows()} == {2}


async def test_a_refusal_of_the_same_password_after_a_lost_answer_means_it_was_set(tmp_path: Path) -> None:
    """Only the lost try can have set this very password."""
    directory = crowd(2)
    directory.switches.history = True
    directory.switches.lose = {"user000000": 1}
    summary = await Desk(tmp_path, directory).begin(users(2)).go(QUICK)
    assert summary.states == {RowState.CHANGED: 2}


@pytest.mark.proves("RN-3")
async def test_an_answer_that_never_comes_leaves_the_row_uncertain_and_in_the_handout(tmp_path: Path) -> None:
    """Never done, never failed; sent again by a resume."""
    directory = crowd(3)
    directory.switches.lose = {"user000001": 99}
    desk = Desk(tmp_path, directory).begin(users(3))
    summary = await desk.go(QUICK)
    assert summary.exit is ExitCode.UNCERTAIN
    assert summary.states == {RowState.CHANGED: 2, RowState.UNCERTAIN: 1}
    assert [json.loads(line)["state"] for line in desk.handed_out()] == ["changed", "uncertain", "changed"]
    directory.switches.lose = {}
    sent = len(directory.log)
    assert (await desk.go(QUICK)).exit is ExitCode.FINE
    assert len(directory.log) == sent + 1
    assert handed(desk) == directory.passwords


@pytest.mark.proves("RN-3")
async def test_a_password_that_the_target_makes_is_never_asked_for_twice(tmp_path: Path) -> None:
    """A second request would void the first secret."""
    directory = crowd(4)
    directory.switches.lose = {"user000001": 1}
    desk = Desk(tmp_path, directory).begin(users(4), job(password="target"))
    summary = await desk.go(QUICK)
    assert summary.states == {RowState.CHANGED: 3, RowState.UNCERTAIN: 1}
    assert len(directory.log) == 4
    assert set(handed(desk)) == {"user000000", "user000002", "user000003"}
    assert all(handed(desk)[who] == directory.passwords[who] for who in handed(desk))
    assert b"made-for" not in desk.run().folder.vault.read_bytes()
    assert (await desk.go(QUICK)).exit is ExitCode.UNCERTAIN
    assert len(directory.log) == 4


async def test_a_crash_leaves_rows_that_the_target_made_passwords_for_uncertain(tmp_path: Path) -> None:
    """Sent, and nobody knows."""
    directory = crowd(3)
    desk = Desk(tmp_path, directory).begin(users(3), job(password="target"))
    desk.journal.send([2], desk.run().clock.now())
    summary = await desk.go(QUICK)
    assert summary.states == {RowState.CHANGED: 2, RowState.UNCERTAIN: 1}
    assert [command.who for command in directory.log] == ["user000001", "user000002"]


async def test_a_crash_leaves_rows_with_our_password_to_be_sent_again(tmp_path: Path) -> None:
    """The same password once more does no harm."""
    directory = crowd(3)
    desk = Desk(tmp_path, directory).begin(users(3))
    desk.journal.send([2, 3], desk.run().clock.now())
    assert (await desk.go(QUICK)).states == {RowState.CHANGED: 3}


@pytest.mark.proves("RN-8")
async def test_a_server_that_asks_for_patience_slows_the_run_and_fails_nothing(tmp_path: Path) -> None:
    """429 with Retry-After is no failure, however often."""
    directory = crowd(20)
    directory.switches.slow_down = 12
    desk = Desk(tmp_path, directory).begin(users(20))
    summary = await desk.go(replace(QUICK, retries=0))
    assert summary.exit is ExitCode.FINE
    assert any(isinstance(event, Paused) for event in desk.heard)


async def test_endless_requests_for_patience_fail_the_row_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run does not wait for ever."""
    monkeypatch.setattr("keyturn.bulk.running.flight.MOST_SLOWED", 3)
    directory = crowd(1)
    directory.switches.slow_down = 99
    directory.switches.retry_after = 0.0
    assert (await Desk(tmp_path, directory).begin(users(1)).go(QUICK)).states == {RowState.FAILED: 1}


async def test_a_busy_server_is_tried_again_a_few_times(tmp_path: Path) -> None:
    """Then the row fails, certain that nothing changed."""
    directory = crowd(5)
    directory.switches.busy = 3
    assert (await Desk(tmp_path, directory).begin(users(5)).go(QUICK)).exit is ExitCode.FINE
    directory.switches.busy = 99
    summary = await Desk(tmp_path, directory).begin(users(2)).go(replace(QUICK, retries=1))
    assert summary.states == {RowState.FAILED: 2}


async def test_a_server_that_is_gone_stops_the_run_and_can_be_resumed(tmp_path: Path) -> None:
    """After its retries; no row is failed for it."""
    directory = crowd(10)
    directory.switches.dead = True
    desk = Desk(tmp_path, directory).begin(users(10))
    summary = await desk.go(QUICK)
    assert summary.exit is ExitCode.UNREACHABLE
    assert summary.states == {RowState.NOT_TRIED: 10}
    directory.switches.dead = False
    assert (await desk.go(QUICK)).exit is ExitCode.FINE


@pytest.mark.proves("RN-8")
async def test_failures_in_a_row_stop_the_run(tmp_path: Path) -> None:
    """The file or the target is wrong as a whole."""
    summary = await Desk(tmp_path, MemoryDirectory()).begin(users(200)).go(QUICK)
    assert summary.exit is ExitCode.BRAKE
    assert 20 <= summary.states[RowState.FAILED] <= 20 + QUICK.jobs
    assert summary.left == 200 - summary.states[RowState.FAILED]
    assert summary.done == 0


async def test_create_skips_who_exists_and_sends_nothing_else(tmp_path: Path) -> None:
    """409 at the first try: skipped, reason exists."""
    directory = MemoryDirectory(["amal"])
    text = "userid,username,Mail,First name,Last name,Phone\namal,,,,,\n\nnoor,nn,n@x.com,Noor,N,12\n"
    desk = Desk(tmp_path, directory).begin(text, CREATE)
    summary = await desk.go(QUICK)
    assert summary.states == {RowState.CREATED: 1, RowState.SKIPPED: 2}
    assert summary.exit is ExitCode.FINE
    assert [row.reason for row in desk.journal.rows((RowState.SKIPPED,))] == ["exists", "blank"]
    profile = directory.users["noor"].profile
    assert (profile.display_name, profile.mail(), profile.phones[0].value) == ("Noor N", "n@x.com", "12")
    [made] = [command for command in directory.log if command.who == "noor"]
    assert isinstance(made, CreateUser)
    assert made.login == "nn"


async def test_create_after_a_lost_answer_looks_who_made_the_user(tmp_path: Path) -> None:
    """Ours: created. Somebody else's: uncertain, never ours."""
    directory = MemoryDirectory()
    directory.switches.lose = {"amal": 1}
    desk = Desk(tmp_path, directory).begin("userid\namal\n", CREATE)
    assert (await desk.go(QUICK)).states == {RowState.CREATED: 1}
    assert handed(desk) == directory.passwords
    theirs = MemoryDirectory(["noor"])
    other = Desk(tmp_path, theirs).begin("userid\nnoor\n", CREATE)
    other.journal.send([2], other.run().clock.now())
    assert (await other.go(QUICK)).states == {RowState.UNCERTAIN: 1}


async def test_a_user_who_was_made_without_the_password_that_the_target_makes_is_uncertain(tmp_path: Path) -> None:
    """The answer was lost, and what is there is not all that was asked for."""
    directory = MemoryDirectory(capabilities=able(repeats=True))
    directory.switches.lose = {"amal": 1, "bela": 1}
    directory.switches.half = frozenset({"amal"})
    desk = Desk(tmp_path, directory).begin("userid\namal\nbela\n", job("create", "target"))
    assert (await desk.go(QUICK)).states == {RowState.UNCERTAIN: 1, RowState.CREATED: 1}


async def test_create_that_cannot_look_stays_uncertain(tmp_path: Path) -> None:
    """Until somebody can."""
    directory = MemoryDirectory()
    directory.switches.lose = {"amal": 1}
    directory.switches.blind = True
    desk = Desk(tmp_path, directory).begin("userid\namal\n", CREATE)
    assert (await desk.go(QUICK)).states == {RowState.UNCERTAIN: 1}
    directory.switches.blind = False
    assert (await desk.go(QUICK)).states == {RowState.CREATED: 1}
    assert handed(desk) == directory.passwords


async def test_a_directory_that_breaks_leaves_the_row_uncertain(tmp_path: Path) -> None:
    """Nobody knows what was kept; the others go on."""
    directory = crowd(3)
    directory.switches.broken = "user000001"
    desk = Desk(tmp_path, directory).begin(users(3))
    assert (await desk.go(QUICK)).states == {RowState.CHANGED: 2, RowState.UNCERTAIN: 1}


async def test_what_the_target_mailed_is_not_in_the_handout(tmp_path: Path) -> None:
    """Those without an address are."""
    directory = MemoryDirectory()
    desk = Desk(tmp_path, directory).begin("userid,mail\namal,a@x.com\nnoor,\n", job("create", email=True))
    summary = await desk.go(QUICK)
    assert summary.exit is ExitCode.FINE
    assert set(handed(desk)) == {"noor"}


class _Claims(MemoryDirectory):
    """Says of everybody that they were mailed, as soon as it was asked to."""

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Do them."""
        done = await super().execute(commands)
        return [
            replace(each, delivery=Delivery.MAILED)
            if isinstance(each, Created) and isinstance(command, CreateUser) and command.notify
            else each
            for command, each in zip(commands, done, strict=True)
        ]


async def test_a_target_that_claims_a_mail_to_nobody_loses_no_password(tmp_path: Path) -> None:
    """A new user without an address is in the handout, as the plan says."""
    desk = Desk(tmp_path, _Claims()).begin("userid,mail\namal,a@x.com\nnoor,\n", job("create", email=True))
    await desk.go(QUICK)
    assert set(handed(desk)) == {"noor"}


async def test_passwords_from_the_file_are_sent_as_they_stand_and_not_handed_out(tmp_path: Path) -> None:
    """Their owners know them; the retry file leaves them out."""
    directory = MemoryDirectory(["amal"])
    text = "userid;start pw\namal; a phrase with blanks \nghost;another phrase of mine\n"
    desk = Desk(tmp_path, directory).begin(text, job(password="column:start pw"))
    summary = await desk.go(QUICK)
    assert directory.passwords == {"amal": Secret(" a phrase with blanks ")}
    assert summary.handouts == ()
    assert summary.retry is not None
    retry = summary.retry.read_text("utf-8-sig")
    assert retry.splitlines() == ["userid;start pw;keyturn_reason", "ghost;;failed: no such user (its code 404)"]


@pytest.mark.proves("R-3")
async def test_a_finished_run_sends_nothing_and_repeats_its_exit_code(tmp_path: Path) -> None:
    """However often it is resumed."""
    directory = crowd(3)
    directory.switches.refuse = {"user000001": Reason.NO_SUCH_USER}
    desk = Desk(tmp_path, directory).begin(users(3))
    assert (await desk.go(QUICK)).exit is ExitCode.FAILURES
    sent = len(directory.log)
    assert (await desk.go(QUICK)).exit is ExitCode.FAILURES
    assert len(directory.log) == sent


async def test_a_target_that_never_asks_for_a_new_password_is_told_it_is_permanent(tmp_path: Path) -> None:
    """Where its contract says so."""
    directory = crowd(1)
    directory.able = able(temporary=False, permanent=True)
    await Desk(tmp_path, directory).begin(users(1)).go(Speed(jobs=1, limit=Limit.parse("100%")))
    [command] = directory.log
    assert isinstance(command, ResetPassword)
    assert command.permanent
    assert command.operation.endswith("-2")


async def test_a_long_pause_brings_the_handout_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pulls the plug then still has the passwords that are in force."""
    monkeypatch.setattr("keyturn.bulk.running.sitting.LONG_PAUSE", 0.3)
    monkeypatch.setattr("keyturn.bulk.running.sitting.TICK", 0.02)
    directory = crowd(40)
    directory.switches.retry_after, directory.switches.delay = 0.6, 0.01
    desk = Desk(tmp_path, directory).begin(users(40), RESET)
    told_to_wait: list[bool] = []
    seen: list[bool] = []

    def look(event: object) -> None:
        if isinstance(event, RowSettled) and not told_to_wait:
            directory.switches.slow_down = 1
            told_to_wait.append(True)
        seen.append(desk.run().folder.handout.exists() and len(directory.log) < 40)

    await desk.go(Speed(jobs=1, retries=0), listeners=[look])
    assert any(seen)
