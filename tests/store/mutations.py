"""Damages journals in many ways and looks at what is read of them then: what was written, or a refusal.

`python -m tests.store.mutations 10000` prints what came of ten thousand.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from keyturn.core.errors import StoreError
from keyturn.core.journal import Journal, Row, RowState
from keyturn.store.journal import open_journal

ROWS = 300
ALL = range(2, ROWS + 2)
PIECE = 25
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
BLOCKS = (512, 4096, 4120)
"""Of disks, of SQLite's pages, of the frames of its log."""

State = tuple[tuple[tuple[str, str], ...], tuple[Row, ...]]
"""All that a journal says."""


def said_by(journal: Journal) -> State:
    """Everything that can be read."""
    return tuple(sorted(journal.facts().items())), tuple(journal.rows())


@dataclass(frozen=True)
class Model:
    """The files of a journal, and the states that it was in, the last one last."""

    name: str
    files: Mapping[str, bytes]
    states: tuple[State, ...]


def models(folder: Path) -> list[Model]:
    """A journal of a run that was killed in the middle, with its log, and the same after it was closed."""
    path = folder / "model" / "journal.db"
    states: list[State] = []
    journal = open_journal(path, create=True)

    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: journal.note({"file": "users.csv", "sha256": "8c1f" * 16, "state": "planning"}),
        lambda: journal.plan([Row(n, f"user{n:06d}", RowState.NOT_TRIED, target="there") for n in ALL]),
        lambda: journal.note({"state": "running"}),
    ]
    for first in range(2, ROWS - 50, PIECE):
        numbers = range(first, first + PIECE)
        steps.append(partial(journal.send, numbers, NOON))
        steps.append(partial(journal.settle, [_end(number) for number in numbers]))
    for step in steps:
        step()
        states.append(said_by(journal))
    killed = _files(path)
    journal.close()
    return [Model("killed", killed, tuple(states)), Model("closed", _files(path), tuple(states))]


def _end(number: int) -> Row:
    row = Row(number, f"user{number:06d}", RowState.CHANGED, delivery="handout", settled=NOON, milliseconds=number)
    if number % 17 == 0:
        return replace(row, state=RowState.FAILED, reason="no-such-user", text="there is no such user", delivery="none")
    return row


def _files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if not each.name.endswith(".lock")}


def _truncate(data: bytearray, chance: random.Random, block: int) -> None:
    del data[chance.randrange(len(data)) :]


def _flip(data: bytearray, chance: random.Random, block: int) -> None:
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _letter(data: bytearray, chance: random.Random, block: int) -> None:
    """Another letter or digit in place of one: what no structure shows."""
    places = [place for place in range(len(data)) if chr(data[place]).isalnum()] if len(data) < block else []
    place = chance.choice(places) if places else chance.randrange(len(data))
    for near in range(place, min(place + block, len(data))):
        if chr(data[near]).isalnum():
            data[near] = ord(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789"))
            return


def _blank(data: bytearray, chance: random.Random, block: int) -> None:
    start = chance.randrange(len(data)) // block * block
    data[start : start + block] = bytes(len(data[start : start + block]))


def _duplicate(data: bytearray, chance: random.Random, block: int) -> None:
    """A block over another, or once more behind itself."""
    blocks = max(1, len(data) // block)
    start, there = chance.randrange(blocks) * block, chance.randrange(blocks) * block
    piece = data[start : start + block]
    if chance.random() < 0.5:
        data[there : there + len(piece)] = piece
    else:
        data[start:start] = piece


def _reorder(data: bytearray, chance: random.Random, block: int) -> None:
    blocks = max(1, len(data) // block)
    one, other = (chance.randrange(blocks) * block for _ in range(2))
    first, second = data[one : one + block], data[other : other + block]
    if len(first) == len(second):
        data[one : one + block], data[other : other + block] = second, first


def _drop(data: bytearray, chance: random.Random, block: int) -> None:
    start = chance.randrange(len(data)) // block * block
    del data[start : start + block]


DAMAGES: tuple[Callable[[bytearray, random.Random, int], None], ...] = (
    _truncate, _flip, _letter, _blank, _duplicate, _reorder, _drop,
)  # fmt: skip


@dataclass
class Figures:
    """What came of them.  ends: by kind of damage, as it was, an earlier state, refused, misread."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    misread: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Rows of the table of promises."""
        heads = ("the last state", "an earlier state", "refused", "misread")
        lines = ["| damage | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
        for name in sorted({name for name, _ in self.ends}):
            counts = " | ".join(f"{self.ends[name, head]:,}" for head in heads)
            lines += [f"| {name} | {counts} |"]
        total = Counter(end for _, end in self.ends.elements())
        return "\n".join([*lines, "| R-5, all | " + " | ".join(f"{total[head]:,}" for head in heads) + " |"])


def mutate(folder: Path, count: int, first: int = 0) -> Figures:
    """Damage so many journals."""
    figures, found = Figures(), models(folder)
    for seed in range(first, first + count):
        chance = random.Random(seed)
        model, damage = chance.choice(found), DAMAGES[seed % len(DAMAGES)]
        name = chance.choice(sorted(model.files))
        data = bytearray(model.files[name])
        if data:
            damage(data, chance, chance.choice(BLOCKS))
        end = _read(folder / "damaged", {**model.files, name: bytes(data)}, model)
        figures.ends[damage.__name__.strip("_"), end] += 1
        if end == "misread":
            figures.misread.append(f"seed {seed}: {damage.__name__} of {name}, {model.name}")
    return figures


def _read(folder: Path, files: Mapping[str, bytes], model: Model) -> str:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    try:
        journal = open_journal(folder / "journal.db")
    except StoreError:
        return "refused"
    try:
        state = said_by(journal)
    except StoreError:
        return "refused"
    finally:
        journal.close()
    if state == model.states[-1]:
        return "the last state"
    return "an earlier state" if state in model.states and model.name == "killed" else "misread"


def main(count: int, first: int = 0) -> int:
    """Damage so many and print what came of them."""
    with tempfile.TemporaryDirectory() as folder:
        figures = mutate(Path(folder), count, first)
    print(*figures.misread, figures.table(), sep="\n")
    return bool(figures.misread)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
