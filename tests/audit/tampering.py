"""Every way in which somebody may tamper with a trail, at random: in the database, and in an exported file."""

import json
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from nacl.signing import SigningKey

from keyturn.app.trail.exporting import as_record
from keyturn.core.audit import GENESIS, Checkpoint, Entry, Event, chain

TABLES: Final = ("audit", "audit_head", "audit_checkpoints")
STRANGER: Final = SigningKey(bytes(32))
"""A key that is not ours."""

Row: TypeAlias = dict[str, Any]
Lines: TypeAlias = list[bytes]


def flipped(value: object, dice: random.Random) -> object:
    """The value with one bit of it turned; what is empty gets something."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(40))
    held = bytearray(str(value or "").encode())
    if not held:
        return "x"
    held[dice.randrange(len(held))] ^= 1 << dice.randrange(8)
    return bytes(held)


@dataclass
class Database:
    """The tables of the audit as they honestly were, and a connection through which somebody goes behind our back."""

    connection: sqlite3.Connection
    honest: Mapping[str, list[Row]]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "Database":
        """What is in them now."""
        connection.row_factory = sqlite3.Row
        honest = {table: [dict(row) for row in connection.execute(f"select * from {table}")] for table in TABLES}
        return cls(connection, honest)

    def restore(self) -> None:
        """Put everything back."""
        for table, rows in self.honest.items():
            self.connection.execute(f"delete from {table}")
            self.put(table, rows)

    def put(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows; bytes are stored as the text that they spell, be it text or not."""
        for row in rows:
            marks = ", ".join("cast(? as text)" if isinstance(value, bytes) else "?" for value in row.values())
            names = ", ".join(f'"{name}"' for name in row)
            self.connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Have these rows in a table, and no others."""
        self.connection.execute(f"delete from {table}")
        self.put(table, rows)

    def rows(self, table: str = "audit") -> list[Row]:
        """A copy of the honest rows."""
        return [dict(row) for row in self.honest[table]]


def flips(database: Database, dice: random.Random) -> None:
    """One bit of one column of one row of one table."""
    table = dice.choice(TABLES)
    rows = database.rows(table)
    row = dice.choice(rows)
    column = dice.choice(list(row))
    row[column] = flipped(row[column], dice)
    database.write(table, rows)


def deletes(database: Database, dice: random.Random) -> None:
    """One row is gone."""
    rows = database.rows()
    rows.pop(dice.randrange(len(rows)))
    database.write("audit", rows)


def swaps(database: Database, dice: random.Random) -> None:
    """Two rows change places, with their hashes or without."""
    rows = database.rows()
    one, other = dice.sample(rows, 2)
    kept = ["sequence", "previous", "hash"] if dice.random() < 0.5 else ["sequence"]
    mine, theirs = dict(one), dict(other)
    one.update({**theirs, **{name: mine[name] for name in kept}})
    other.update({**mine, **{name: theirs[name] for name in kept}})
    database.write("audit", rows)


def inserts(database: Database, dice: random.Random) -> None:
    """A row that nobody wrote, in the middle or at the end; its neighbours make room."""
    rows = database.rows()
    place = dice.randrange(len(rows) + 1)
    new = {**dice.choice(rows), "sequence": place + 1, "shard": dice.choice([0, 0, 1])}
    rows.insert(place, new)
    for row in rows[place + 1 :]:
        row["sequence"] += new["shard"] == 0
    database.write("audit", rows)


def renumbers(database: Database, dice: random.Random) -> None:
    """All rows from one on are counted differently."""
    rows = database.rows()
    step = dice.choice([1, 2, 1000])
    for row in rows[dice.randrange(len(rows)) :]:
        row["sequence"] += step
    database.write("audit", rows)


def cuts(database: Database, dice: random.Random) -> None:
    """The end is cut off, and the note of where it ends is amended."""
    rows = database.rows()
    left = rows[: dice.randrange(len(rows))]
    database.write("audit", left)
    if dice.random() < 0.7:
        end = {"sequence": len(left), "hash": left[-1]["hash"] if left else GENESIS}
        database.write("audit_head", [{**row, **end} for row in database.rows("audit_head")])


def forges(database: Database, dice: random.Random) -> None:
    """A checkpoint that we did not sign: of another key, of another place, or with words of another."""
    points = database.rows("audit_checkpoints")
    point = dice.choice(points)
    way = dice.randrange(3)
    if way == 0:
        point["sequence"] = dice.choice([n for n in range(1, 100) if n != point["sequence"]])
        points = [point]
    else:
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=point["at"])
        words = Checkpoint(0, point["sequence"], point["hash"], at, point["key_id"], "")
        claimed = replace(words, hash=f"{dice.getrandbits(256):064x}") if way == 1 else words
        point |= {"hash": claimed.hash, "signature": STRANGER.sign(claimed.statement()).signature.hex()}
    database.write("audit_checkpoints", points)


def rechains(entries: Sequence[Entry], dice: random.Random) -> list[Entry]:
    """One event is another one, or gone, and every hash behind it is computed anew."""
    events: list[Event] = [entry.event for entry in entries]
    place = dice.randrange(len(events))
    if dice.random() < 0.5:
        del events[place]
    else:
        events[place] = replace(events[place], who=events[place].who + "x")
    return chain(GENESIS, 0, 1, events)


OF_DATABASE: Final[tuple[Callable[[Database, random.Random], None], ...]] = (
    flips, flips, flips, deletes, swaps, inserts, renumbers, cuts, forges,
)  # fmt: skip


def tampered_file(lines: Lines, dice: random.Random) -> Lines:
    """The lines of an export after one tampering of any kind."""
    return dice.choice(OF_FILE)(list(lines), dice)


def _flips(lines: Lines, dice: random.Random) -> Lines:
    whole = bytearray(b"".join(lines))
    whole[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
    return bytes(whole).splitlines(keepends=True) if b"\r" not in whole else [bytes(whole)]


def _deletes(lines: Lines, dice: random.Random) -> Lines:
    lines.pop(dice.randrange(len(lines)))
    return lines


def _swaps(lines: Lines, dice: random.Random) -> Lines:
    one, other = dice.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _inserts(lines: Lines, dice: random.Random) -> Lines:
    lines.insert(dice.randrange(len(lines) + 1), dice.choice([*lines, b"\n", b"{}\n"]))
    return lines


def _renumbers(lines: Lines, dice: random.Random) -> Lines:
    start = dice.randrange(len(lines) - 1)
    for number, line in enumerate(lines[start:-1], start):
        lines[number] = _line({**json.loads(line), "sequence": number + 2})
    return lines


def _cuts(lines: Lines, dice: random.Random) -> Lines:
    left = lines[: dice.randrange(len(lines))]
    return [*left, lines[-1]] if dice.random() < 0.5 and len(left) < len(lines) - 1 else left


def _forges(lines: Lines, dice: random.Random) -> Lines:
    """All lines are cut or changed and chained anew, and a stranger signs it."""
    entries = [_entry(json.loads(line)) for line in lines[:-1]]
    chained = rechains(entries, dice)
    facts = json.loads(lines[-1])["checkpoint"]
    at = datetime.fromisoformat(facts["at"])
    seal = Checkpoint(0, len(chained), chained[-1].hash, at, facts["key_id"], facts["signature"])
    if dice.random() < 0.7:
        seal = replace(seal, signature=STRANGER.sign(seal.statement()).signature.hex())
    told = {"sequence": seal.sequence, "hash": seal.hash, "signature": seal.signature}
    return [*(_line(dict(as_record(entry))) for entry in chained), _line({"checkpoint": {**facts, **told}})]


def _entry(record: Row) -> Entry:
    place = {name: record.pop(name) for name in ("shard", "sequence", "previous", "hash")}
    return Entry(**place, event=Event(**{**record, "at": datetime.fromisoformat(record["at"])}))


def _line(record: Row) -> bytes:
    return json.dumps(record).encode() + b"\n"


OF_FILE: Final[tuple[Callable[[Lines, random.Random], Lines], ...]] = (
    _flips, _flips, _flips, _deletes, _swaps, _inserts, _renumbers, _cuts, _forges,
)  # fmt: skip
