"""The journal of a run: it says the truth after any crash, to one process at a time."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.core.errors import RunError, StoreError
from keyturn.core.journal import FINAL, Journal, Row, RowState, Verified
from keyturn.store.journal import open_journal

NOON = datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC)
PLANNED = (
    Row(2, "007", RowState.NOT_TRIED),
    Row(3, "müller", RowState.NOT_TRIED),
    Row(5, "", RowState.SKIPPED, reason="blank", text="line 5 is empty"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "run" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """A journal with three planned rows."""
    journal = open_journal(path, create=True)
    journal.plan(PLANNED)
    yield journal
    journal.close()


def settled(row: Row, state: RowState = RowState.CHANGED) -> Row:
    return replace(row, state=state, delivery="mailed", settled=NOON + timedelta(seconds=1), milliseconds=12)


def test_a_plan_comes_back_as_it_was_put(journal: Journal, path: Path) -> None:
    assert tuple(journal.rows()) == PLANNED
    journal.close()
    with_again = open_journal(path)
    assert tuple(with_again.rows()) == PLANNED
    with_again.close()


def test_facts_are_pinned_and_replaced(journal: Journal) -> None:
    journal.note({"file": "users.csv", "state": "running"})
    journal.note({"state": "finished"})
    assert journal.facts() == {"file": "users.csv", "state": "finished"}


def test_sending_counts_attempts_and_keeps_the_first_time(journal: Journal) -> None:
    journal.send([2, 3], NOON)
    journal.send([2], NOON + timedelta(hours=1))
    sent, other = journal.rows([RowState.SENT])
    assert (sent.attempts, sent.first_sent, other.attempts) == (2, NOON, 1)


def test_settling_records_the_outcome_and_keeps_what_sending_knew(journal: Journal) -> None:
    journal.send([2], NOON)
    journal.settle([settled(PLANNED[0])])
    [row] = journal.rows([RowState.CHANGED])
    assert row == replace(settled(PLANNED[0]), attempts=1, first_sent=NOON)
    assert journal.deliveries() == {row.delivery: 1}


def test_what_reading_back_told_stays_until_the_next_outcome(journal: Journal) -> None:
    """So does when the notice to the user was accepted."""
    journal.send([2], NOON)
    [before] = journal.rows(after=1, states=[RowState.SENT])
    journal.settle([settled(before)])
    journal.verify([replace(before, verified=Verified.NO, proof="version 6, as before")])
    journal.notice([2], NOON)
    told = next(iter(journal.rows()))
    assert (told.verified, told.proof, told.noticed) == (Verified.NO, "version 6, as before", NOON)
    journal.settle([settled(before)])
    told = next(iter(journal.rows()))
    assert (told.verified, told.proof, told.noticed) == (Verified.NOT_ASKED, "", None)
    with pytest.raises(StoreError, match="verified row is not there"):
        journal.verify([replace(before, number=99)])
    with pytest.raises(StoreError, match="noticed row is not there"):
        journal.notice([2, 99], NOON)


def test_rows_are_read_by_state_and_from_a_number_on(journal: Journal) -> None:
    assert [row.number for row in journal.rows([RowState.NOT_TRIED, RowState.SKIPPED], after=2)] == [3, 5]
    assert list(journal.rows([RowState.UNCERTAIN])) == []


def test_counts_and_reasons_tell_how_a_run_stands(journal: Journal) -> None:
    assert journal.counts() == {RowState.NOT_TRIED: 2, RowState.SKIPPED: 1}
    assert journal.reasons() == [(RowState.NOT_TRIED, "", 2), (RowState.SKIPPED, "blank", 1)]
    assert journal.deliveries() == {}


def test_rows_are_counted_and_read_by_target(path: Path) -> None:
    journal = open_journal(path, create=True)
    places = enumerate(("west", "east", "west", ""), start=2)
    journal.plan([Row(number, "amal", RowState.NOT_TRIED, target=target) for number, target in places])
    journal.send([4], NOON)
    journal.settle([Row(4, "amal", RowState.CHANGED, settled=NOON, target="elsewhere")])
    counts = journal.by_target()
    assert list(counts) == ["west", "east", ""]
    assert counts["west"] == {RowState.NOT_TRIED: 1, RowState.CHANGED: 1}
    assert [row.number for row in journal.rows(target="west")] == [2, 4]
    assert [row.number for row in journal.rows([RowState.NOT_TRIED], target="west")] == [2]
    assert list(journal.rows([RowState.NOT_TRIED], target="west", after=2)) == []
    journal.close()


FIRST = """CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (number INTEGER PRIMARY KEY, who TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  text TEXT NOT NULL, delivery TEXT NOT NULL, attempts INTEGER NOT NULL, first_sent INTEGER, settled INTEGER,
  milliseconds INTEGER);
