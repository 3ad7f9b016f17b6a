"""The journal of one run: an SQLite file that tells, after any crash, what is known of every row.

It uses the driver as it is: one file, one table, one process, and a command line that should start fast.
"""

import sqlite3
import threading
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keyturn.core.errors import StoreError
from keyturn.core.journal import FINAL, Journal, Row, RowState, Verified
from keyturn.store.private import HeldFile, hold, make_private
from keyturn.store.values import micros, micros_or_none, moment_or_none

PAGE: Final = 1000
"""How many rows are read at a time."""

OURS: Final = 0x6B65796A
"""What SQLite's header says of a file that is a journal."""

VERSION: Final = 4
"""Of the tables; a journal of an earlier version is brought to this one when it is opened."""

_PRAGMAS: Final = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = ON",
)
_STATES: Final = ", ".join(f"'{state.value}'" for state in RowState)
_VERIFIED: Final = ", ".join(f"'{verified.value}'" for verified in Verified)
_FINAL: Final = ", ".join(f"'{state.value}'" for state in sorted(FINAL))

_TABLES: Final = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL, mark INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    f"""CREATE TABLE rows (
        number INTEGER PRIMARY KEY,
        who TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ({_STATES})),
        reason TEXT NOT NULL,
        text TEXT NOT NULL,
        delivery TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        first_sent INTEGER,
        settled INTEGER,
        milliseconds INTEGER,
        target TEXT NOT NULL DEFAULT '',
        verified TEXT NOT NULL DEFAULT '' CHECK (verified IN ({_VERIFIED})),
        proof TEXT NOT NULL DEFAULT '',
        noticed INTEGER,
        mark INTEGER NOT NULL DEFAULT 0
    )""",
    f"PRAGMA application_id = {OURS}",
    f"PRAGMA user_version = {VERSION}",
)
_TO_SECOND: Final = (
    "ALTER TABLE rows ADD COLUMN target TEXT NOT NULL DEFAULT ''",
    "UPDATE rows SET target = coalesce((SELECT value FROM facts WHERE name = 'target'), '') WHERE reason <> 'blank'",
    "PRAGMA user_version = 2",
)
"""Brings a journal of the first version, whose run had one target for all rows, to the second."""

_TO_THIRD: Final = (
    f"ALTER TABLE rows ADD COLUMN verified TEXT NOT NULL DEFAULT '' CHECK (verified IN ({_VERIFIED}))",
    "ALTER TABLE rows ADD COLUMN proof TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE rows ADD COLUMN noticed INTEGER",
    "PRAGMA user_version = 3",
)
"""Brings a journal of the second version, which knew nothing of reading back and of notices, to the third."""

_COLUMNS: Final = (
    "number", "who", "state", "reason", "text", "delivery", "attempts", "first_sent", "settled", "milliseconds",
    "target", "verified", "proof", "noticed",
)  # fmt: skip

_TO_FOURTH: Final = (
    "ALTER TABLE facts ADD COLUMN mark INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE rows ADD COLUMN mark INTEGER NOT NULL DEFAULT 0",
    "UPDATE facts SET mark = mark_of(name, value)",
    f"UPDATE rows SET mark = mark_of({', '.join(_COLUMNS)})",  # noqa: S608  # the names are ours
    "PRAGMA user_version = 4",
)
"""Brings a journal of the third version, whose rows carried no mark of what is in them, to the fourth."""

_STEPS: Final = (_TO_SECOND, _TO_THIRD, _TO_FOURTH)


def mark_of(*values: object) -> int:
    """A check of what a row or a fact holds: SQLite finds a page that is out of place, and no changed letter in one."""
    return zlib.crc32(repr(values).encode())


def _changing(where: str, changes: Mapping[str, str]) -> str:
    """A statement that changes rows and marks them anew.  The values of a column are those after the change."""
    sets = ", ".join(f"{name} = {value}" for name, value in changes.items())
    after = ", ".join(changes.get(name, name) for name in _COLUMNS)
    return f"UPDATE rows SET {sets}, mark = mark_of({after}) WHERE {where}"  # noqa: S608  # the words are ours


