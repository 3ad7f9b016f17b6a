"""Notices after a run: by whom, to whom, and to whom not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.record.notices import in_doubt
from keyturn.bulk.running.noticing import (
    TRIES,
    ByTarget,
    Derived,
    Notice,
    NoWay,
    Tally,
    chosen_since,
    finder,
    send_notices,
    target_can,
)
from keyturn.bulk.running.pacing import Pace
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ResetPassword
from keyturn.core.evidence import Sign
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import Reason
from keyturn.core.secret import Secret
from keyturn.crypto.runkeys import RENDERING, RunKeys
from tests.bulk.desk import CREATE, RESET, job
from tests.support.memory_directory import ABLE, MemoryDirectory, able
from tests.support.memory_journal import MemoryJournal

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
KEYS = RunKeys(b"k" * 32)
ROW = Row(2, "amal", RowState.CHANGED, target="there", settled=NOW, delivery="handout")


class Waits(list[float]):
    """Remembers how long somebody would have slept."""

    async def sleep(self, seconds: float) -> None:
        """Do not sleep."""
        self.append(seconds)


def directory(*, must_change: bool = True, capabilities: Capabilities = ABLE) -> MemoryDirectory:
    """A directory with amal in it."""
    found = MemoryDirectory(["amal"], capabilities)
    found.users["amal"] = replace(found.users["amal"], must_change=must_change)
    return found


def way(to: MemoryDirectory, waits: Waits | None = None) -> ByTarget:
    """By that directory."""
    waits = Waits() if waits is None else waits
    return ByTarget(to, Derived("rabcdef", RESET, KEYS), RENDERING, to.find, waits.sleep)


async def test_the_target_gets_the_very_same_password_under_one_operation() -> None:
    """However often it is asked; the operation is not that of the reset, which was another command."""
    to = directory()
    for _ in range(2):
        assert await way(to).notify(ROW) == Notice()
    password = KEYS.password("rabcdef", 2, RENDERING)
    assert to.log == [ResetPassword("amal", password, notify=True, operation="rabcdef-2-notice")] * 2


async def test_the_one_password_for_all_is_the_same_again() -> None:
    """It is kept with the run, not derived."""
    to, same = directory(), job(password="same")
    same = replace(same, password=replace(same.password, value=Secret("the-one-for-all")))
    assert await ByTarget(to, Derived("rabcdef", same, KEYS), RENDERING, to.find).notify(ROW) == Notice()
    assert to.passwords["amal"] == Secret("the-one-for-all")


async def test_whoever_chose_a_password_since_keeps_it() -> None:
    """And so does whoever is not there any more."""
    to = directory(must_change=False)
    assert "was chosen since" in (await way(to).notify(ROW)).why
    assert (await way(to).notify(replace(ROW, who="gone"))).why == "the target does not know this user"
    assert to.log == []


@pytest.mark.parametrize(
    ("temporary", "tells", "must_change", "changed", "chosen"),
    [
        (True, True, True, timedelta(hours=1), False),
        (True, False, False, None, True),
        (None, False, False, None, True),
        (False, False, False, None, False),
        (True, True, False, timedelta(0), False),
        (False, True, False, timedelta(minutes=4), False),
        (False, True, False, timedelta(minutes=6), True),
        (True, True, False, None, True),
    ],
)
def test_in_doubt_a_password_was_chosen(
    temporary: bool | None, tells: bool, must_change: bool, changed: timedelta | None, chosen: bool
) -> None:
    """Only what the target tells speaks against it."""
    capabilities = replace(ABLE, temporary=temporary, tells=(Sign.PASSWORD_CHANGED,) if tells else ())
    user = directory(must_change=must_change).users["amal"]
    user = replace(user, password_changed=None if changed is None else NOW + changed)
    assert chosen_since(user, ROW, capabilities) is chosen


async def test_a_target_that_is_busy_is_asked_again_and_one_that_is_gone_ends_it() -> None:
    """With growing waits; a refusal of the row is of that row alone."""
    to, waits = directory(), Waits()
    to.switches.busy = 2
    assert await way(to, waits).notify(ROW) == Notice()
    assert waits == [0.5, 1.0]
    to.switches.busy = TRIES
    assert (await way(to).notify(ROW)).over
    to.switches.lose["amal"] = 1
    assert await way(to).notify(ROW) == Notice()
    to.switches.lose["amal"] = TRIES
    assert (await way(to).notify(ROW)).over
    to.switches.lose.clear()
    to.switches.refuse["amal"] = Reason.SAME_PASSWORD
    assert await way(to).notify(ROW) == Notice("no")
    to.switches.signed_out = True
    assert (await way(to).notify(ROW)).over
    to.switches.blind = True
    assert (await way(to).notify(ROW)).over


async def test_each_notice_is_noted_before_the_next_leaves() -> None:
    """What could not be is told with its reason; what ends it ends it."""
    rows = [replace(ROW, number=number, who=who) for number, who in enumerate(("amal", "gone", "bo", "cy"), start=2)]
    journal = MemoryJournal()
    journal.plan(rows)
    to = MemoryDirectory(["amal", "bo", "cy"])
    to.users = {who: replace(user, must_change=True) for who, user in to.users.items()}
    heard: list[tuple[int, int]] = []
    tally = Tally()

    def tell(now: Tally) -> None:
        nonlocal tally
        tally = now
        noticed = [row.who for row in journal.rows() if row.noticed]
        heard.append((tally.sent, len(noticed)))
        to.switches.dead = noticed == ["amal", "bo"]

    pace = Pace(SystemClock())
    await send_notices(rows, lambda row: way(to), journal, SystemClock(), pace, tell)
    assert heard == [(1, 1), (1, 1), (2, 2), (2, 2)]
    assert (tally.sent, [row.who for row, _ in tally.passed], tally.over) == (2, ["gone"], "nobody answers")
    assert "there" in (await NoWay().notify(ROW)).why


def test_a_target_can_tell_when_it_mails_and_the_password_is_known_still() -> None:
    """Not what it made up itself, and not what stands in a file."""
    assert target_can(RESET, ABLE)
    assert target_can(CREATE, ABLE)
    assert not target_can(RESET, able(mails=False))
    assert not target_can(job(password="target"), ABLE)
    assert not target_can(job(password="column:pw"), ABLE)


async def test_whoever_may_have_been_told_before_is_named() -> None:
    """What was on its way stands in the journal before it leaves, and is cleared by an answer alone."""
    rows = [replace(ROW, number=number, who=who) for number, who in enumerate(("amal", "bo"), start=2)]
    journal, to, told = MemoryJournal(), directory(), list[Tally]()
    journal.plan(rows)
    to.users["bo"] = replace(to.users["amal"], login="bo", key="bo")
    to.switches.lose["amal"] = 1000
    arguments = (journal, SystemClock(), Pace(SystemClock()), told.append)
    await send_notices(rows, lambda row: way(to), *arguments)
    assert (told[-1].over, in_doubt(journal)) == ("the connection broke before the answer came", {2})
    to.switches.lose.clear()
    to.users["amal"] = replace(to.users["amal"], must_change=False)
    await send_notices(rows, lambda row: way(to), *arguments)
    [(row, why)] = told[-1].passed
    assert (row.who, why[:37]) == ("amal", "perhaps told before, and now not: a p")
    assert (told[-1].sent, told[-1].twice, in_doubt(journal)) == (1, [], {2})
    to.users["amal"] = replace(to.users["amal"], must_change=True)
    await send_notices(rows[:1], lambda row: way(to), *arguments)
    assert ([row.who for row in told[-1].twice], in_doubt(journal)) == (["amal"], set())


async def test_a_list_of_all_users_is_not_read_for_each() -> None:
    """Where looking one up reads all of them."""
    to = MemoryDirectory([f"u{number}" for number in range(9)], replace(ABLE, one_list=True))
    find = finder(to, SystemClock())
    assert [user.login for number in range(9) if (user := await find(f"u{number}"))] == list(to.users)
    assert await find("nobody") is None
    assert finder(directory(), SystemClock()) != find