INSERT INTO facts VALUES ('target', 'west');
INSERT INTO rows VALUES (2, '007', 'sent', '', '', 'none', 1, 1, NULL, NULL);
INSERT INTO rows VALUES (3, '', 'skipped', 'blank', '', 'none', 0, NULL, NULL, NULL);
PRAGMA application_id = 1801812330;
PRAGMA user_version = 1;"""


def test_a_journal_of_the_first_version_is_read_and_goes_on(path: Path) -> None:
    """Its run had one target, so every row goes there."""
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript(FIRST)
    old.close()
    for _ in range(2):
        journal = open_journal(path)
        assert [(row.number, row.target) for row in journal.rows()] == [(2, "west"), (3, "")]
        journal.send([2], NOON)
        journal.close()


def test_a_journal_of_a_newer_keyturn_is_left_alone(journal: Journal, path: Path) -> None:
    journal.close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreError, match="newer keyturn"):
        open_journal(path)


def test_rows_may_be_settled_while_they_are_read(path: Path) -> None:
    journal = open_journal(path, create=True)
    journal.plan([Row(number, f"user{number}", RowState.NOT_TRIED) for number in range(2, 3002)])
    seen = []
    for row in journal.rows([RowState.NOT_TRIED]):
        if row.number % 100 == 0:
            journal.send([row.number], NOON)
            journal.settle([settled(row)])
        seen.append(row.number)
    assert seen == list(range(2, 3002))
    assert journal.counts() == {RowState.NOT_TRIED: 2970, RowState.CHANGED: 30}
    journal.close()


def test_a_number_is_planned_once(journal: Journal) -> None:
    with pytest.raises(StoreError):
        journal.plan([Row(9, "new", RowState.NOT_TRIED), Row(2, "again", RowState.NOT_TRIED)])
    assert tuple(journal.rows()) == PLANNED


@pytest.mark.parametrize("numbers", [[2, 99], [2, 5]], ids=["not there", "finished"])
def test_what_is_not_there_or_finished_is_never_marked_as_sent(journal: Journal, numbers: Sequence[int]) -> None:
    """All of a set or none of it: nothing may leave when its intent is not on disk."""
    with pytest.raises(StoreError):
        journal.send(numbers, NOON)
    assert journal.counts() == {RowState.NOT_TRIED: 2, RowState.SKIPPED: 1}


@pytest.mark.parametrize("row", [Row(99, "007", RowState.CHANGED), Row(2, "7", RowState.CHANGED)])
def test_an_outcome_belongs_to_a_planned_row_and_its_very_id(journal: Journal, row: Row) -> None:
    with pytest.raises(StoreError):
        journal.settle([settled(PLANNED[1]), row])
    assert journal.counts() == {RowState.NOT_TRIED: 2, RowState.SKIPPED: 1}


def test_empty_sets_change_nothing(journal: Journal) -> None:
    journal.plan([])
    journal.send([], NOON)
    journal.settle([])
    journal.note({})
    assert tuple(journal.rows()) == PLANNED


@pytest.mark.proves("V15.4.1")
def test_any_thread_may_use_it(journal: Journal) -> None:
    threads = [threading.Thread(target=journal.send, args=([2, 3], NOON)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.attempts for row in journal.rows([RowState.SENT])} == {4}


def test_its_files_are_for_our_eyes_only(journal: Journal, path: Path) -> None:
    journal.send([2], NOON)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.proves("RN-6")
def test_a_held_journal_names_its_holder(journal: Journal, path: Path) -> None:
    with pytest.raises(RunError) as caught:
        open_journal(path)
    assert caught.value.code == "KT-RUN-010"
    assert str(os.getpid()) in caught.value.why
    assert str(datetime.now(UTC).year) in caught.value.why
    journal.send([2], NOON)


def test_a_closed_journal_is_free_again(journal: Journal, path: Path) -> None:
    journal.close()
    journal.close()
    open_journal(path).close()


def test_a_closed_journal_takes_nothing(journal: Journal) -> None:
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.send([2], NOON)


def test_a_journal_is_neither_made_twice_nor_made_by_opening_it(journal: Journal, path: Path) -> None:
    with pytest.raises(StoreError, match="already"):
        open_journal(path, create=True)
    with pytest.raises(StoreError, match="no journal"):
        open_journal(path.with_name("other.db"))
    assert journal.counts()


def test_another_database_is_no_journal(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE rows (number)")
    other.close()
    with pytest.raises(StoreError, match="is no journal"):
        open_journal(path)
    with pytest.raises(StoreError, match="is no journal"):
        open_journal(path)


@pytest.mark.proves("RN-6", "R-5")
@pytest.mark.parametrize("place", [0, 4096 * 3, 4096 * 20], ids=["head", "near the start", "middle"])
def test_a_damaged_journal_is_refused_and_no_row_is_passed_over(path: Path, place: int) -> None:
    journal = open_journal(path, create=True)
    journal.plan([Row(number, f"user{number}", RowState.NOT_TRIED) for number in range(2, 4002)])
    journal.close()
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 4096)
    with pytest.raises(StoreError):
        list(open_journal(path).rows())


@pytest.mark.proves("RN-6")
def test_a_journal_cut_short_is_refused(path: Path) -> None:
    journal = open_journal(path, create=True)
    journal.plan([Row(number, f"user{number}", RowState.NOT_TRIED) for number in range(2, 4002)])
    journal.close()
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError):
        open_journal(path)


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from keyturn.store.journal import open_journal
journal = open_journal(Path(sys.argv[1]))
journal.send([2, 3], datetime(2026, 11, 21, 12, tzinfo=UTC))
print("sent", flush=True)
sys.stdin.read()
"""


