"""Users whose password was changed lately are skipped, where the target tells."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.bulk.planning.moments import moment_of
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.running.breaker import Cause, Limit
from keyturn.bulk.running.run import Summary, carry_out
from keyturn.bulk.running.sifting import RESET_SINCE
from keyturn.bulk.running.stopping import Stop
from keyturn.core.errors import BadAnswer, ConfigError, KeyturnError, Unreachable
from keyturn.core.evidence import Sign
from keyturn.core.journal import RowState
from keyturn.core.users import User
from tests.bulk.desk import QUICK, Desk, handed, users
from tests.support.memory_directory import MemoryDirectory, able

T = datetime(2026, 11, 29, 12, tzinfo=UTC)
TELLS = able(tells=(Sign.PASSWORD_CHANGED,))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.bulk.running.pacing._FIRST_WAIT", 0.001)


class Telling(MemoryDirectory):
    """A directory that says when passwords were changed.  asked: how often; faults: what the next questions meet."""

    def __init__(self, count: int, changed: dict[int, datetime]) -> None:
        super().__init__([f"user{number:06d}" for number in range(count)], TELLS)
        for number, at in changed.items():
            who = f"user{number:06d}"
            self.users[who] = replace(self.users[who], password_changed=at)
        self.asked: list[str] = []
        self.faults: list[KeyturnError] = []

    async def find(self, who: str) -> User | None:
        """The user, with the time of the last change."""
        self.asked.append(who)
        if self.faults:
            raise self.faults.pop(0)
        return await super().find(who)


async def go(desk: Desk, stop: Stop | None = None, limit: Limit | None = None) -> Summary:
    """Carry out the run that skips whom somebody reset since noon."""
    run = desk.run(replace(QUICK, limit=limit or Limit()))
    shares = [replace(share, since=T) for share in run.shares]
    return await carry_out(replace(run, shares=shares), stop or Stop(), [desk.heard.append])


async def test_who_was_reset_since_then_is_skipped_with_the_time(tmp_path: Path) -> None:
    """At that very second counts as since; before it, never, and no such user are sent."""
    directory = Telling(6, {0: T, 1: T + timedelta(hours=1), 2: T - timedelta(seconds=1)})
    del directory.users["user000005"]
    desk = Desk(tmp_path, directory).begin(users(6))
    summary = await go(desk, limit=Limit.parse("100%"))
    assert summary.states == {RowState.CHANGED: 3, RowState.SKIPPED: 2, RowState.FAILED: 1}
    [first, second] = desk.journal.rows((RowState.SKIPPED,))
    assert (first.reason, first.text) == (RESET_SINCE, "its password was changed 2026-11-29T12:00:00+00:00")
    assert second.attempts == 0
    assert second.first_sent is None
    assert {command.who for command in directory.log} == {"user000002", "user000003", "user000004", "user000005"}
    assert handed(desk) == directory.passwords


async def test_a_row_that_was_sent_before_is_not_asked_about(tmp_path: Path) -> None:
    """What the target would tell of may be our own change, whose password is to be handed out."""
    directory = Telling(2, {0: T, 1: T})
    desk = Desk(tmp_path, directory).begin(users(2))
    desk.journal.send([2], T)
    summary = await go(desk)
    assert summary.states == {RowState.CHANGED: 1, RowState.SKIPPED: 1}
    assert directory.asked == ["user000001"]


async def test_a_target_that_does_not_tell_is_not_asked(tmp_path: Path) -> None:
    """One request a row, as without it."""
    directory = Telling(3, {0: T})
    directory.able = able()
    assert (await go(Desk(tmp_path, directory).begin(users(3)))).states == {RowState.CHANGED: 3}
    assert directory.asked == []


async def test_a_question_is_asked_again_and_then_stops_the_run_with_nothing_sent(tmp_path: Path) -> None:
    """Who cannot be asked about is not tried."""
    directory = Telling(1, {})
    directory.faults = [Unreachable("nobody answers")] * QUICK.retries
    desk = Desk(tmp_path, directory).begin(users(1))
    assert (await go(desk)).exit is ExitCode.FINE
    directory = Telling(1, {})
    directory.faults = [Unreachable("nobody answers")] * 9
    desk = Desk(tmp_path / "again", directory)
    (tmp_path / "again").mkdir()
    summary = await go(desk.begin(users(1)))
    assert (summary.exit, summary.states) == (ExitCode.UNREACHABLE, {RowState.NOT_TRIED: 1})
    assert directory.log == []


async def test_a_refused_sign_in_stops_at_the_first_question(tmp_path: Path) -> None:
    """No second one is asked."""
    directory = Telling(1, {})
    directory.faults = [Unreachable("no", code="KT-AUTH-001")]
    summary = await go(Desk(tmp_path, directory).begin(users(1)))
    assert summary.trip is not None
    assert summary.trip.cause is Cause.SIGNED_OUT
    assert len(directory.asked) == 1


async def test_an_answer_of_nonsense_fails_its_row_and_counts(tmp_path: Path) -> None:
    """Nothing was sent for it, and twenty of them are too many."""
    directory = Telling(3, {})
    directory.faults = [BadAnswer("answered with a web page")] * 99
    desk = Desk(tmp_path, directory).begin(users(3))
    summary = await go(desk, limit=Limit.parse("1"))
    assert summary.exit is ExitCode.BRAKE
    assert directory.log == []
    [row, *_] = desk.journal.rows((RowState.FAILED,))
    assert row.text == "nothing was sent: when its password was changed could not be asked: answered with a web page"


async def test_a_stop_ends_the_asking(tmp_path: Path) -> None:
    """Rows that were not asked about are not tried."""
    directory = Telling(50, {})
    stop = Stop()
    desk = Desk(tmp_path, directory).begin(users(50))
    stop.ask()
    assert (await go(desk, stop)).states == {RowState.NOT_TRIED: 50}
    assert directory.asked == []


def test_a_moment_is_a_time_or_an_age() -> None:
    """In any zone, told in UTC."""
    assert moment_of("2026-11-29T12:00+02:00", T) == T - timedelta(hours=2)
    assert moment_of(" 2d ", T) == T - timedelta(days=2)
    for text in ("", "soon", "24", "h", "9999-99-99", "999999w"):
        with pytest.raises(ConfigError):
            moment_of(text, T)
