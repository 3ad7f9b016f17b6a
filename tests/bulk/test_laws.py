"""Laws that hold whatever goes wrong: one state a row, one password a user, and it is the one handed out."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.bulk.running.breaker import Limit
from keyturn.bulk.running.shares import Speed
from keyturn.core.journal import DONE, RowState
from keyturn.core.outcomes import Reason
from tests.bulk.desk import RESET, Desk, crowd, handed, job, users
from tests.support.memory_directory import Switches, able

COUNT = 30


@pytest.fixture(autouse=True, scope="module")
def _short_waits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keyturn.bulk.running.pacing._FIRST_WAIT", 0.001)
        yield


WHO = st.integers(0, COUNT - 1).map(lambda number: f"user{number:06d}")
FAULTS = st.builds(
    Switches,
    lose=st.dictionaries(WHO, st.integers(1, 4), max_size=8),
    refuse=st.dictionaries(WHO, st.sampled_from([Reason.NO_SUCH_USER, Reason.POLICY, Reason.OTHER]), max_size=6),
    slow_down=st.integers(0, 10),
    retry_after=st.just(0.001),
    busy=st.integers(0, 4),
    broken=st.one_of(st.just(""), WHO),
    history=st.booleans(),
)


@pytest.mark.proves("RN-3", "RN-4", "R-4")
@settings(max_examples=20)
@given(faults=FAULTS, jobs=st.integers(1, 9), batch=st.sampled_from([1, 4]), ours=st.booleans())
async def test_every_row_ends_in_one_state_that_is_true(faults: Switches, jobs: int, batch: int, ours: bool) -> None:
    """Done rows are done, failed ones are not, and what nobody can know is called uncertain."""
    with tempfile.TemporaryDirectory() as folder:
        directory = crowd(COUNT)
        directory.able, directory.switches = able(batch=batch), faults
        desk = Desk(Path(folder), directory).begin(users(COUNT), RESET if ours else job(password="target"))
        summary = await desk.go(Speed(jobs=jobs, retries=1, limit=Limit.parse("100%"), timeout=5))
        rows = {row.who: row for row in desk.journal.rows()}
        assert sum(summary.states.values()) == COUNT
        assert {row.state for row in rows.values()} <= {*DONE, RowState.FAILED, RowState.UNCERTAIN}
        out = handed(desk)
        for who, row in rows.items():
            if row.state in DONE:
                assert out[who] == directory.passwords[who]
            if row.state is RowState.FAILED:
                assert who not in out
                assert who not in directory.passwords
        if ours:
            assert all(out[who] == password for who, password in directory.passwords.items())
        else:
            assert max(directory.effects.values()) <= 1, "a second secret was asked for"