NOTE: Final = """INSERT INTO facts VALUES (?1, ?2, mark_of(?1, ?2))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, mark = excluded.mark"""
PLAN: Final = f"INSERT INTO rows VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"  # noqa: S608  # the names are ours
SEND: Final = _changing(
    f"number = ?2 AND state NOT IN ({_FINAL})",
    {"state": "'sent'", "attempts": "attempts + 1", "first_sent": "coalesce(first_sent, ?1)"},
)  # fmt: skip
SETTLE: Final = _changing(
    "number = ?7 AND who = ?8",
    {
        "state": "?1", "reason": "?2", "text": "?3", "delivery": "?4", "settled": "?5", "milliseconds": "?6",
        "verified": "''", "proof": "''", "noticed": "NULL",
    },
)  # fmt: skip
VERIFY: Final = _changing("number = ?3", {"verified": "?1", "proof": "?2"})
NOTICE: Final = _changing("number = ?2", {"noticed": "?1"})
DAMAGED: Final = f"""SELECT 'fact ' || name FROM facts WHERE mark <> mark_of(name, value)
    UNION ALL SELECT 'row ' || number FROM rows WHERE mark <> mark_of({", ".join(_COLUMNS)}) LIMIT 1"""  # noqa: S608  # the names are ours
READ: Final = f"SELECT {', '.join(_COLUMNS)} FROM rows WHERE number > ?{{}} ORDER BY number LIMIT ?"  # noqa: S608  # the names are ours
COUNTS: Final = "SELECT state, count(*) FROM rows GROUP BY state"
BY_TARGET: Final = """SELECT target, state, count(*) FROM rows GROUP BY 1, 2
    ORDER BY min(min(number)) OVER (PARTITION BY target)"""
DELIVERIES: Final = "SELECT delivery, count(*) FROM rows WHERE state IN ('created', 'changed') GROUP BY delivery"
VERDICTS: Final = """SELECT verified, count(*) FROM rows WHERE state IN ('created', 'changed', 'uncertain')
    GROUP BY verified"""
REASONS: Final = "SELECT state, reason, count(*) FROM rows GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"


def open_journal(path: Path, *, create: bool = False) -> Journal:
    """The journal at a path; `create` makes a new one where there is none.

    Raises RunError (KT-RUN-010) while another process holds it, StoreError when it is missing, damaged or no journal.
    """
    if create == path.exists():
        raise StoreError("there is a journal already" if create else "there is no journal", where=str(path))
    held = hold(path)
    try:
        make_private(path)
        return FileJournal(path, held, create=create)
    except StoreError:
        held.release()
        raise


