"""The web application: all doors of one directory behind one wall."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from keyturn.api import manual
from keyturn.api.audit import Reader
from keyturn.api.problems import OF_HTTP, answer
from keyturn.api.routes import Watcher, routes
from keyturn.app.dialects import KEY_FORMS
from keyturn.app.doors import DOORS, Door
from keyturn.app.house.build import House
from keyturn.app.house.personal import personal
from keyturn.app.languages import languages
from keyturn.app.serving.openapi import manuals
from keyturn.core.audit import Entry
from keyturn.core.errors import Busy, StoreError
from keyturn.http.front import Front
from keyturn.http.limits import Limits

_log = logging.getLogger("keyturn.web")
HERE: Final = Front()
"""Asked by this machine's own names, and no proxy is believed."""


def web_app(house: House, front: Front = HERE) -> ASGIApp:
    """Every address that the server answers, bounded and with the errors of each door in that door's own shape.

    front: what is believed of who calls; else only this machine's own names are answered.
    """
    house.gate.floor.measure()
    vendors = [route for door in DOORS.values() for route in door.routes(house.gate)]
    ours = routes(
        house.gate, partial(personal, house.gate), _audit_of(house), _watcher_of(house), languages(), KEY_FORMS
    )
    router = Router([*ours, *manual.routes(manuals()), *vendors], redirect_slashes=False, default=_nothing_here)
    return Limits(_Ailing(router), say, _broken, _batched, front=front)


def say(scope: Scope, status: int, text: str) -> Response:
    """A refusal that no command made, in the shape of the door that the path belongs to."""
    door = _owner(scope["path"])
    if door is not None:
        return door.say(status, text)
    return answer(OF_HTTP.get(status, OF_HTTP[400]), text)


def _batched(path: str) -> bool:
    door = _owner(path)
    return door is not None and door.batches


def _owner(path: str) -> Door | None:
    return next((one for one in DOORS.values() if any(_is_under(path, prefix) for prefix in one.prefixes)), None)


def _is_under(path: str, prefix: str) -> bool:
    wanted, given = prefix.split("/"), path.split("/")
    return len(given) >= len(wanted) and all(
        one in ("*", other) for one, other in zip(wanted, given[: len(wanted)], strict=True)
    )


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await say(scope, 404, "there is nothing at this address")(scope, receive, send)


class _Ailing:
    """Answers 503 where the store or the pools cannot do their work just now; nothing was acknowledged then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except (StoreError, Busy) as error:
            _log.error("request.not-served", exc_info=True, extra={"fields": {"code": error.code, **_named(scope)}})
            await say(scope, 503, "the directory cannot do this now; try again")(scope, receive, send)


def _broken(scope: Scope, error: Exception) -> None:
    _log.error("request.broke", exc_info=error, extra={"fields": _named(scope)})


def _named(scope: Scope) -> Mapping[str, object]:
    return {"method": scope["method"], "request": scope["state"]["request_id"]}


def _audit_of(house: House) -> Reader:
    def read(after: int, count: int, tenant: int, verb: str, who: str, since: datetime | None) -> Sequence[Entry]:
        with house.store.reading() as view:
            return view.audit.entries(after, count, tenant=tenant, verb=verb, who=who, since=since)

    async def reader(
        after: int, count: int, tenant: int, /, *, verb: str, who: str, since: datetime | None
    ) -> Sequence[Entry]:
        return await house.threads.read(read, after, count, tenant, verb, who, since)

    return reader


def _watcher_of(house: House) -> Watcher:
    def look() -> Mapping[str, int]:
        with house.store.reading() as view:
            last = view.audit.last()
            return {
                "audit_records_total": last.sequence if last is not None else 0,
                **{f'outbox_mails{{state="{state}"}}': count for state, count in view.outbox.counts().items()},
            }

    async def watch() -> Mapping[str, int] | None:
        try:
            return await house.threads.read(look)
        except (StoreError, Busy):
            return None

    return watch
