"""Every call of the SCIM door as its clients see it."""

from collections.abc import Iterator, Mapping
from typing import Final

from keyturn.core.outcomes import Reason
from keyturn.dialects.scim.wire import BASE, BULK, FAULTS, KIND, LIST, OPERATION_HEADER, PATCH_OP, SEARCH
from keyturn.dialects.scim.wire_shapes import BULK_ANSWER, GROUP, INDEX, SHAPES, USER
from keyturn.http.described import (
    OPERATION,
    TEXT,
    Answer,
    Api,
    Body,
    Call,
    NotServed,
    Parameter,
    one_of,
    shape,
)

_KINDS: Final = (KIND, "application/json")
_OPERATION: Final = Parameter(
    OPERATION_HEADER, "A repeat within 24 hours gets the first answer again.", OPERATION, "header"
)
_ID: Final = "2819c223-7f76-453a-919d-413861904646"
_SEEN: Final = (
    Parameter("attributes", "Only these attributes, with commas."),
    Parameter("excludedAttributes", "All but these attributes, with commas."),
)
_LISTED: Final = (
    Parameter("filter", 'For example `userName eq "amal"`.'),
    Parameter("sortBy", "An attribute."),
    Parameter("sortOrder", "Which way.", one_of("ascending", "descending")),
    Parameter("startIndex", "The first to show; the first of all is 1.", INDEX),
    Parameter("count", "How many at most, up to 1,000.", INDEX),
    *_SEEN,
)
_IF_MATCH: Final = Parameter("if-match", "Only if the resource has this version still.", TEXT, "header")
_IF_NONE: Final = Parameter("if-none-match", "Only if the resource has another version.", TEXT, "header")

_USER: Final[Mapping[str, object]] = {
    "schemas": [USER],
    "userName": "amal",
    "name": {"givenName": "Amal", "familyName": "Haddad"},
    "emails": [{"value": "amal@example.com", "type": "work", "primary": True}],
    "active": True,
}
_GROUP: Final[Mapping[str, object]] = {"schemas": [GROUP], "displayName": "Helpdesk", "members": [{"value": _ID}]}
_PATCH: Final[Mapping[str, object]] = {
    "schemas": [PATCH_OP],
    "Operations": [{"op": "replace", "path": "active", "value": False}],
}
_RENAME: Final[Mapping[str, object]] = {
    "schemas": [PATCH_OP],
    "Operations": [{"op": "replace", "path": "displayName", "value": "Desk"}],
}
_NOTHING: Final = Answer("Done; there is no body.")
_SAME: Final = Answer("It has the version that is known already; there is no body.")
_ODD: Final = frozenset({Reason.INVALID})
_STALE: Final = frozenset({Reason.STALE_VERSION})
_GROUPS: Final = frozenset({Reason.NO_SUCH_GROUP, Reason.EXISTS, Reason.INVALID, Reason.NO_SUCH_USER})
_SORTED: Final = {501: "Users and groups together cannot be sorted."}
_HEADERS: Final = {"etag": "The version.", "location": "Where it is."}
_OF_GROUPS: Final = ("group.create", "group.read", "group.update", "group.delete")
_CHANGE_USER: Final = ("user.read", "user.update", "user.status", "password.reset")


def _found(example: Mapping[str, object]) -> Answer:
    body = {"schemas": [LIST], "totalResults": 1, "Resources": [{**example, "id": _ID}]}
    return Answer("A page of the list.", shape("List"), body, KIND)


def _one(name: str, example: Mapping[str, object]) -> Answer:
    return Answer(f"The {name.lower()}.", shape(name), {**example, "id": _ID}, KIND, {"etag": "The version."})


def _made(name: str, example: Mapping[str, object]) -> Answer:
    return Answer(f"The {name.lower()}.", shape(name), {**example, "id": _ID}, KIND, _HEADERS)


def _search(path: str, example: Mapping[str, object], *needs: str) -> Call:
    body = {"schemas": [SEARCH], "filter": 'userName eq "amal"', "count": 10}
    return Call("POST", path + "/.search", "Search with a body", {200: _found(example)}, needs=needs,
                body=Body(shape("Search"), body, _KINDS), refuses=_ODD, also=_SORTED)  # fmt: skip


def _changes(path: str, name: str, example: Mapping[str, object], patch: Mapping[str, object],
             needs: tuple[str, ...], refuses: frozenset[Reason]) -> Iterator[Call]:  # fmt: skip
    shown, word = _one(name, example), name.lower()
    yield Call("PUT", path, f"Replace a {word}", {200: shown}, needs=needs, refuses=refuses | _STALE,
               parameters=(_IF_MATCH, _OPERATION, *_SEEN),
               body=Body(shape(f"Sent{name}"), example, _KINDS))  # fmt: skip
    yield Call("PATCH", path, f"Change parts of a {word}", {200: shown, 204: _NOTHING}, needs=needs,
               refuses=refuses | _STALE, parameters=(_IF_MATCH, _OPERATION, *_SEEN),
               body=Body(shape("Patch"), patch, _KINDS))  # fmt: skip


