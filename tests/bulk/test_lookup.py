"""Looking the users of a file up before a run: what is there, what is told of it, and that it only reads."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Job
from keyturn.bulk.planning.lookup import Finding, Lookup, read_lookup
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.running.looking import MOST_SLOWED, Asking, look_up
from keyturn.bulk.running.pacing import Pace
from keyturn.bulk.running.shares import Speed
from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import BadAnswer, KeyturnError, Slowed, Unreachable
from keyturn.core.journal import RowState
from keyturn.core.users import Contact, Right, Shown, Status, User, Users, Window
from tests.bulk.desk import CREATE, RESET, NoBlocklist, users, write
from tests.support.memory_directory import ABLE, MemoryDirectory

OPEN = replace(ABLE, shows=frozenset(Shown))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Known(MemoryDirectory):
    """Users of whom one can be told; fail: what is raised when the question of this number is asked."""

    def __init__(self, whos: list[str], able: Capabilities = OPEN) -> None:
        super().__init__(whos, able)
        self.questions = 0
        self.listed = 0
        self.fail: Callable[[int, str], KeyturnError | None] = lambda number, who: None
        for who in whos:
            self.change(who, has_password=True, password_changed=None)
            self.users[who] = replace(
                self.users[who], profile=replace(self.users[who].profile, emails=(Contact("a@b"),))
            )

    def change(self, who: str, **parts: object) -> None:
        """Somebody is otherwise."""
        self.users[who] = replace(self.users[who], **parts)  # type: ignore[arg-type]  # fields of a user

    async def find(self, who: str) -> User | None:
        """The user, unless the question fails."""
        self.questions += 1
        error = self.fail(self.questions, who)
        await asyncio.sleep(0)
        if error is not None:
            raise error
        return self.users.get(who)

    async def list(self, window: Window) -> Users:
        """All of them."""
        self.listed += 1
        return Users(tuple(self.users.values()), len(self.users))


def planned(path: Path, order: Job, directory: Known, lookup: Lookup | None = None) -> Plan:
    """The plan, with what was told where the target was asked."""
    where = Destination("there", directory.capabilities, lookup=lookup)
    return make_plan(read_source(path), order, [where], NoBlocklist())


class Hours:
    """A clock that goes only while somebody waits."""

    def __init__(self) -> None:
        self.at = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Noon."""
        return NOON

    def monotonic(self) -> float:
        """Seconds."""
        return self.at

    async def wait(self, seconds: float) -> None:
        """They pass at once."""
        self.waits.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


async def looked(
    plan: Plan,
    directory: Known,
    *,
    since: datetime | None = None,
    speed: Speed | None = None,
    hours: Hours | None = None,
) -> Lookup:
    """Ask for all of them."""
    hours = hours or Hours()
    speed = speed or Speed(jobs=4, retries=2)
    pace = Pace(hours, speed.rates, wait=hours.wait)
    asking = Asking(plan.parts["there"], directory, speed, pace, wait=hours.wait)
    return await look_up(plan, [asking], since, lambda through: None)


@pytest.mark.proves("RN-11")
async def test_who_is_not_there_is_blocked_and_named(tmp_path: Path) -> None:
    """Before anything is sent, and counted as failed once it runs."""
    path = write(tmp_path, "userid\namal\nberit\nberit\nchen\n")
    directory = Known(["amal", "chen"])
    bare = planned(path, RESET, directory)
    plan = planned(path, RESET, directory, await looked(bare, directory))
    assert (bare.change, plan.change) == (3, 2)
    assert dict(plan.counts) == {"change": 2, "skip": 1, "block": 1}
    [blocked] = [group for group in plan.groups if group.fate == "block"]
    assert (blocked.reason, blocked.whos, blocked.text) == ("no-such-user", ["berit"], "the target knows no such user")
    assert [row.state for row in plan.rows()] == [
        RowState.NOT_TRIED, RowState.FAILED, RowState.SKIPPED, RowState.NOT_TRIED,
    ]  # fmt: skip
    assert plan.digest != bare.digest
    assert directory.log == []


async def test_who_is_there_already_is_not_created(tmp_path: Path) -> None:
    """Skipped as exists, in the plan already."""
    path = write(tmp_path, "userid\namal\nberit\n")
    directory = Known(["amal"])
    plan = planned(path, CREATE, directory, await looked(planned(path, CREATE, directory), directory))
    assert dict(plan.counts) == {"change": 1, "skip": 1, "block": 0}
    assert [(row.state, row.reason) for row in plan.rows()] == [(RowState.SKIPPED, "exists"), (RowState.NOT_TRIED, "")]


async def test_everything_that_is_told_of_users_is_counted(tmp_path: Path) -> None:
    """With the first rows of each."""
    names = ["fed", "locked", "disabled", "admin", "bare", "fresh", "old", "plain"]
    directory = Known(names)
    directory.change("fed", has_password=False)
    directory.change("locked", status=Status.LOCKED)
    directory.change("disabled", status=Status.DISABLED)
    directory.change("admin", through=frozenset({Right.KEYS}))
    directory.change("bare", profile=replace(directory.users["bare"].profile, emails=()))
    directory.change("fresh", password_changed=NOON)
    directory.change("old", password_changed=NOON.replace(hour=11))
    plan = planned(write(tmp_path, "\n".join(["userid", *names])), RESET, directory)
    lookup = await looked(plan, directory, since=NOON)
    found = {finding.name: (named.rows, named.whos) for finding, named in lookup.found["there"].items()}
    assert found == {
        "FEDERATED": ([2], ["fed"]),
        "LOCKED": ([3], ["locked"]),
        "DISABLED": ([4], ["disabled"]),
        "PRIVILEGED": ([5], ["admin"]),
        "UNADDRESSED": ([6], ["bare"]),
        "RECENT": ([7], ["fresh"]),
    }
    assert (lookup.asked, lookup.dated["there"]) == (8, 2)
    assert planned(tmp_path / "users.csv", RESET, directory, lookup).change == 8


