"""A route as a client sees it, as data: the OpenAPI documents, the pages of what is served and tests read it.  Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from keyturn.core.outcomes import Reason
from keyturn.http.faults import Fault, FaultTable

Schema: TypeAlias = Mapping[str, object]
"""A JSON Schema, 2020-12, as plain values."""

JSON: Final = "application/json"

ANYTHING: Final[Schema] = {}
TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1}
SECRET: Final[Schema] = {"type": "string", "format": "password"}
FLAG: Final[Schema] = {"type": "boolean"}
SWITCH: Final[Schema] = {"type": "string", "enum": ["true", "false", "True", "False", "1", "0", ""]}
"""A boolean in an address: in any letter case, or a digit; empty is false."""

OPERATION: Final[Schema] = {"type": "string", "maxLength": 255}
"""What names an operation: the value of `Idempotency-Key`; empty is none."""

WHOLE: Final[Schema] = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
OBJECT: Final[Schema] = {"type": "object"}


def members(properties: Mapping[str, Schema], *needed: str, closed: bool = False) -> Schema:
    """An object.  needed: members that must be there; closed: there may be no others."""
    schema: dict[str, object] = {"type": "object", "properties": dict(properties)}
    if needed:
        schema["required"] = [*needed]
    if closed:
        schema["additionalProperties"] = False
    return schema


def many(schema: Schema) -> Schema:
    """A list of them."""
    return {"type": "array", "items": schema}


def named(schema: Schema) -> Schema:
    """An object whose names are free and whose values are alike."""
    return {"type": "object", "additionalProperties": schema}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return either(schema, {"type": "null"})


def either(*schemas: Schema) -> Schema:
    """One of these at least."""
    return {"anyOf": [*schemas]}


def one_of(*values: object) -> Schema:
    """One of these values."""
    return {"enum": [*values]}


def shape(name: str) -> Schema:
    """The schema of this name among `Api.shapes`."""
    return {"$ref": f"#/components/schemas/{name}"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What stands in the address or in a header.  where: `query`, `path` or `header`."""

    name: str
    text: str
    schema: Schema = field(default_factory=lambda: TEXT)
    where: str = "query"
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent.  kinds: media types that are taken, each with the same schema."""

    schema: Schema
    example: object
    kinds: tuple[str, ...] = (JSON,)
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered when it went well.  schema None: there is no body.  headers: name and what it says."""

    text: str
    schema: Schema | None = None
    example: object = None
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one path.

    path: exactly as the route has it, `{id}` for what varies.  needs: the rows of `core.permissions.NEEDS` that decide
    it; none means that everybody signed in may do it to or about themselves, or, with `anybody`, that nobody has to be
    signed in.  scope: what a client's token must be for.  ways: names of `Api.ways` where they are not `Api.usual`.
    invented: the vendor publishes no such call.

    answers: by status, without refusals: those follow from `needs`, from `refuses` (further reasons that it may give)
    and from the door.  also: further statuses in the shape of a refusal; pages: statuses that come with a page for
    people; each with what it says.  each: carries many users and tells in its answer what became of each.  error: the
    shape of its refusals where it is not the door's.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    needs: tuple[str, ...] = ()
    scope: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    anybody: bool = False
    refuses: frozenset[Reason] = frozenset()
    also: Mapping[int, str] = field(default_factory=dict)
    each: bool = False
    pages: Mapping[int, str] = field(default_factory=dict)
    error: Schema | None = None
    ways: tuple[str, ...] = ()
    invented: bool = False


@dataclass(frozen=True, slots=True)
class NotServed:
    """A call that the vendor documents and we do not answer, and why."""

    method: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Api:
    """All that one door answers.

    name: of the door.  faults: how it writes a reason.  error: the shape of its refusals; kind: their media type.
    ways: OpenAPI security schemes by name; usual: the names of those that calls take unless they say otherwise, any one
    of which will do.  shapes: schemas by the name that `shape` refers to.  places: what the paths of calls may have in
    front, the plainest first.  bare: statuses of refusals that have no body.
    """

    name: str
    title: str
    text: str
    calls: tuple[Call, ...]
    faults: FaultTable
    error: Schema
    ways: Mapping[str, Schema]
    usual: tuple[str, ...]
    shapes: Mapping[str, Schema] = field(default_factory=dict)
    not_served: tuple[NotServed, ...] = ()
    kind: str = JSON
    places: tuple[str, ...] = ("",)
    bare: frozenset[int] = frozenset()


