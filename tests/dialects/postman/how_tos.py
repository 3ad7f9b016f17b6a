"""Ten collections made as IBM's and UiPath's how-tos say, or as people go on from there, each with its file of rows.

`compat/test_newman.py` runs them with newman and with keyturn and holds the two against each other; what newman 6.2.2
sent is kept in `newman_sent.json`, against which the ordinary tests hold keyturn.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tests.dialects.postman.kit import TOKEN, collection, item
from tests.support.recording_server import Arrived

SENT = Path(__file__).parent / "newman_sent.json"
"""What newman sent, by the name of the case: `HOST` stands for the server."""

USERS = """\
userid,password,old,role
amal,Linden-harbour-41,Copper-meadow-58,ADMIN
jane.doe,Walnut-river-72,Granite-field-13,USER
m4711x,Barley-canyon-96,Silver-forest-27,USER
zoe@example.com,Quartz-meadow-35,Amber-valley-64,GUEST
"""
_RESET = "{{baseUrl}}/v3/users/{{userid}}/password?emailPassword=true"
_KNOWN = '{\n   "token": "NewUserPasswordHere1c"\n}'
_CHANGE = '{\n"oldPassword": "{{old}}",\n"newPassword": "{{password}}"\n}'
_JSON = [{"key": "Content-Type", "value": "application/json"}]
_BEARER: dict[str, Any] = {"auth": {"type": "bearer", "bearer": [{"key": "token", "value": TOKEN}]}, "header": _JSON}
_BASIC: dict[str, Any] = {
    "auth": {"type": "basic", "basic": [{"key": "username", "value": "adm"}, {"key": "password", "value": "p-1"}]}
}
_MAS: dict[str, Any] = {"header": [{"key": "x-access-token", "value": TOKEN}, *_JSON]}


@dataclass(frozen=True)
class Case:
    """A collection, the flags, and the environment.  book: with `HOST` where the server stands."""

    name: str
    book: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    flags: Sequence[str] = ()

    def lay_out(self, folder: Path, url: str) -> list[str]:
        """Write everything down; the arguments that newman and `keyturn postman run` take alike."""
        book, rows = folder / f"{self.name}.postman_collection.json", folder / "users.csv"
        book.write_text(json.dumps(self.book).replace("HOST", url), "utf-8")
        rows.write_text(USERS, "utf-8")
        args = [str(book), "-d", str(rows), *self.flags]
        if self.environment:
            path = folder / f"{self.name}.postman_environment.json"
            values = [{"key": name, "value": value, "enabled": True} for name, value in self.environment.items()]
            path.write_text(
                json.dumps({"name": "test", "values": values}).replace("HOST-NAME", url[7:]).replace("HOST", url),
                "utf-8",
            )
            args += ["-e", str(path)]
        return args


def _book(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return collection(*items, variable=[{"key": "baseUrl", "value": "HOST"}], **more)


def _tested(one: dict[str, Any]) -> dict[str, Any]:
    lines = ['pm.test("Status code is 200", function () {', "    pm.response.to.have.status(200);", "});"]
    return {**one, "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": lines}}]}


_PARTS = {
    "raw": "{{protocol}}://{{host}}/v3/users/:id/password?emailPassword=true",
    "protocol": "{{protocol}}",
    "host": ["{{host}}"],
    "path": ["v3", "users", ":id", "password"],
    "query": [{"key": "emailPassword", "value": "true"}, {"key": "validate", "value": "true", "disabled": True}],
    "variable": [{"key": "id", "value": "{{userid}}"}],
}
_FORM = [
    {"key": "user", "value": "{{userid}}"},
    {"key": "role", "value": "{{role}}"},
    {"key": "x", "value": "1", "disabled": True},
]

_USER = "{{baseUrl}}/acme/main/identity_/api/User/{{userid}}/changepassword"

CASES = (
    Case("ibm-known", _book(item("POST", _RESET, _KNOWN, **_MAS))),
    Case("ibm-random", _book(item("POST", _RESET, "{}", **_MAS))),
    Case("ibm-column", _book(item("POST", _RESET, '{"token": "{{password}}"}', **_MAS))),
    Case(
        "ibm-environment",
        collection(item("POST", "{{api}}/v3/users/{{userid}}/password?emailPassword={{mail}}", _KNOWN,
                        header=[{"key": "x-access-token", "value": "{{token}}"}, *_JSON])),
        {"api": "HOST", "token": TOKEN, "mail": "true"},
    ),
    Case(
        "ibm-folder",
        _book({"name": "Passwords", "item": [_tested(item("POST", _RESET, _KNOWN, **_MAS))]},
              {"name": "Others", "item": [item("DELETE", "{{baseUrl}}/v3/users/{{userid}}", name="Delete", **_MAS)]}),
        flags=("--folder", "Passwords"),
    ),
    Case("ibm-parts", _book(item("POST", _PARTS, _KNOWN, **_MAS)), {"protocol": "http", "host": "HOST-NAME"}),
    Case("uipath-change", _book(item("POST", _USER, _CHANGE, **_BEARER))),
    Case("uipath-reset", _book(item("PUT", "{{base}}/api/User/{{userid}}", '{"password": "{{password}}"}', **_BEARER),
                               ), {"base": "{{host}}/identity", "host": "HOST"}),
    Case("grant", _book(item("PUT", "{{baseUrl}}/workspaces/main/users/{{userid}}?role={{role}}&note=a%20b",
                             '{"permissions": {"role": "{{role}}"}}', **_MAS))),
    Case("form", _book(item("POST", "{{baseUrl}}/legacy/reset", body={"mode": "urlencoded", "urlencoded": _FORM},
                            header=[{"key": "X-Off", "value": "1", "disabled": True}], **_BASIC))),
)  # fmt: skip


def content(arrived: Arrived) -> tuple[int, object]:
    """What each vendor answers when it went well."""
    return (200, {"succeeded": True, "errors": []}) if "/identity" in arrived.target else (200, {})


def as_kept(sent: Sequence[Arrived]) -> list[list[object]]:
    """What came in, in an order that does not depend on which came first, as JSON has it.

    newman leaves `@` in a path and we encode it, which is the same address (RFC 3986, section 6.2.2).
    """
    return sorted((json.loads(json.dumps(_plain(one.told))) for one in sent), key=json.dumps)


def _plain(told: tuple[str, str, tuple[tuple[str, str], ...], object]) -> tuple[object, ...]:
    method, target, headers, body = told
    path, mark, query = target.partition("?")
    path = "/".join(quote(unquote(part), safe="@") for part in path.split("/"))
    return method, path + mark + query, headers, body
