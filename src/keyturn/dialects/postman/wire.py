"""Reads a collection of Postman's, schema v2.0 or v2.1, as the requests that it holds.  Pure.

Sources: the schemas at https://schema.postman.com (collection v2.0.0 and v2.1.0), read 2026-11-29.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from keyturn.core.errors import SourceError

FOREIGN: Final = "KT-COL-001"
BEYOND: Final = "KT-COL-002"

_NO_BODY: Final = ("", "none")
_FILE_BODIES: Final = ("file", "graphql")


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its value, as they are written: of a header, of a query, of a form."""

    name: str
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Auth:
    """How a request signs in.  kind: `bearer`, `basic`, `apikey`, `oauth2`, `noauth` or one that is not served.

    lists: the names of what is no text but a list, such as more parameters for the token.
    """

    kind: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A script that would run before or after a request.  place: where it is, for people."""

    place: str
    text: str
    after: bool


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent.  mode: `raw`, `urlencoded` or `formdata`.  beyond: what of it is never sent here, in words."""

    mode: str
    raw: str = field(default="", repr=False)
    fields: tuple[Pair, ...] = ()
    language: str = ""
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A request with what it inherits from its folders.  place: its folders and its name."""

    place: tuple[str, ...]
    method: str
    url: str = field(repr=False)
    query: tuple[Pair, ...] = ()
    headers: tuple[Pair, ...] = ()
    body: Body | None = None
    auth: Auth | None = None
    scripts: tuple[Script, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.place[-1]

    def texts(self) -> Iterator[str]:
        """Everything of it in which variables may stand."""
        yield self.url
        body = self.body or Body("")
        for pair in (*self.query, *self.headers, *body.fields):
            yield pair.name
            yield pair.value
        yield body.raw
        yield from (self.auth or Auth("")).values.values()


@dataclass(frozen=True, slots=True)
class Collection:
    """Requests in their order, and variables with their values.  sha256: of the files that it was read from."""

    name: str
    items: tuple[Item, ...]
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Inherited:
    """What folders hand down."""

    place: tuple[str, ...] = ()
    auth: Auth | None = None
    scripts: tuple[Script, ...] = ()


def read_collection(value: object) -> Collection:
    """The collection that a JSON value is.  Raises SourceError for anything else."""
    outer = as_object(value)
    inner = outer.get("collection", outer)  # as the vendor's own API hands it out
    root = as_object(inner)
    info = as_object(root.get("info"))
    if not isinstance(root.get("item"), list) or not info:
        raise SourceError(
            "this is no collection of Postman's",
            code=FOREIGN,
            why="a collection of schema v2.0 or v2.1 has info and item; one of v3 is a folder",
            fix="export the collection again as v2.1",
        )
    top = Inherited(auth=read_auth(root.get("auth")), scripts=_scripts(root, "the collection"))
    return Collection(as_text(info.get("name")), tuple(_items(root, top)), read_variables(root.get("variable")))


def read_variables(value: object) -> Mapping[str, str]:
    """Names and values of a list of variables, in any of the vendor's forms; what is disabled is left out."""
    found = {}
    for one in as_list(value):
        if isinstance(one, Mapping) and _is_on(one):
            name = as_text(one.get("key", one.get("id", one.get("name"))))
            if name:
                found[name] = as_text(one.get("value", one.get("initial")))
    return found


def read_environment(value: object) -> Mapping[str, str]:
    """The variables of an environment or of the globals.  Raises SourceError for anything else."""
    root = as_object(value)
    values = root.get("values", root.get("variables"))
    if not isinstance(values, list):
        text = "this is no environment of Postman's"
        raise SourceError(text, code=FOREIGN, why="it has no list of values", fix="export the environment again")
    return read_variables(values)


def _items(folder: Mapping[str, object], above: Inherited) -> Iterator[Item]:
    for one in as_list(folder.get("item")):
        item = as_object(one)
        name = as_text(item.get("name")) or "(no name)"
        place = (*above.place, name)
        label = " / ".join(place)
        scripts = (*above.scripts, *_scripts(item, label))
        if "request" in item:
            yield _item(item["request"], Inherited(place, above.auth, scripts))
        else:
            own = read_auth(item.get("auth"))
            yield from _items(item, Inherited(place, own or above.auth, scripts))


def _item(value: object, inherited: Inherited) -> Item:
    request = {"url": value} if isinstance(value, str) else as_object(value)
    url, query = _url(request.get("url"))
    return Item(
        inherited.place,
        as_text(request.get("method")).upper() or "GET",
        url,
        query,
        _headers(request.get("header")),
        _body(request.get("body")),
        read_auth(request.get("auth")) or inherited.auth,
        inherited.scripts,
    )