class FileJournal:
    """One run's journal.  May be used from any thread, by one at a time; others wait."""

    def __init__(self, path: Path, held: HeldFile, *, create: bool) -> None:
        self._path = path
        self._held = held
        self._turn = threading.Lock()
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
        try:
            with self._translated():
                self._prepare(create=create)
        except StoreError:
            self._file.close()
            raise

    def facts(self) -> Mapping[str, str]:
        """What is pinned of the run."""
        return dict(self._read("SELECT name, value FROM facts ORDER BY name"))

    def note(self, facts: Mapping[str, str]) -> None:
        """Add or replace facts, durably."""
        with self._writing() as file:
            file.executemany(NOTE, list(facts.items()))

    def plan(self, rows: Sequence[Row]) -> None:
        """Add planned rows, durably; numbers are unique."""
        with self._writing() as file:
            file.executemany(PLAN, [_planned(row) for row in rows])

    def send(self, numbers: Sequence[int], at: datetime) -> None:
        """Record the intent to send these rows, durably, before any leaves.

        Raises StoreError for a row that is not there or has its outcome: what is finished is never sent again.
        """
        when = micros(at)
        with self._writing() as file:
            touched = file.executemany(SEND, [(when, number) for number in numbers]).rowcount
            self._expect(touched, len(numbers), "a row to send is not there or is finished")

    def settle(self, rows: Sequence[Row]) -> None:
        """Record the outcomes, durably.  Raises StoreError for a row that is not there as it was planned."""
        with self._writing() as file:
            touched = file.executemany(SETTLE, [_settled(row) for row in rows]).rowcount
            self._expect(touched, len(rows), "a row to settle is not there")

    def verify(self, rows: Sequence[Row]) -> None:
        """Record what reading back told of these rows, durably.  Raises StoreError for a row that is not there."""
        told = [(row.verified.value, row.proof, row.number) for row in rows]
        with self._writing() as file:
            self._expect(file.executemany(VERIFY, told).rowcount, len(rows), "a verified row is not there")

    def notice(self, numbers: Sequence[int], at: datetime) -> None:
        """Record that these notices were accepted, durably.  Raises StoreError for a row that is not there."""
        when = micros(at)
        with self._writing() as file:
            touched = file.executemany(NOTICE, [(when, number) for number in numbers]).rowcount
            self._expect(touched, len(numbers), "a noticed row is not there")

    def rows(self, states: Collection[RowState] = (), *, after: int = 0, target: str | None = None) -> Iterator[Row]:
        """Rows in order of number, read in pieces so that the journal may be written to meanwhile."""
        wanted = [*(state.value for state in states), *([] if target is None else [target])]
        which = f" AND state IN ({', '.join('?' * len(states))})" if states else ""
        statement = READ.format(which if target is None else f"{which} AND target = ?")
        page = self._read(statement, after, *wanted, PAGE)
        while page:
            yield from map(_row, page)
            after = page[-1][0]
            page = self._read(statement, after, *wanted, PAGE)

    def counts(self) -> Mapping[RowState, int]:
        """How many rows are in each state."""
        return {RowState(state): count for state, count in self._read(COUNTS)}

    def by_target(self) -> Mapping[str, Mapping[RowState, int]]:
        """How many rows of each target are in each state, in the order of the targets' first rows."""
        found: dict[str, dict[RowState, int]] = {}
        for target, state, count in self._read(BY_TARGET):
            found.setdefault(target, {})[RowState(state)] = count
        return found

    def reasons(self) -> Sequence[tuple[RowState, str, int]]:
        """How many rows per state and reason, most first."""
        return [(RowState(state), reason, count) for state, reason, count in self._read(REASONS)]

    def verdicts(self) -> Mapping[Verified, int]:
        """How many done and uncertain rows there are by what reading back told."""
        return {_TOLD[verified]: count for verified, count in self._read(VERDICTS)}

    def deliveries(self) -> Mapping[str, int]:
        """How many done rows there are by what became of their password."""
        return dict(self._read(DELIVERIES))

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._file.close()
            self._held.release()

    def _prepare(self, *, create: bool) -> None:
        self._file.create_function("mark_of", -1, mark_of, deterministic=True)
        for pragma in _PRAGMAS:
            self._file.execute(pragma)
        if create:
            self._execute(_TABLES)
        [(ours,)] = self._file.execute("PRAGMA application_id")
        if ours != OURS:
            raise StoreError("the file is no journal", where=str(self._path))
        [(found,)] = self._file.execute("PRAGMA quick_check(1)")
        if found != "ok":
            raise StoreError("the journal is damaged", where=str(self._path), why=str(found))
        [(version,)] = self._file.execute("PRAGMA user_version")
        if version > VERSION:
            raise StoreError("the journal was written by a newer keyturn", where=str(self._path))
        for step in _STEPS[version - 1 :]:
            self._execute(step)
        for (where,) in self._file.execute(DAMAGED):
            raise StoreError("the journal is damaged", where=str(self._path), why=f"{where} is not what was written")

    def _execute(self, statements: Sequence[str]) -> None:
        self._file.execute("BEGIN IMMEDIATE")
        for statement in statements:
            self._file.execute(statement)
        self._file.execute("COMMIT")

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._turn, self._translated():
            return self._file.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        """All of it on disk when the block ends, or nothing."""
        with self._turn, self._translated():
            cursor = self._file.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                self._file.commit()
            except BaseException:
                self._file.rollback()
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the journal cannot be used: {error}", where=str(self._path)) from error
        except UnicodeDecodeError as error:  # of what the driver would tell of a damaged file
            raise StoreError("the journal is damaged", where=str(self._path)) from error

    def _expect(self, touched: int, wanted: int, otherwise: str) -> None:
        if wanted and touched != wanted:
            raise StoreError(otherwise, where=str(self._path))


def _planned(row: Row) -> tuple[object, ...]:
    values = (
        row.number, row.who, row.state.value, row.reason, row.text, row.delivery, row.attempts,
        micros_or_none(row.first_sent), micros_or_none(row.settled), row.milliseconds, row.target,
        row.verified.value, row.proof, micros_or_none(row.noticed),
    )  # fmt: skip
    return (*values, mark_of(*values))


def _settled(row: Row) -> tuple[object, ...]:
    when = micros_or_none(row.settled)
    return (row.state.value, row.reason, row.text, row.delivery, when, row.milliseconds, row.number, row.who)


_STATE: Final = {state.value: state for state in RowState}
_TOLD: Final = {verified.value: verified for verified in Verified}


def _row(stored: Sequence[Any]) -> Row:
    (number, who, state, reason, text, delivery, attempts, first_sent, settled, milliseconds, target,
     verified, proof, noticed) = stored  # fmt: skip
    return Row(
        number, who, _STATE[state], reason, text, delivery, attempts, moment_or_none(first_sent),
        moment_or_none(settled), milliseconds, target, _TOLD[verified], proof, moment_or_none(noticed),
    )  # fmt: skip
