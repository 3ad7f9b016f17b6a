"""Texts with `{{variables}}` in them: what is known is put in once, what a row says stays a place.  Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from keyturn.core.errors import SourceError

UNRESOLVED: Final = "KT-COL-003"
UNSENDABLE: Final = "KT-COL-002"
_PLACE: Final = re.compile(r"\{\{([^{}]*)\}\}")
_DEEPEST: Final = 20
_LONGEST: Final = 16 << 20
"""Characters that variables may put into one text: variables that hold variables can ask for more than any memory."""
_DERIVED: Final = ("$guid", "$randomUUID")
"""What the vendor makes anew each time and we derive from the row, so that a repeat sends the same."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of a cell.  header: of its column."""

    header: str


@dataclass(frozen=True, slots=True)
class Derived:
    """The place of a GUID that is derived from the operation of the row."""

    number: int = 0

    def made(self, operation: str) -> str:
        """The GUID."""
        return str(uuid5(NAMESPACE_URL, f"keyturn:{operation}:{self.number}"))


Part: TypeAlias = str | Cell | Derived


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places in it.  It may hold a secret and is never printed."""

    parts: tuple[Part, ...] = field(default=(), repr=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns that it takes cells from, each once, in their order."""
        return tuple(dict.fromkeys(part.header for part in self.parts if isinstance(part, Cell)))

    @property
    def fixed(self) -> str | None:
        """The text where it has no places."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None

    def filled(self, fill: Callable[[Cell | Derived], str], plain: Callable[[str], str] = str) -> str:
        """The text.  fill: what goes into a place, written as it has to be there; plain: how the rest is written."""
        return "".join(plain(part) if isinstance(part, str) else fill(part) for part in self.parts)

    def split(self, sign: str) -> tuple["Template", ...]:
        """The templates between the signs; what stands in a cell is no sign."""
        pieces: list[list[Part]] = [[]]
        for part in self.parts:
            if not isinstance(part, str):
                pieces[-1].append(part)
                continue
            first, *rest = part.split(sign)
            pieces[-1].append(first)
            pieces += [[one] for one in rest]
        return tuple(Template(tuple(one for one in piece if one != "")) for piece in pieces)


@dataclass(slots=True)
class _Text:
    """A text that variables are put into.  place: where it stands in the collection; room: what still goes in."""

    place: str
    room: int = _LONGEST

    def take(self, value: str) -> None:
        """Put one more value in.  Raises SourceError when it grows past all measure."""
        self.room -= len(value) + 1
        if self.room < 0:
            what, why = "variables make a text of more than 16 million characters", "their values hold each other"
            fix = "write out what they stand for, or leave the request out with --folder"
            raise SourceError(what, code=UNSENDABLE, where=self.place, why=why, fix=fix)


@dataclass(frozen=True, slots=True)
class Variables:
    """What variables stand for.  known: name to value, the strongest first put in; columns: headers of the file.

    A column goes before a known value, as with the vendor; a header that differs in case and signs alone will do.
    literal: what nothing stands for is sent as it is written, as the vendor's runner does.
    """

    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    columns: Sequence[str] = ()
    literal: bool = False

    def template(self, text: str, place: str) -> Template:
        """The template of a text.  Raises SourceError for a variable that nothing stands for."""
        return Template(tuple(self._parts(text, _Text(place), 0)))

    def settled(self, text: str, place: str, what: str) -> str:
        """A text that may not change from row to row.  Raises SourceError."""
        fixed = self.template(text, place).fixed
        if fixed is None:
            why = "one run signs in at one server in one way"
            raise SourceError(f"{what} would change from row to row", code="KT-COL-004", where=place, why=why)
        return fixed

    def column(self, name: str) -> str | None:
        """The header that a variable means."""
        if name in self.columns:
            return name
        alike = [header for header in self.columns if _folded(header) == _folded(name)]
        return alike[0] if len(alike) == 1 and name not in self.known else None

    def _parts(self, text: str, into: "_Text", depth: int) -> Iterator[Part]:
        whole(text, into.place)
        end = 0
        for number, found in enumerate(_PLACE.finditer(text)):
            if found.start() > end:
                yield text[end : found.start()]
            end = found.end()
            yield from self._of(found[1].strip(), into, depth, number)
        if end < len(text):
            yield text[end:]

    def _of(self, name: str, into: "_Text", depth: int, number: int) -> Iterator[Part]:
        header = self.column(name)
        if header is not None:
            yield Cell(header)
        elif name in self.known and depth < _DEEPEST:
            into.take(self.known[name])
            yield from self._parts(self.known[name], into, depth + 1)
        elif name in _DERIVED:
            yield Derived(number)
        elif self.literal and name not in self.known and not name.startswith("$"):
            yield f"{{{{{name}}}}}"
        else:
            raise self._unknown(name, into.place, circular=name in self.known)

    def _unknown(self, name: str, place: str, *, circular: bool) -> SourceError:
        shown = f"{{{{{name}}}}}"
        if name.startswith("$"):
            what, why = f"{shown} would be another value at each try", "a row that is sent again must ask the same"
            return SourceError(what, code="KT-COL-005", where=place, why=why, fix="put the values into a column")
        why = "its value leads back to itself" if circular else f"columns of the file: {', '.join(self.columns) or '-'}"
        fix = f"name a column {name}, or say it with --env-var {name}=VALUE or -e FILE"
        return SourceError(f"nothing stands for {shown}", code=UNRESOLVED, where=place, why=why, fix=fix)


def whole(text: str, place: str) -> str:
    """A text of whole characters.  Raises SourceError for half of one, which JSON can write and nobody can send."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        what, fix = "half of a character stands in a text", "write the text anew and export it again"
        raise SourceError(what, code=UNSENDABLE, where=ascii(place), fix=fix)
    return text


def names_in(text: str) -> list[str]:
    """The names of the variables in a text."""
    return [found[1].strip() for found in _PLACE.finditer(text)]


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