def _resources(path: str, name: str, example: Mapping[str, object], patch: Mapping[str, object],
               change: tuple[str, ...], refuses: frozenset[Reason]) -> Iterator[Call]:  # fmt: skip
    word, one = name.lower(), path + "/{id}"
    yield Call("GET", path, f"List {word}s", {200: _found(example)}, needs=(f"{word}.list",), parameters=_LISTED,
               refuses=_ODD, also=_SORTED)  # fmt: skip
    yield Call("POST", path, f"Create a {word}", {201: _made(name, example)}, needs=(f"{word}.create",),
               parameters=(_OPERATION, *_SEEN), refuses=refuses,
               body=Body(shape(f"Sent{name}"), example, _KINDS))  # fmt: skip
    yield _search(path, example, f"{word}.list")
    yield Call("GET", one, f"Read a {word}", {200: _one(name, example), 304: _SAME}, needs=(f"{word}.read",),
               parameters=(_IF_NONE, *_SEEN), refuses=_ODD)  # fmt: skip
    yield from _changes(one, name, example, patch, change, refuses)
    yield Call("DELETE", one, f"Delete a {word}", {204: _NOTHING}, needs=(f"{word}.read", f"{word}.delete"),
               parameters=(_IF_MATCH, _OPERATION), refuses=refuses | _STALE)  # fmt: skip


_ME: Final = (
    Call("GET", BASE + "/Me", "Read the one who asks", {200: _one("User", _USER), 304: _SAME}, needs=("user.read",),
         parameters=(_IF_NONE, *_SEEN), refuses=_ODD | {Reason.NO_SUCH_USER}),
    *_changes(BASE + "/Me", "User", _USER, _PATCH, ("user.read", "password.change", "user.update", "user.status"),
              _ODD | {Reason.NO_SUCH_USER}),
    Call("DELETE", BASE + "/Me", "Delete the one who asks", {204: _NOTHING}, needs=("user.read", "user.delete"),
         parameters=(_IF_MATCH, _OPERATION), refuses=_STALE | {Reason.NO_SUCH_USER}),
)  # fmt: skip

_BULK: Final = Call(
    "POST",
    BASE + "/Bulk",
    "Create, change and delete many",
    {200: Answer("What became of each.", shape("BulkAnswer"),
                 {"schemas": [BULK_ANSWER], "Operations": [{"method": "POST", "bulkId": "a", "status": "201"}]}, KIND)},
    needs=("user.create", *_CHANGE_USER, "user.delete", *_OF_GROUPS),
    body=Body(
        shape("Bulk"),
        {"schemas": [BULK], "Operations": [{"method": "POST", "path": "/Users", "bulkId": "a", "data": _USER}]},
        _KINDS,
    ),
    refuses=_ODD,
    each=True,
)  # fmt: skip


def _described(path: str, words: str) -> Iterator[Call]:
    shown = Answer("What there is.", shape("List"), {"schemas": [LIST], "totalResults": 0, "Resources": []}, KIND)
    yield Call("GET", BASE + path, f"The {words}", {200: shown})
    one = Answer("What it is.", shape("Resource"), {"schemas": [USER], "id": "User"}, KIND)
    yield Call("GET", BASE + path + "/{id}", f"One of the {words}", {200: one})


_CALLS: Final = (
    Call("GET", BASE, "List users, then groups", {200: _found(_USER)}, needs=("user.list",), parameters=_LISTED,
         refuses=_ODD, also=_SORTED),
    _search(BASE, _USER, "user.list"),
    *_resources(BASE + "/Users", "User", _USER, _PATCH, _CHANGE_USER, _ODD),
    *_resources(BASE + "/Groups", "Group", _GROUP, _RENAME, ("group.read", "group.update"), _GROUPS),
    *_ME,
    _BULK,
    Call("GET", BASE + "/ServiceProviderConfig", "What this server can do",
         {200: Answer("Abilities.", shape("Resource"), {"schemas": [USER]}, KIND)}, anybody=True),
    *_described("/ResourceTypes", "kinds of resources"),
    *_described("/Schemas", "schemas"),
)  # fmt: skip

NOT_SERVED: Final[tuple[NotServed, ...]] = ()
"""RFC 7644 asks for nothing that is not answered."""

API: Final = Api(
    name="scim",
    title="SCIM 2.0",
    text="Users and groups by the standard, with the enterprise extension.",
    calls=_CALLS,
    faults=FAULTS,
    error=shape("Error"),
    ways={"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}},
    usual=("bearer", "basic"),
    shapes=SHAPES,
    not_served=NOT_SERVED,
    kind=KIND,
)