@pytest.mark.proves("RN-2")
def test_what_was_sent_is_known_after_kill_9(journal: Journal, path: Path) -> None:
    journal.close()
    child = subprocess.Popen([sys.executable, "-c", CHILD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"sent\n"
        with pytest.raises(RunError, match="in use") as caught:
            open_journal(path)
        assert str(child.pid) in caught.value.why
        child.send_signal(signal.SIGKILL)
    after = open_journal(path)
    assert [(row.number, row.attempts) for row in after.rows([RowState.SENT])] == [(2, 1), (3, 1)]
    after.settle([settled(PLANNED[0], RowState.UNCERTAIN)])
    after.send([2, 3], NOON)
    after.close()


numbers = st.integers(2, 9)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(numbers, max_size=3, unique=True)),
        st.tuples(st.sampled_from(list(RowState)), st.lists(numbers, max_size=3, unique=True)),
        st.tuples(st.just("reopen"), st.just([])),
    ),
    max_size=15,
)


@given(moves=moves)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_journal_holds_what_a_plain_table_would_hold(
    moves: Sequence[tuple[str, Sequence[int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is sent and settled, in whatever order: each row is in one state, and finished ones are never sent."""
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    table = {number: Row(number, f"user{number}", RowState.NOT_TRIED) for number in range(2, 8)}
    journal = open_journal(path, create=True)
    journal.plan(list(table.values()))
    for what, wanted in moves:
        allowed = set(wanted) <= table.keys()
        if what == "reopen":
            journal.close()
            journal = open_journal(path)
        elif what == "send":
            if allowed and all(table[number].state not in FINAL for number in wanted):
                journal.send(wanted, NOON)
                table.update({n: _sent(table[n]) for n in wanted})
            else:
                with pytest.raises(StoreError):
                    journal.send(wanted, NOON)
        elif allowed:
            rows = [settled(table[number], RowState(what)) for number in wanted]
            journal.settle(rows)
            table.update({row.number: row for row in rows})
        assert list(journal.rows()) == list(table.values())
        assert sum(journal.counts().values()) == len(table)
    journal.close()


def _sent(row: Row) -> Row:
    return replace(row, state=RowState.SENT, attempts=row.attempts + 1, first_sent=row.first_sent or NOON)
