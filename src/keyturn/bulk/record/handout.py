"""Writes the handout: the sealed files with the new passwords of one run.

The passwords are derived again each time, never stored.  Rows that are done and rows that are uncertain are in it,
the latter marked; a password that the target mailed is not.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from keyturn.bulk.intake.source import Source
from keyturn.bulk.ports import HandoutSealer
from keyturn.bulk.record.facts import SEALED, sealed_as
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.handing import Handing, People
from keyturn.bulk.record.private import open_private
from keyturn.core.handout import Handed, as_line
from keyturn.core.journal import DONE, Journal, Row, RowState
from keyturn.core.outcomes import Delivery
from keyturn.core.secret import Secret

HANDED: Final = (*sorted(DONE), RowState.UNCERTAIN)
OURS: Final = frozenset({Delivery.HANDOUT, Delivery.MAIL_REFUSED})


@dataclass(frozen=True, slots=True)
class Handout:
    """How the handout of a run is made.  derive: the password of a row that keyturn made, None where the target did;
    handed_back: what a target made up, by row."""

    folder: RunFolder
    source: Source
    sealer: HandoutSealer
    recipients: Sequence[str]
    handing: Handing
    derive: Callable[[Row], Secret] | None
    handed_back: Callable[[], Mapping[int, Secret]]

    def write(self, journal: Journal) -> int:
        """Replace the files as a whole; answers how many passwords are in them.

        None is there that would be empty now: what an earlier one held is in another file, or is nobody's password.
        """
        people = People(self.source, self.handing)
        lines = self._lines(journal, people)
        if self.handing.groups:
            counts = self._seal_parts(journal, [*lines], people)
        else:
            whole = self.folder.handout
            counts = {whole: self._seal(journal, whole, self.recipients, (line for _, line in lines))}
        for path in self.folder.handouts() if people.all_known else ():
            if not counts.get(path):
                path.unlink()
        return sum(counts.values())

    def _seal_parts(self, journal: Journal, lines: Sequence[tuple[str, bytes]], people: People) -> Mapping[Path, int]:
        paths, keys = self.handing.paths(self.folder), {"": self.recipients, **self.handing.groups}
        if not people.all_known:
            # Which part a password belongs to can no longer be told: those that are there stay as they are.
            return {paths[""]: self._seal(journal, paths[""], self.recipients, (line for _, line in lines))}
        parts: dict[str, list[bytes]] = {value: [] for value in paths}
        for group, line in lines:
            parts[group].append(line)
        return {paths[value]: self._seal(journal, paths[value], keys[value], part) for value, part in parts.items()}

    def _seal(self, journal: Journal, path: Path, recipients: Sequence[str], lines: Iterable[bytes]) -> int:
        """One file, sealed as its lines are made, so that a million of them pass through little memory.

        Its digest is noted before it is in its place, beside that of the file which is still there: whenever this is
        interrupted, the one that is there is known.
        """
        count, rest = 0, iter(lines)
        first = next(rest, None)
        if first is None:
            return 0

        def counted() -> Iterator[bytes]:
            nonlocal count
            for line in chain((first,), rest):
                count += 1
                yield line

        noted = sealed_as(journal.facts())
        before = noted.get(path.name, [])
        with open_private(path) as file:
            digest = self.sealer.seal(counted(), recipients, file)
            journal.note({SEALED: json.dumps({**noted, path.name: [*before, digest]})})
        journal.note({SEALED: json.dumps({**noted, path.name: [digest]})})
        return count

    def _lines(self, journal: Journal, people: People) -> Iterator[tuple[str, bytes]]:
        """Each line of the handout, with the group that its row belongs to."""
        kept = self.handed_back() if self.derive is None else {}
        for row in journal.rows(HANDED):
            password = self.derive(row) if self.derive is not None else kept.get(row.number)
            if password is not None and row.delivery in OURS:
                handed = _handed(row, password, people)
                yield self.handing.group(handed.columns.get(self.handing.split, "")), as_line(handed)


def _handed(row: Row, password: Secret, people: People) -> Handed:
    person, state = people.of(row), str(row.state)
    return Handed(
        row.number, row.who, password, row.target, state, person.name, person.login, person.email, person.language,
        person.columns,
    )  # fmt: skip
