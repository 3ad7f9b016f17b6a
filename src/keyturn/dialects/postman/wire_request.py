"""A request of a collection with everything put in that is known, and places for the cells of a row.  Pure."""

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from keyturn.core.errors import SourceError
from keyturn.core.secret import Secret
from keyturn.dialects.postman.wire import Auth, Item, Pair, beyond
from keyturn.dialects.postman.wire_bodies import Fill, Sheet, Unfit, sheet_of
from keyturn.dialects.postman.wire_templates import Cell, Derived, Template, Variables, whole
from keyturn.http.recorded import Recorded

ADDRESS: Final = "KT-COL-006"
BLANKS: Final = " \t"
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
"""Methods that may be sent twice (RFC 9110, 9.2.2)."""

TELLING: Final = re.compile("pass|pwd|secret|token|credential|authorization|api.?key|kennwort", re.IGNORECASE)
"""What names of secrets have in them; rather one too many, for then a row is merely called by something else."""

_WORD: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a method or the name of a header may be (RFC 9110, 5.6.2)."""

_ASKED: Final = ("scope", "audience", "resource")
_PLAIN: Final = "%:@!$&'()*+,;=~-._"
_CONTENT: Final = "content-type"
_DROPPED: Final = frozenset({"host", "content-length", "connection", "accept-encoding", "cookie", "postman-token"})
"""Headers that a client makes for each request by itself."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Where a token is to be had, and with which client's id and secret.

    asks: what else is said there, as `scope`.  in_body: id and secret stand in the form, not in `Authorization`.
    prefix: what stands before the token where it is shown.
    """

    url: str
    id: str
    secret: Secret
    asks: Mapping[str, str] = field(default_factory=dict)
    in_body: bool = False
    prefix: str = "Bearer"


@dataclass(frozen=True, slots=True)
class Sending:
    """One request, filled in: the command that only the directory of a recorded request carries.

    target: path and query, encoded.  What may be a secret is never printed.
    """

    who: str
    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to be filled in.  base: scheme, host and port.  statuses: those of success, where a
    script says which; None: every one below 400.  grant: how it gets a token first, where it has to.  bare: cells stand
    in the address as they are, so that they may be more than a part of it."""

    name: str
    method: str
    base: str
    path: tuple[Template, ...]
    query: tuple[tuple[Template, Template], ...] = ()
    headers: tuple[tuple[str, Template], ...] = field(default=(), repr=False)
    body: Sheet | None = None
    statuses: frozenset[int] | None = None
    grant: Grant | None = None
    bare: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it takes cells from, those of the path first."""
        return tuple(dict.fromkeys(column for column, _ in self.places()))

    def places(self) -> Iterator[tuple[str, str]]:
        """Every column that it takes cells from, each with the name of what it fills; empty for a part of the path."""
        for template in self.path:
            yield from ((column, "") for column in template.headers)
        for name, value in self.query:
            yield from ((column, name.fixed or "") for column in (*name.headers, *value.headers))
        for word, template in self.headers:
            yield from ((column, word) for column in template.headers)
        if self.body is not None:
            yield from self.body.places()

    def named_by(self, hidden: Collection[str] = ()) -> tuple[str, ...]:
        """The columns that a row is called by: of the path, else of the query, else the first of all.

        hidden: columns that may hold passwords; nothing is called by those.
        """
        for some in (self.path, [value for _, value in self.query]):
            found = dict.fromkeys(column for template in some for column in template.headers if column not in hidden)
            if found:
                return tuple(found)
        return tuple(column for column in self.columns if column not in hidden)[:1]

    @property
    def fingerprint(self) -> str:
        """The same for the same request, whatever it signs in with and whatever stands in its body beside places."""
        query = [
            [_shape(name), [] if TELLING.search(name.fixed or "") else _shape(value)] for name, value in self.query
        ]
        parts: list[object] = [self.method, self.base, [_shape(one) for one in self.path], query, list(self.columns)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def sending(self, who: str, cells: Mapping[str, str], operation: str) -> Sending:
        """The request of a row.  Raises Unfit for a cell that cannot stand where it would have to."""
        fill = _filling(cells, operation)
        path = "".join(f"/{self._segment(one, fill)}" for one in self.path) or "/"
        query = "&".join(f"{self._quoted(name, fill)}={self._quoted(value, fill)}" for name, value in self.query)
        target = f"{path}?{query}" if query else path
        headers = {name: _line(template.filled(fill)) for name, template in self.headers}
        body = None
        if self.body is not None:
            body = self.body.written(fill)
            headers.setdefault(_CONTENT, self.body.kind)
        return Sending(who, self.method, target.partition("#")[0], headers, body, operation)

    def recorded(self, cells: Mapping[str, str]) -> Recorded:
        """The request as others may recognise it."""
        fill = _filling(cells, "")
        path = (one.filled(fill, unquote) for one in self.path)
        query = tuple((name.filled(fill, unquote), value.filled(fill, unquote)) for name, value in self.query)
        headers = {name: template.filled(fill) for name, template in self.headers}
        value: object = None
        if self.body is not None:
            try:
                value = json.loads(self.body.written(fill))
            except (ValueError, RecursionError):  # of Unfit, too
                value = None
        return Recorded(self.method, self.base, tuple(part for part in path if part), query, headers, value)

    def _segment(self, template: Template, fill: Fill) -> str:
        """A part of the path; a cell is trimmed, and is never empty, nor a part that means another place."""
        for header in template.headers:
            if not fill(Cell(header)).strip(BLANKS):
                raise Unfit(f"the cell of {header} is empty, and stands in the address")
        text = template.filled(lambda place: self._cell(fill(place).strip(BLANKS)), _kept)
        if template.headers and not {".", ".."}.isdisjoint(text.partition("?")[0].split("/")):
            raise Unfit("the id cannot be part of an address")
        return text

    def _quoted(self, template: Template, fill: Fill) -> str:
        return template.filled(lambda place: self._cell(fill(place)), lambda text: quote(text, safe=_PLAIN + "/?"))

    def _cell(self, text: str) -> str:
        return quote(text, safe=_PLAIN + "/?#" if self.bare else "")


def prepare(item: Item, variables: Variables, statuses: frozenset[int] | None = None) -> Prepared:
    """The request with all that is known put in.  Raises SourceError for what is not known or is not done here."""
    place = whole(" / ".join(item.place), " / ".join(item.place))
    if item.body is not None and item.body.beyond:
        raise beyond(item.place, item.body.beyond)
    address = variables.template(item.url, place)
    base, path, more = _address(address, place)
    query = [*more, *((variables.template(one.name, place), variables.template(one.value, place))
                      for one in item.query)]  # fmt: skip
    headers = [(one.name.casefold(), variables.template(one.value, place)) for one in item.headers]
    headers = [(name, value) for name, value in headers if name not in _DROPPED]
    extra, asked, grant = _signed(item, variables, place)
    known = {name for name, _ in headers}
    headers += [pair for pair in extra if pair[0] not in known]
    body = None
    if item.body is not None:
        declared = next((value.fixed or "" for name, value in headers if name == _CONTENT), "")
        body = sheet_of(item.body, declared, variables, place)
        if body.boundary:
            headers = [pair for pair in headers if pair[0] != _CONTENT]
    if not all(_WORD.fullmatch(word) for word in (item.method, *(name for name, _ in headers))):
        raise beyond(item.place, "a method or a header of which the name is none")
    return Prepared(item.name, item.method, base, path, (*query, *asked), tuple(headers), body, statuses, grant)


def _address(address: Template, place: str) -> tuple[str, tuple[Template, ...], list[tuple[Template, Template]]]:
    """Scheme, host and port; the segments of the path; the query, where a variable brought one along."""
    whole, *rest = address.split("?")
    first, *segments = whole.split("/")
    said = (first.fixed or "").strip().casefold()
    if said in ("http:", "https:"):
        if len(segments) < 2:
            raise _no_address(place)
        scheme, host, segments = said, segments[1], segments[2:]
    else:
        scheme, host = "http:", first  # what the vendor's own runner takes for granted
    if host.fixed is None:
        why = "one run goes to one server"
        raise SourceError("the host would change from row to row", code="KT-COL-004", where=place, why=why)
    base = f"{scheme}//{host.fixed.strip()}"  # a blank behind an address in an environment means nothing
    if "@" in base:
        what, why = "the address of a request holds a name or a password", "addresses stand in reports and logs"
        fix = "take what stands before the @ out, and sign in with auth or a header"
        raise SourceError(what, code=ADDRESS, where=place, why=why, fix=fix)
    try:
        parts = urlsplit(base)
        usable = base.isprintable() and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise _no_address(place)
    pairs = [one.split("=") for some in rest for one in some.split("&")]
    query = [(name, Template(tuple(part for one in value for part in one.parts))) for name, *value in pairs]
    return base, tuple(one for one in segments if one.parts), query


def _no_address(place: str) -> SourceError:
    fix = "as in https://api.inst1.example.com/v3/users"
    return SourceError("the address of a request has no host", code=ADDRESS, where=place, fix=fix)


def _signed(
    item: Item, variables: Variables, place: str
) -> tuple[list[tuple[str, Template]], list[tuple[Template, Template]], Grant | None]:
    """The headers, the query and the grant by which a request signs in.  Raises SourceError for another way."""
    auth = item.auth or Auth("noauth")
    held = auth.values
    if auth.lists:
        raise beyond(item.place, f"a sign-in with {', '.join(auth.lists)}")
    match auth.kind:
        case "noauth":
            return [], [], None
        case "bearer":
            return [_shown("Bearer", held.get("token", ""), variables, place)], [], None
        case "basic":
            name, password = (variables.settled(held.get(word, ""), place, f"the {word} to sign in with")
                              for word in ("username", "password"))  # fmt: skip
            shown = base64.b64encode(f"{name}:{password}".encode()).decode()
            return [("authorization", Template((f"Basic {shown}",)))], [], None
        case "apikey":
            key = Pair(variables.settled(held.get("key", ""), place, "the name of the API key"), held.get("value", ""))
            value = variables.template(key.value, place)
            if held.get("in", held.get("addTo")) in ("query", "queryparams"):
                return [], [(Template((key.name,)), value)], None
            return [(key.name.casefold(), value)], [], None
        case "oauth2":
            return _granted(item, held, variables, place)
        case _:
            raise beyond(item.place, f"a sign-in of the kind {auth.kind}")


def _shown(prefix: str, token: str, variables: Variables, place: str) -> tuple[str, Template]:
    return "authorization", variables.template(f"{prefix} {token}".lstrip(), place)


def _granted(
    item: Item, held: Mapping[str, str], variables: Variables, place: str
) -> tuple[list[tuple[str, Template]], list[tuple[Template, Template]], Grant | None]:
    if held.get("addTokenTo", "header") != "header":
        raise beyond(item.place, "a token in its address, where logs would keep it")
    prefix = held.get("headerPrefix", "Bearer").strip()
    if held.get("accessToken"):
        return [_shown(prefix, held["accessToken"], variables, place)], [], None
    if held.get("grant_type", held.get("grantType", "")) != "client_credentials":
        raise beyond(item.place, "a sign-in that needs a person at a browser")
    words = ("accessTokenUrl", "clientId", "clientSecret")
    url, client, secret = (variables.settled(held.get(word, ""), place, word) for word in words)
    asks = {word: variables.settled(held[word], place, word) for word in _ASKED if held.get(word)}
    return [], [], Grant(url, client, Secret(secret), asks, held.get("client_authentication") == "body", prefix)


def _filling(cells: Mapping[str, str], operation: str) -> Fill:
    def fill(place: Cell | Derived) -> str:
        return cells.get(place.header, "") if isinstance(place, Cell) else place.made(operation)

    return fill


def _kept(text: str) -> str:
    return quote(text, safe=_PLAIN)


def _line(text: str) -> str:
    if not text.isprintable():
        raise Unfit("a cell with a line break or another unprintable character stands in a header")
    return text


def _shape(template: Template) -> Sequence[object]:
    return [part if isinstance(part, str) else [type(part).__name__, getattr(part, "header", "")]
            for part in template.parts]  # fmt: skip
