"""What every directory promises about being read back: what it says that it tells moves, and only when it should."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyturn.bulk.running.proving import Case, judge
from keyturn.core.commands import ResetPassword
from keyturn.core.evidence import Evidence, Sign, Tried
from keyturn.core.journal import Row, RowState, Verified
from keyturn.core.outcomes import Changed, Refused
from keyturn.core.secret import Secret
from tests.contract.kinds import GOOD, World, fresh

OTHER = "eight blue kettles on a shelf"

pytestmark = pytest.mark.filterwarnings("error")
needs = pytest.mark.needs


async def read(here: World, who: str) -> Evidence:
    """One reading."""
    [seen] = await here.directory.read_back([who])
    assert isinstance(seen, Evidence)
    return seen


def case_of(here: World) -> Case:
    """What a run asks of a reading."""
    return Case(here.able.tells, here.directory.account, asks=here.able.temporary is True)


async def test_a_reset_moves_every_sign_that_is_told(here: World) -> None:
    """Each of them, and the clock of the directory is told."""
    who = await here.add()
    before = await read(here, who)
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    after = await read(here, who)
    moved = {
        Sign.PASSWORD_CHANGED: before.password_changed is None and after.password_changed is not None,
        Sign.MUST_CHANGE: (before.must_change, after.must_change) in ((False, True), (None, True)),
        Sign.TOUCHED: before.touched is not None and after.touched != before.touched,
        Sign.VERSION: bool(before.version) and after.version != before.version,
    }
    assert here.able.tells, "a keyturn behind a door tells something at each"
    assert {sign for sign in here.able.tells if not moved[sign]} == set()
    assert after.clock is not None
    assert abs((after.clock - datetime.now(UTC)).total_seconds()) < 5


async def test_what_stays_shows_no_sign(here: World) -> None:
    """Reading changes nothing, and neither does a refused reset."""
    who = await here.add(password=GOOD)
    before = await read(here, who)
    assert isinstance(await here.ask(ResetPassword(who, Secret("short"))), Refused)
    assert replace(await read(here, who), clock=None) == replace(before, clock=None)


async def test_a_reset_is_proven_and_a_lie_is_not(here: World) -> None:
    """By what the two readings show, as a run holds them against each other."""
    who, idle = await here.add(), await here.add()
    before = {name: await read(here, name) for name in (who, idle)}
    sent = datetime.now(UTC)
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    row = Row(2, who, RowState.CHANGED, first_sent=sent, settled=datetime.now(UTC))
    verdicts = {
        name: judge(case_of(here), row, before[name], await read(here, name), datetime.now(UTC)).verified
        for name in (who, idle)
    }
    assert verdicts[who] is Verified.YES
    assert verdicts[idle] is not Verified.YES


async def test_somebody_who_is_not_there_is_read_as_nobody(here: World) -> None:
    """That is an answer, and no refusal."""
    assert not (await read(here, fresh())).exists


async def test_as_many_are_read_at_once_as_it_says(here: World) -> None:
    """Each in its place, also twice the same and somebody who is not there."""
    who, nobody = await here.add(), fresh()
    whos = [who, nobody, who][: here.able.reads]
    seen = await here.directory.read_back(whos)
    assert [each.exists for each in seen if isinstance(each, Evidence)] == [name == who for name in whos]


@needs("trial")
async def test_a_trial_knows_the_right_password_and_consumes_nothing(here: World) -> None:
    """It signs in afterwards, as if nobody had tried."""
    who = await here.add()
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    assert await here.directory.try_password(who, Secret(GOOD)) is Tried.RIGHT
    assert await here.directory.try_password(who, Secret(GOOD)) is Tried.RIGHT
    assert await here.sign_in(who, Secret(GOOD)) is not None


@needs("trial")
async def test_a_trial_never_takes_a_wrong_password_for_the_right_one(here: World) -> None:
    """Where a refusal may mean something else, it says that it cannot tell."""
    who = await here.add(password=GOOD)
    assert await here.directory.try_password(who, Secret(OTHER)) in (Tried.WRONG, Tried.NOT_TOLD)
    assert await here.directory.try_password(fresh(), Secret(GOOD)) is not Tried.RIGHT
