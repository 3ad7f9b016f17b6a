"""The calls of a door as a collection of schema v2.1, for people who go on clicking.  Pure.

Secrets and whatever changes from user to user are variables; everything else is the example of the call.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.http.described import Api, Call, Parameter, varying

SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ADDRESS: Final = "baseUrl"
_SECRETS: Final = {
    "password": "password",
    "newPassword": "password",
    "oldPassword": "oldPassword",
    "currentPassword": "oldPassword",
    "token": "password",
}
"""Members of bodies that hold a secret of a user, and the variable that stands for it."""

_OURS: Final = ("token", "username", "secret", "apikey")
"""Variables for what the caller signs in with."""

_HTTP: Final = {"bearer": [("token", "{{token}}")], "basic": [("username", "{{username}}"), ("password", "{{secret}}")]}
_OF_USERS: Final = ("password", "oldPassword")
_ROWS: Final = (("amal", "Linden-harbour-41", "Copper-meadow-58"), ("jane.doe", "Walnut-river-72", "Granite-field-13"))


@dataclass(frozen=True, slots=True)
class Exported:
    """A collection, the environment that fills it in, and rows for its file."""

    collection: Mapping[str, object]
    environment: Mapping[str, object]
    rows: Sequence[Sequence[str]]


def export(api: Api, url: str) -> Exported:
    """Everything that a door answers, and that clients call with something in it."""
    calls = [call for call in api.calls if not call.anybody or call.body is not None]
    folders: dict[str, list[Mapping[str, object]]] = {}
    for call in calls:
        folders.setdefault(_folder(call), []).append(_item(call, api))
    collection = {
        "info": {"name": api.title, "description": f"{api.text}\n\nMade by keyturn.", "schema": SCHEMA},
        "auth": _auth(api, api.usual),
        "item": [{"name": name, "item": items} for name, items in folders.items()],
        "variable": [{"key": "place", "value": api.places[0]}],
    }
    names = list(dict.fromkeys(name for call in calls for name in varying(call.path)))
    text = json.dumps(collection)
    asked = [name for name in _OF_USERS if f"{{{{{name}}}}}" in text]
    rows = [[*[who] * len(names), *(new, old)[: len(asked)]] for who, new, old in _ROWS]
    secrets = [name for name in _OURS if f"{{{{{name}}}}}" in text]
    values = [{"key": ADDRESS, "value": url, "type": "default", "enabled": True}]
    values += [{"key": name, "value": "", "type": "secret", "enabled": True} for name in secrets]
    return Exported(collection, {"name": f"{api.title}, test", "values": values}, [[*names, *asked], *rows])


def _folder(call: Call) -> str:
    """Calls about the same thing: what the first fixed words of the path say."""
    words = [part for part in call.path.split("/") if part and "{" not in part]
    return " ".join(words[:3]) or "/"


def _item(call: Call, api: Api) -> Mapping[str, object]:
    request: dict[str, object] = {"method": call.method, "header": list(_headers(call)), "url": _url(call)}
    if call.ways:
        request["auth"] = _auth(api, call.ways)
    if call.anybody:
        request["auth"] = {"type": "noauth"}
    if call.body is not None:
        request["header"] = [*_headers(call), {"key": "Content-Type", "value": call.body.kinds[0]}]
        if call.body.kinds[0].endswith("urlencoded") and isinstance(call.body.example, Mapping):
            fields = [{"key": name, "value": str(value)} for name, value in call.body.example.items()]
            request["body"] = {"mode": "urlencoded", "urlencoded": fields}
        else:
            text = json.dumps(_veiled(call.body.example), indent=3, ensure_ascii=False)
            request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {"name": call.summary, "request": request}


def _url(call: Call) -> Mapping[str, object]:
    """What is not needed of the query is there, and off."""
    path = [_segment(part) for part in call.path.split("/") if part]
    asked = [one for one in call.parameters if one.where == "query"]
    query = [
        {"key": one.name, "value": _example(one), "disabled": not one.needed, "description": one.text} for one in asked
    ]
    shown = "&".join(f"{one.name}={_example(one)}" for one in asked if one.needed)
    raw = "/".join([f"{{{{{ADDRESS}}}}}{{{{place}}}}", *path]) + (f"?{shown}" if shown else "")
    return {"raw": raw, "host": [f"{{{{{ADDRESS}}}}}{{{{place}}}}"], "path": path, "query": query}


def _segment(part: str) -> str:
    """`{id}` and `{id:path}` as a variable."""
    for name in varying(part):
        part = part.replace(f"{{{name}:path}}", f"{{{name}}}").replace(f"{{{name}}}", f"{{{{{name}}}}}")
    return part


def _example(one: Parameter) -> str:
    values = one.schema.get("enum")
    return str(values[0]) if isinstance(values, list) and values else ""


def _headers(call: Call) -> Iterator[Mapping[str, object]]:
    yield {"key": "Accept", "value": "application/json"}
    for one in call.parameters:
        if one.where == "header":
            yield {"key": one.name, "value": "", "disabled": True, "description": one.text}


def _veiled(example: object, name: str = "") -> object:
    """The example with a variable for every password and token in it."""
    if isinstance(example, Mapping):
        return {each: _veiled(value, each) for each, value in example.items()}
    if isinstance(example, list | tuple) and name not in _SECRETS:
        return [_veiled(value) for value in example]
    return f"{{{{{_SECRETS[name]}}}}}" if name in _SECRETS and isinstance(example, str) else example


def _auth(api: Api, ways: Sequence[str]) -> Mapping[str, object]:
    """The first way of a door to sign in, with variables for its secrets."""
    way = api.ways[ways[0]]
    if way.get("type") == "apiKey":
        name = "token" if ways[0] == "token" else "apikey"
        held = [("key", str(way["name"])), ("value", f"{{{{{name}}}}}"), ("in", str(way["in"]))]
        return {"type": "apikey", "apikey": _pairs(held)}
    scheme = str(way.get("scheme", "bearer"))
    return {"type": scheme, scheme: _pairs(_HTTP.get(scheme, _HTTP["bearer"]))}


def _pairs(held: Sequence[tuple[str, str]]) -> list[Mapping[str, str]]:
    return [{"key": name, "value": value, "type": "string"} for name, value in held]
