"""A small real server that stands in for a MAS 9.1: it answers from recorded exchanges and keeps who was made.

Which exchange is replayed hangs on the request and on who is there; everything in it but the id, the display name and
the resource is as recorded.  Passwords are set where every version has them, at `/v3/users/{id}/password`.
"""

import json
import re
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from tests.support.threads import served_in_a_thread
from tests.support.transcripts import Exchange, read_transcripts

FOLDER: Final = Path(__file__).parents[1] / "dialects" / "mas" / "transcripts_91"
EXCHANGES: Final = {exchange.title.partition(": ")[2]: exchange for exchange in read_transcripts(FOLDER)}
TOKEN: Final = "a-token-for-tests"
KEY: Final = "a-manage-key-for-tests"

KNOWN: Final = {*json.loads(EXCHANGES["A new user"].body), "firstname", "lastname", "city", "stateprovince"}
"""What a creation may hold: as recorded, and what the page "Users" of the REST guide shows besides."""

_CONDITION: Final = re.compile(r'(personid|user\.userid)="((?:[^"\\]|\\["\\])*)"')


@dataclass
class Made:
    """A user: the resource, the display name, the local sign-ins that were asked for, the passwords that were set."""

    resource: str
    name: str
    body: dict[str, object]
    identities: list[dict[str, object]] = field(default_factory=list)
    passwords: list[dict[str, object]] = field(default_factory=list)


@dataclass
class ManageServer:
    """people: by id.  telling: how a creation tells the resource.  heard: method and path of each request, in order.

    faults: what to answer in place of the next ones, by `create`, `link`, `look` and `reset`; a title of an exchange or
    a status.  late: resets that come before the Admin API knows a new user.  about: what `/about` tells, None for 404.
    maker: who made everybody, as the Admin API tells it; empty: it answers no reads of users.
    """

    url: str = ""
    people: dict[str, Made] = field(default_factory=dict)
    telling: str = "A new user"
    heard: list[tuple[str, str]] = field(default_factory=list)
    faults: dict[str, list[str | int]] = field(default_factory=dict)
    late: int = 0
    about: object = None
    maker: str = ""

    async def manage(self, request: web.Request) -> web.Response:
        """Everything below `/maximo/api/os/masperuser`."""
        self.heard.append((request.method, request.path))
        if request.headers.get("apikey") != KEY:
            return self._replay("No key")
        resource = request.match_info.get("resource", "")
        verb = "look" if request.method == "GET" else "link" if resource else "create"
        if self.faults.get(verb):
            return self._fault(verb)
        if request.method == "GET":
            return self._look(request)
        body = json.loads(await request.read())
        return self._link(resource, request, body) if resource else self._create(body)

    async def reset(self, request: web.Request) -> web.Response:
        """POST /v3/users/{id}/password"""
        self.heard.append((request.method, request.path))
        who = unquote(request.rel_url.raw_parts[-2])
        if request.headers.get("x-access-token") != TOKEN:
            return web.json_response({"message": "no"}, status=401)
        if self.faults.get("reset"):
            return self._fault("reset")
        if self.late > 0 or who not in self.people:
            self.late -= 1
            return web.json_response({"message": "no such user"}, status=404)
        given = json.loads(await request.read())
        self.people[who].passwords.append({**given, "mail": request.query["emailPassword"]})
        return web.json_response({} if given else {"token": "made-up-by-the-server"})

    async def show(self, request: web.Request) -> web.Response:
        """GET /v3/users/{id}"""
        who = unquote(request.rel_url.raw_parts[-1])
        if not self.maker or who not in self.people:
            return web.json_response({}, status=404)
        added = {"id": self.maker, "timestamp": datetime.now(UTC).isoformat()}
        return web.json_response({"id": who, "username": who, "added": added, "identities": {"_local": {}}})

    async def workspaces(self, request: web.Request) -> web.Response:
        """What a client reads first."""
        return web.json_response([])

    async def tell_about(self, request: web.Request) -> web.Response:
        """GET /about"""
        return web.json_response(self.about, status=404 if self.about is None else 200)

    def _look(self, request: web.Request) -> web.Response:
        condition = _CONDITION.fullmatch(request.query.get("oslc.where", ""))
        if condition is None:
            return self._replay("A condition that cannot be read")
        who = re.sub(r"\\(.)", r"\1", condition[2])
        pattern = re.compile(".*".join(map(re.escape, who.split("%"))), re.S)
        found = [(name, made) for name, made in self.people.items() if pattern.fullmatch(name)]
        title = "There" if condition[1] == "personid" else "Where somebody is"
        members = [json.loads(self._text(title, name, made))["member"][0] for name, made in found]
        return web.json_response({"member": members})

    def _create(self, body: dict[str, object]) -> web.Response:
        who = str(body["personid"])
        if who in self.people or body.keys() - KNOWN:
            return self._replay("A body that Manage refuses")
        resource = "_" + urlsafe_b64encode(who.encode()).decode().replace("=", "-")
        self.people[who] = Made(resource, str(body["displayName"]), body)
        return self._replay(self.telling, who, self.people[who])

    def _link(self, resource: str, request: web.Request, body: dict[str, object]) -> web.Response:
        [made] = [made for made in self.people.values() if made.resource == resource]
        recorded = EXCHANGES["A local sign-in"]
        for name in ("x-method-override", "patchtype"):
            assert request.headers[name] == recorded.headers[name]
        made.identities.append(body)
        return self._replay("A local sign-in")

    def _fault(self, verb: str) -> web.Response:
        fault = self.faults[verb].pop(0)
        return web.json_response({}, status=fault) if isinstance(fault, int) else self._replay(fault)

    def _replay(self, title: str, who: str = "", made: Made | None = None) -> web.Response:
        exchange = EXCHANGES[title]
        headers = {name: _filled(exchange, value, who, made) for name, value in exchange.answer_headers.items()}
        text = _filled(exchange, exchange.answer, who, made)
        return web.Response(status=exchange.status, headers=headers, body=text.encode() or None)

    def _text(self, title: str, who: str, made: Made) -> str:
        return _filled(EXCHANGES[title], EXCHANGES[title].answer, who, made)


def _filled(exchange: Exchange, text: str, who: str, made: Made | None) -> str:
    name, resource = (made.name, made.resource) if made is not None else ("", "")
    return exchange.filled(text, {"id": json.dumps(who)[1:-1], "name": json.dumps(name)[1:-1], "resource": resource})


@contextmanager
def manage_server(tls: ssl.SSLContext | None = None) -> Iterator[ManageServer]:
    """The server on a free port of this machine, in a thread."""
    server = ManageServer()
    app = web.Application()
    people = "/maximo/api/os/masperuser"
    for path in (people, people + "/", people + "/{resource}"):
        app.router.add_route("*", path, server.manage)
    app.router.add_post("/v3/users/{who}/password", server.reset)
    app.router.add_get("/v3/users/{who}", server.show)
    app.router.add_get("/workspaces", server.workspaces)
    app.router.add_get("/about", server.tell_about)
    with served_in_a_thread(app, tls) as server.url:
        yield server
