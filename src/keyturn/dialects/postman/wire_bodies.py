"""Bodies of recorded requests: each cell is written as it has to be where it stands.  Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import quote
from xml.sax.saxutils import escape

from keyturn.dialects.postman.wire import Body, Pair
from keyturn.dialects.postman.wire_templates import Cell, Derived, Template, Variables

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
_KINDS: Final = {"json": JSON, "xml": "application/xml", "html": "text/html", "javascript": "application/javascript"}
_MEMBER: Final = re.compile(r'"([^"\\]*)"\s*:\s*(?:"[^"]*|\[[^\]]*)?$|<([\w:.-]+)[^<>]*>[^<]*$|([\w.-]+)=[^&=]*$')
"""What stands before a place in JSON, in XML or in a text that is a form, when it says what is to be there."""

_AROUND: Final = 500
_QUOTES: Final = {'"': "&quot;", "'": "&apos;"}

Fill: TypeAlias = Callable[[Cell | Derived], str]


class Unfit(ValueError):
    """A cell that cannot stand where it would have to; the text says why and shows nothing of it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A body with places in it.  kind: its media type; form: its fields, where it is one; raw: the text otherwise.

    boundary: what parts the fields, empty for an ordinary form.
    """

    kind: str
    raw: Template = field(default_factory=Template, repr=False)
    form: Sequence[tuple[Template, Template]] | None = field(default=None, repr=False)
    boundary: str = ""

    def places(self) -> Iterator[tuple[str, str]]:
        """The columns that it takes cells from, each with the name of the field or member that it fills."""
        for name, value in self.form or ():
            yield from ((header, name.fixed or "") for header in (*name.headers, *value.headers))
        before = ""
        for part in self.raw.parts:
            if isinstance(part, Cell):
                found = _MEMBER.search(before)
                yield part.header, (found[found.lastindex or 0] if found else "")
            before = before[-_AROUND:] + (part if isinstance(part, str) else "-")

    def written(self, fill: Fill) -> bytes:
        """The body as it is sent.  Raises Unfit for a cell that would not stay what it is."""
        if self.form is None:
            return self._raw(fill).encode()
        pairs = [(name.filled(fill), value.filled(fill)) for name, value in self.form]
        if not self.boundary:
            return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs).encode()
        return b"".join([*(self._part(name, value) for name, value in pairs), f"--{self.boundary}--\r\n".encode()])

    def _raw(self, fill: Fill) -> str:
        if self.kind == JSON:
            return _as_json(self.raw, fill)
        if self.kind.endswith("xml"):
            return self.raw.filled(lambda place: escape(fill(place), _QUOTES))
        return self.raw.filled(fill)

    def _part(self, name: str, value: str) -> bytes:
        if self.boundary in value or any(sign in name for sign in '"\r\n'):
            raise Unfit("a cell cannot be a field of this form")
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        return f"{head}{value}\r\n".encode()


def sheet_of(body: Body, declared: str, variables: Variables, place: str) -> Sheet:
    """The body as it will be filled in.  declared: what a header says of its kind.  Raises SourceError."""
    if body.mode == "raw":
        raw = variables.template(body.raw, place)
        kind = declared.partition(";")[0].strip().casefold() or _KINDS.get(body.language, "")
        return Sheet(kind or (JSON if _is_json(raw) else "text/plain"), raw)
    form = [_pair(one, variables, place) for one in body.fields]
    if body.mode == "urlencoded":
        return Sheet(FORM, form=form)
    boundary = "keyturn-4f1c9d2ab67e"
    return Sheet(f"multipart/form-data; boundary={boundary}", form=form, boundary=boundary)


def _pair(one: Pair, variables: Variables, place: str) -> tuple[Template, Template]:
    return variables.template(one.name, place), variables.template(one.value, place)


def _is_json(raw: Template) -> bool:
    try:
        json.loads(_as_json(raw, lambda _: "0"))
    except (ValueError, RecursionError):  # of Unfit, too
        return False
    return True


def _as_json(raw: Template, fill: Fill) -> str:
    """Inside a string a cell is written as a part of one; outside it must be a value of its own."""
    inside, pieces = False, []
    for part in raw.parts:
        if isinstance(part, str):
            pieces.append(part)
            inside = _ends_inside(part, inside)
        else:
            pieces.append(json.dumps(fill(part), ensure_ascii=False)[1:-1] if inside else _value(fill(part)))
    return "".join(pieces)


def _ends_inside(text: str, inside: bool) -> bool:
    """Whether a piece of JSON ends inside a string."""
    escaped = False
    for sign in text:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = inside
        elif sign == '"':
            inside = not inside
    return inside


def _value(text: str) -> str:
    """A cell that stands without quotes: a number as it is written, true, false or null."""
    try:
        found = json.loads(text, parse_constant=_never)
    except (ValueError, RecursionError):
        found = text
    if isinstance(found, Mapping | list | str):
        raise Unfit("a cell stands without quotes in the JSON and is no number")
    return text.strip()


def _never(word: str) -> None:
    raise ValueError(word)