PASSWORD: Final = frozenset({
    Reason.TOO_SHORT, Reason.TOO_LONG, Reason.TOO_COMMON, Reason.UNUSABLE_CHARACTER, Reason.POLICY,
})  # fmt: skip
"""What a new password can be refused for."""

_TAKEN: Final = frozenset({Reason.EXISTS, Reason.RESERVED})
_ODD: Final = frozenset({Reason.INVALID, Reason.UNSUPPORTED})
_AGAIN: Final = frozenset({Reason.OPERATION_REUSED})
_LAST: Final = frozenset({Reason.LAST_ADMINISTRATOR})
_MISSING: Final = frozenset({Reason.NO_SUCH_USER})

REASONS: Final[Mapping[str, frozenset[Reason]]] = {
    "user.create": PASSWORD | _TAKEN | _ODD | _AGAIN | {Reason.NO_MAIL_ADDRESS, Reason.NO_SUCH_GROUP},
    "user.update": _MISSING | _TAKEN | _ODD | _LAST | _AGAIN | {Reason.STALE_VERSION, Reason.NO_SUCH_GROUP},
    "user.status": _MISSING | _ODD | _LAST | _AGAIN,
    "user.delete": _MISSING | _ODD | _LAST | _AGAIN,
    "password.reset": _MISSING | PASSWORD | _ODD | _AGAIN | {
        Reason.NO_MAIL_ADDRESS, Reason.NOT_ACTIVE, Reason.SAME_PASSWORD,
    },
    "password.change": _MISSING | PASSWORD | _ODD | _AGAIN | {
        Reason.WRONG_PASSWORD, Reason.SAME_PASSWORD, Reason.NO_PASSWORD, Reason.NOT_ACTIVE,
    },
    "grant.write": _MISSING | _ODD | _AGAIN,
    "group.create": _TAKEN | _ODD | _LAST | _AGAIN,
    "group.update": _TAKEN | _ODD | _LAST | _AGAIN | {Reason.NO_SUCH_GROUP, Reason.STALE_VERSION},
    "group.delete": _LAST | _AGAIN | {Reason.NO_SUCH_GROUP},
    "tenant.create": _TAKEN | _ODD | _AGAIN,
    "tenant.update": _TAKEN | _ODD | _AGAIN | {Reason.NO_SUCH_TENANT},
    "tenant.appoint": _MISSING | _AGAIN | {Reason.NO_SUCH_TENANT},
    "key.create": _ODD,
    "key.update": _MISSING | _ODD,
    "key.revoke": _MISSING,
}  # fmt: skip
"""Why an operation may be refused, beside what every call may answer; one without a row here adds nothing."""


def refusals(call: Call, api: Api) -> Mapping[int, tuple[Fault, ...]]:
    """The refusals of a call as its door writes them, by status: who asks, what, and the moment."""
    reasons = {Reason.INVALID, Reason.BUSY} | call.refuses
    if not call.anybody:
        reasons |= {Reason.NOT_SIGNED_IN}
    if call.needs or call.scope:
        reasons |= {Reason.NOT_ALLOWED}
    if varying(call.path) and not call.each:
        reasons |= {Reason.NO_SUCH_USER}
    for operation in call.needs if not call.each else ():
        reasons |= REASONS.get(operation, frozenset())
    found: dict[int, list[Fault]] = {}
    for fault in _unique(api.faults.of(reason) for reason in Reason if reason in reasons):
        found.setdefault(fault.status, []).append(fault)
    return {status: tuple(faults) for status, faults in sorted(found.items())}


def varying(path: str) -> tuple[str, ...]:
    """The names in braces, in their order."""
    return tuple(re.findall(r"{(\w+)", path))


def _unique(faults: Iterable[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