async def test_what_a_target_does_not_show_is_not_made_up(tmp_path: Path) -> None:
    """A user without a password there may just not be shown with one."""
    directory = Known(["fed"], replace(OPEN, shows=frozenset({Shown.MAIL})))
    directory.change("fed", has_password=False, status=Status.LOCKED, rights=frozenset({Right.KEYS}))
    lookup = await looked(planned(write(tmp_path, "userid\nfed\n"), RESET, directory), directory, since=NOON)
    assert lookup.found["there"] == {}
    [told] = lookup.told()["targets"]
    assert told["not_told"] == [str(shown) for shown in Shown if shown is not Shown.MAIL]
    assert told["dated"] == 0


async def test_a_target_that_reads_the_list_of_all_is_asked_once(tmp_path: Path) -> None:
    """However many rows there are."""
    directory = Known([f"user{number:06d}" for number in range(50)], replace(OPEN, one_list=True))
    lookup = await looked(planned(write(tmp_path, users(60)), RESET, directory), directory)
    assert (directory.listed, directory.questions) == (1, 0)
    assert (lookup.asked, lookup.found["there"][Finding.MISSING].count) == (60, 10)


async def test_a_busy_target_is_waited_for(tmp_path: Path) -> None:
    """As long as it says; everybody waits, and nothing is lost."""
    directory, hours = Known(["amal", "berit"]), Hours()
    directory.fail = lambda number, who: Slowed("busy", retry_after=7.0) if number == 1 else None
    lookup = await looked(planned(write(tmp_path, "userid\namal\nberit\n"), RESET, directory), directory, hours=hours)
    assert lookup.found["there"] == {}
    assert lookup.asked == 2
    assert max(hours.waits) == 7.0


async def test_an_outage_is_waited_out_and_one_that_stays_ends_it(tmp_path: Path) -> None:
    """Half a lookup would look like a whole one; the error says how far it was."""
    directory = Known(["amal", "berit", "chen"])
    plan = planned(write(tmp_path, "userid\namal\nberit\nchen\n"), RESET, directory)
    directory.fail = lambda number, who: Unreachable("the connection was refused") if number in (2, 3) else None
    assert (await looked(plan, directory)).asked == 3
    directory.fail = lambda number, who: Unreachable("the connection was refused") if who == "chen" else None
    with pytest.raises(Unreachable) as caught:
        await looked(plan, directory, speed=Speed(jobs=1, retries=2))
    assert caught.value.where == "target there, after 2 rows were looked up"


@pytest.mark.parametrize(
    ("error", "asked"), [(Unreachable("no", code="KT-AUTH-001"), 1), (Slowed("busy"), MOST_SLOWED + 1)]
)
async def test_a_refused_sign_in_and_endless_waiting_end_it(tmp_path: Path, error: KeyturnError, asked: int) -> None:
    """The one at once, the other some time."""
    directory = Known(["amal"])
    directory.fail = lambda number, who: error
    plan = planned(write(tmp_path, "userid\namal\n"), RESET, directory)
    with pytest.raises(Unreachable):
        await looked(plan, directory)
    assert directory.questions == asked


async def test_one_user_of_whom_nothing_sensible_is_told_is_counted(tmp_path: Path) -> None:
    """The row stays as it is: nobody knows that the user is not there."""
    directory = Known(["amal", "berit"])
    directory.fail = lambda number, who: BadAnswer("answered 500") if who == "amal" else None
    plan = planned(write(tmp_path, "userid\namal\nberit\n"), RESET, directory)
    lookup = await looked(plan, directory)
    assert lookup.found["there"][Finding.UNTOLD].rows == [2]
    assert planned(tmp_path / "users.csv", RESET, directory, lookup).change == 2


async def test_what_decides_of_rows_is_written_down_and_read_back(tmp_path: Path) -> None:
    """A frozen plan leaves out the same rows, and says the same."""
    directory = Known([f"user{number:06d}" for number in range(0, 40, 3)])
    plan = planned(write(tmp_path, users(40)), RESET, directory)
    lookup = await looked(plan, directory, since=NOON)
    lookup.sent = {"GET": 40}
    again = read_lookup(lookup.told())
    assert again.told() == lookup.told()
    path = tmp_path / "users.csv"
    assert planned(path, RESET, directory, again).digest == planned(path, RESET, directory, lookup).digest
    assert lookup.told()["left_out"]["no-such-user"].startswith("3-4,6-7,9-10")


async def test_memory_is_two_bytes_a_row(tmp_path: Path) -> None:
    """Whatever is found; a million rows take two megabytes and a little."""
    lookup = Lookup()
    for number in range(100_000):
        lookup.note("there", number, f"user{number}", Finding.MISSING)
    assert lookup._rows.itemsize * len(lookup._rows) <= 2 * 2 * 100_001
    assert lookup.found["there"][Finding.MISSING].rows == [0, 1, 2, 3, 4]
    assert lookup.left_out(99_999) == ("no-such-user", "the target knows no such user")
    assert lookup.left_out(10**9) == ("", "")
