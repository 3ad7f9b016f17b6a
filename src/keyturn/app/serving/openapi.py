"""OpenAPI 3.1 documents, made from what each door says of its calls."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from keyturn import __version__
from keyturn.api.manual import Manual
from keyturn.api.wire_api import API as OURS
from keyturn.app.doors import DOORS
from keyturn.http.described import Answer, Api, Body, Call, Parameter, Schema, either, refusals, varying
from keyturn.http.faults import Fault
from keyturn.http.json import BATCH, SINGLE

_WALL: Final[Mapping[int, str]] = {
    400: "The request cannot be read.",
    405: "The address does not take this method; `Allow` names those that it takes.",
    408: "The body took too long to arrive.",
    413: "The body is too large.",
    415: "The body is of a kind that is not taken here.",
    500: "An unexpected error; the log names the request by `x-request-id`.",
    503: "It cannot be done now; try again after `Retry-After` seconds.",
}
"""What the outermost layer answers before and after any call."""

_OF_BODIES: Final = frozenset({408, 413, 415})
_EVERYWHERE: Final = (
    "Bodies are JSON in UTF-8 of at most {most}, at most 32 levels deep, with no name twice in an object, no number "
    "beyond 64 bits, and no text that holds U+0000."
)
_SHARED: Final = frozenset({405, 408, 413, 415, 500})
_WAITS: Final = frozenset({429, 503})
_WAIT: Final = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
_ALLOW: Final = {"description": "The methods that the address takes.", "schema": {"type": "string"}}


def document(api: Api) -> dict[str, object]:
    """The OpenAPI document of a door."""
    paths: dict[str, dict[str, object]] = {}
    for call in api.calls:
        paths.setdefault(_plain(call.path), {})[call.method.lower()] = _operation(call, api)
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": __version__, "description": f"{api.text}\n\n{_of_bodies(api)}"},
        "servers": [_server(place) for place in api.places],
        "paths": paths,
        "components": {"responses": _of_the_wall(api), "schemas": dict(api.shapes), "securitySchemes": dict(api.ways)},
    }


def written(api: Api) -> bytes:
    """The document as a file."""
    return (json.dumps(document(api), indent=1, ensure_ascii=False) + "\n").encode()


@cache
def manuals() -> Mapping[str, Manual]:
    """The documents of all doors, our own first."""
    apis = [OURS, *(door.api for door in DOORS.values())]
    return {api.name: Manual(api.title, written(api)) for api in apis}


def _of_bodies(api: Api) -> str:
    batches = any(door.batches for door in DOORS.values() if door.api is api)
    return _EVERYWHERE.format(most=f"{BATCH // 1024**2} MiB" if batches else f"{SINGLE // 1024} KiB")


def _plain(path: str) -> str:
    """A path without the names of Starlette's convertors: `{id:path}` is `{id}`."""
    return re.sub(r":\w+}", "}", path)


def _server(place: str) -> dict[str, object]:
    names = varying(place)
    variables = {"variables": {name: {"default": "default"} for name in names}} if names else {}
    return {"url": place or "/", **variables}


def _operation(call: Call, api: Api) -> dict[str, object]:
    said: dict[str, object] = {"operationId": _name(call), "summary": call.summary}
    if call.invented:
        said["description"] = "The vendor publishes no such call."
    parameters = [_parameter(each) for each in _parameters(call)]
    if parameters:
        said["parameters"] = parameters
    if call.body is not None:
        said["requestBody"] = _body(call.body)
    said["responses"] = {str(status): answer for status, answer in sorted(_answers(call, api).items())}
    said["security"] = [] if call.anybody else [_way(way, call, api) for way in call.ways or api.usual]
    if call.needs:
        said["x-needs"] = [*call.needs]
    return said


def _name(call: Call) -> str:
    words = re.findall(r"\w+", _plain(call.path))
    return "_".join([call.method.lower(), *words])


def _way(way: str, call: Call, api: Api) -> dict[str, list[str]]:
    return {way: [call.scope] if call.scope and api.ways[way].get("type") == "oauth2" else []}


def _parameters(call: Call) -> Iterator[Parameter]:
    told = {each.name: each for each in call.parameters if each.where == "path"}
    for name in varying(call.path):
        yield told.get(name, Parameter(name, "", {"type": "string", "minLength": 1}, "path", needed=True))
    yield from (each for each in call.parameters if each.where != "path")


def _parameter(parameter: Parameter) -> dict[str, object]:
    text = {"description": parameter.text} if parameter.text else {}
    needed = {"required": True} if parameter.needed else {}
    return {"name": parameter.name, "in": parameter.where, **text, **needed, "schema": parameter.schema}


def _body(body: Body) -> dict[str, object]:
    content = {kind: _media(body.schema, body.example) for kind in body.kinds}
    return {"required": body.needed, "content": content}


def _media(schema: Schema, example: object) -> dict[str, object]:
    return {"schema": schema, "examples": {"usual": {"value": example}}}


def _answers(call: Call, api: Api) -> dict[int, dict[str, object]]:
    """Every answer that a call can have; what the call says itself goes before what follows from it."""
    answers = {status: _said_no(status, texts, call, api) for status, texts in _texts(call, api)}
    return answers | {status: _answer(answer) for status, answer in call.answers.items()}


def _said_no(status: int, texts: list[str], call: Call, api: Api) -> dict[str, object]:
    if status in _SHARED and texts == [_WALL[status]]:
        return {"$ref": f"#/components/responses/Status{status}"}
    return _refusal(status, texts, _shape_of_errors(call, api), api, pages=status in call.pages)


def _of_the_wall(api: Api) -> dict[str, object]:
    """The answers that say the same of every call."""
    return {f"Status{status}": _refusal(status, [_WALL[status]], api.error, api) for status in sorted(_SHARED)}


def _texts(call: Call, api: Api) -> Iterable[tuple[int, list[str]]]:
    found: dict[int, list[str]] = {}
    for status, text in _WALL.items():
        if call.body is not None or status not in _OF_BODIES:
            found.setdefault(status, []).append(text)
    for status, faults in refusals(call, api).items():
        found.setdefault(status, []).extend(_said(fault) for fault in faults)
    for status, text in (*call.also.items(), *call.pages.items()):
        found.setdefault(status, []).append(text)
    return found.items()


def _said(fault: Fault) -> str:
    return f"`{fault.code}` {fault.text}".strip()


def _answer(answer: Answer) -> dict[str, object]:
    said: dict[str, object] = {"description": answer.text}
    if answer.headers:
        headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()}
        said["headers"] = headers
    if answer.schema is not None:
        said["content"] = {answer.kind: _media(answer.schema, answer.example)}
    return said


def _refusal(status: int, texts: list[str], shape: Schema, api: Api, *, pages: bool = False) -> dict[str, object]:
    said: dict[str, object] = {"description": "\n\n".join(dict.fromkeys(texts))}
    if status in _WAITS:
        said["headers"] = {"Retry-After": _WAIT}
    if status == 405:
        said["headers"] = {"Allow": _ALLOW}
    if status not in api.bare:
        content: dict[str, object] = {api.kind: {"schema": shape}}
        if pages:
            content["text/html"] = {"schema": {"type": "string"}}
        said["content"] = content
    return said


def _shape_of_errors(call: Call, api: Api) -> Schema:
    """What the outermost layer answers has the door's shape, whatever the call's own is."""
    return api.error if call.error is None else either(call.error, api.error)