def _url(value: object) -> tuple[str, tuple[Pair, ...]]:
    """The address without its query, and the query."""
    if isinstance(value, str):
        return split_query(value)
    parts = as_object(value)
    text, query = split_query(as_text(parts.get("raw")))
    host = _joined(parts.get("host"), ".")
    if host:
        protocol, port = as_text(parts.get("protocol")), as_text(parts.get("port"))
        text = f"{protocol}://{host}" if protocol else host
        text += f":{port}" if port else ""
        path = _joined(parts.get("path"), "/").removeprefix("/")
        text += f"/{path}" if path else ""
    if isinstance(parts.get("query"), list):
        query = pairs_of(parts.get("query"))
    return placed(text, parts.get("variable")), query


def placed(url: str, variables: object) -> str:
    """An address with its path variables put in: `:id` is what the list says for `id`."""
    for name, filled in read_variables(variables).items():
        url = "/".join(filled if segment == f":{name}" else segment for segment in url.split("/"))
    return url


def split_query(url: str) -> tuple[str, tuple[Pair, ...]]:
    """An address and the pairs behind its `?`; what stands behind `#` is never sent."""
    text, _, query = url.partition("#")[0].partition("?")
    pairs = (one.partition("=") for one in query.split("&") if one)
    return text, tuple(Pair(name, value) for name, _, value in pairs)


def _joined(value: object, sign: str) -> str:
    if isinstance(value, str):
        return value
    parts = (as_text(one.get("value")) if isinstance(one, Mapping) else as_text(one) for one in as_list(value))
    return sign.join(parts)


def _headers(value: object) -> tuple[Pair, ...]:
    """Headers as a list, or as v2.0 may write them: one text with a line each."""
    if isinstance(value, str):
        lines = (line.partition(":") for line in value.splitlines() if ":" in line)
        return tuple(Pair(name.strip(), text.strip()) for name, _, text in lines)
    return pairs_of(value)


def pairs_of(value: object) -> tuple[Pair, ...]:
    """The pairs of a list that are not disabled."""
    return tuple(
        Pair(as_text(one.get("key", one.get("name"))), as_text(one.get("value")))
        for one in as_list(value)
        if isinstance(one, Mapping) and _is_on(one) and (one.get("key", one.get("name")) or one.get("value"))
    )


def _body(value: object) -> Body | None:
    body = as_object(value)
    mode = as_text(body.get("mode"))
    if mode in _NO_BODY or body.get("disabled") in (True, "true"):
        return None
    if mode in _FILE_BODIES:
        return Body(mode, beyond=f"a body of mode {mode}")
    if mode == "raw":
        language = as_text(as_object(as_object(body.get("options")).get("raw")).get("language"))
        return Body(mode, as_text(body.get("raw")), language=language) if body.get("raw") else None
    return form_of(mode, body.get(mode))


def form_of(mode: str, fields: object) -> Body:
    """A form with the fields of a list."""
    files = any(isinstance(one, Mapping) and one.get("type") == "file" and _is_on(one) for one in as_list(fields))
    return Body(mode, fields=pairs_of(fields), beyond="a form that sends a file" if files else "")


def beyond(place: Sequence[str], what: str) -> SourceError:
    """The error for a request that is to be run and asks for what is not done here."""
    return SourceError(
        f"the request {place[-1]} has {what}, which keyturn does not send",
        code=BEYOND,
        where=" / ".join(place),
        fix="name the requests to run with --folder, and leave this one out",
    )


def read_auth(value: object) -> Auth | None:
    """v2.1 writes the values as a list of pairs, v2.0 as an object.  None: nothing is said, so it is inherited."""
    auth = as_object(value)
    kind = as_text(auth.get("type"))
    if not kind or kind == "inherit":
        return None
    held = auth.get(kind, auth.get("credentials"))
    if not isinstance(held, Mapping):
        held = {as_text(one.get("key")): one.get("value") for one in as_list(held) if isinstance(one, Mapping)}
    lists = tuple(name for name, value in held.items() if isinstance(value, list) and value)
    return Auth(kind, {name: as_text(value) for name, value in held.items()}, lists)


def _scripts(item: Mapping[str, object], place: str) -> tuple[Script, ...]:
    found = []
    for one in as_list(item.get("event")):
        event = as_object(one)
        lines = as_object(event.get("script")).get("exec")
        text = lines if isinstance(lines, str) else "\n".join(as_text(line) for line in as_list(lines))
        if text.strip() and _is_on(event):
            after = as_text(event.get("listen")) == "test"
            found.append(Script(f"{place}, {'tests' if after else 'pre-request script'}", text, after))
    return tuple(found)


def _is_on(one: Mapping[str, object]) -> bool:
    return one.get("disabled") not in (True, "true") and one.get("enabled") not in (False, "false")


def as_object(value: object) -> Mapping[str, object]:
    """An object; an empty one for everything else."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> Sequence[object]:
    """A list; an empty one for everything else."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A text; a number or a truth as JSON writes it; empty for everything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
