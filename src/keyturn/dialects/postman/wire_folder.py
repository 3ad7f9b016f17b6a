"""Reads a collection of schema v3, which is a folder with a YAML file for each request.  Pure: it is handed the values.

Sources, read 2026-11-29: https://learning.postman.com/docs/collections/collections-schemas and the page
`skills/collection-schema-v3` of https://github.com/postmanlabs/postman-plugin, the vendor's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import (
    FOREIGN,
    Auth,
    Body,
    Collection,
    Inherited,
    Item,
    Pair,
    Script,
    as_list,
    as_object,
    as_text,
    form_of,
    pairs_of,
    placed,
    read_auth,
    read_variables,
    split_query,
)

_TEXTS: Final = ("json", "text", "xml", "html", "javascript")
_FORMS: Final = ("urlencoded", "formdata")
_OF_OTHERS: Final = ("graphql:", "grpc:")
"""What the types of scripts begin with that are for requests of another kind."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a file says of a request or of a folder.  scripts: names of files beside it with scripts of its own."""

    value: Mapping[str, object] = field(default_factory=dict, repr=False)
    scripts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it is on disk.  requests: by the name of their file, without what it ends with."""

    name: str
    definition: Part = field(default_factory=Part)
    requests: Mapping[str, Part] = field(default_factory=dict)
    folders: Sequence["Folder"] = ()


def read_folder(folder: Folder) -> Collection:
    """The collection that a folder is.  Raises SourceError for one without a request."""
    items = tuple(_items(folder, Inherited(), "the collection"))
    if not items:
        raise SourceError(
            "there is no request in the folder",
            code=FOREIGN,
            why="a collection of schema v3 has files that end with .request.yaml",
            fix="name the folder of one collection, as postman/collections/NAME",
        )
    held = folder.definition.value
    return Collection(as_text(held.get("name")) or folder.name, items, read_variables(_rows(held.get("variables"))))


def _items(folder: Folder, above: Inherited, label: str) -> Iterator[Item]:
    """The requests of a folder and of those in it, in the order that the files say, then by name."""
    definition = folder.definition
    scripts = (*above.scripts, *_scripts(definition, label))
    inherited = Inherited(above.place, _auth(definition.value) or above.auth, scripts)
    found: list[tuple[float, str, tuple[Item, ...]]] = []
    for stem, part in folder.requests.items():
        name = as_text(part.value.get("name")) or stem
        found.append((_order(part), name, (_item(part, inherited, name),)))
    for one in folder.folders:
        name = as_text(one.definition.value.get("name")) or one.name
        place = (*above.place, name)
        inner = tuple(_items(one, Inherited(place, inherited.auth, scripts), " / ".join(place)))
        found.append((_order(one.definition), name, inner))
    for _, _, items in sorted(found, key=lambda one: one[:2]):
        yield from items


def _item(part: Part, inherited: Inherited, name: str) -> Item:
    place, request = (*inherited.place, name), part.value
    kind = as_text(request.get("$kind"))
    if kind != "http-request":
        return Item(place, "", "", body=Body("", beyond=f"the kind {kind}" if kind else "no $kind"))
    url, query = _url(request)
    return Item(
        place,
        as_text(request.get("method")).upper() or "GET",
        url,
        query,
        pairs_of(_rows(request.get("headers"))),
        _body(request.get("body")),
        _auth(request) or inherited.auth,
        (*inherited.scripts, *_scripts(part, " / ".join(place))),
    )


def _url(request: Mapping[str, object]) -> tuple[str, tuple[Pair, ...]]:
    """The address and the query; of a name that is in the address and in the list, the list is right."""
    text, query = split_query(as_text(request.get("url")))
    listed = _rows(request.get("queryParams"))
    names = {as_text(as_object(one).get("key")) for one in listed}
    return (
        placed(text, _rows(request.get("pathVariables"))),
        (*(pair for pair in query if pair.name not in names), *pairs_of(listed)),
    )


def _body(value: object) -> Body | None:
    body = as_object(value)
    kind, content = as_text(body.get("type")), body.get("content")
    if not body or kind == "none":
        return None
    if kind in _TEXTS and isinstance(content, str):
        return Body("raw", content, language=kind) if content else None
    if kind in _FORMS and isinstance(content, list | Mapping):
        return form_of(kind, _rows(content))
    return Body(
        kind, beyond=f"a body of type {kind}" if kind and "content" in body else "a body without type or content"
    )


def _auth(held: Mapping[str, object]) -> Auth | None:
    """One way to sign in, also where it stands in a list by itself; of several nobody says here which one it is."""
    value = held.get("auth")
    ways = as_list(value)
    if len(ways) > 1:
        return Auth("that is one of several")
    return read_auth(ways[0] if ways else value)


def _scripts(part: Part, place: str) -> Iterator[Script]:
    for one in as_list(part.value.get("scripts")):
        script = as_object(one)
        kind = as_text(script.get("type"))
        if not kind.startswith(_OF_OTHERS):
            after = kind.removeprefix("http:") == "afterResponse"
            text = as_text(script.get("code")) if "code" in script else "(not in this file)"
            yield Script(f"{place}, {'tests' if after else 'pre-request script'}", text, after)
    for name in part.scripts:
        yield Script(f"{place}, {name}", "(in a file of its own)", after=False)


def _order(part: Part) -> float:
    try:
        return float(as_text(part.value.get("order")))
    except ValueError:
        return inf


def _rows(value: object) -> list[object]:
    """Names and values, which may be written as a mapping or as a list of both."""
    if isinstance(value, Mapping):
        return [{"key": name, "value": text} for name, text in value.items()]
    return list(as_list(value))
