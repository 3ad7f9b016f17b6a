"""The addresses of our own API, of mailed links and of what watches over the server."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from keyturn.api import audit, keys, mails, signedin, users
from keyturn.api.asking import SHORT_OF, Handler, signed_in
from keyturn.api.claim import Claim
from keyturn.api.factors import Factors, OpenPersonal
from keyturn.api.ownkeys import OwnKeys
from keyturn.api.pages import ENGLISH_ALONE
from keyturn.api.problems import OF_HTTP, UNREADY, answer
from keyturn.api.sessions import Sessions
from keyturn.api.welcome import Welcome
from keyturn.core.languages import Languages
from keyturn.core.permissions import Proof
from keyturn.core.ports import Gate
from keyturn.http.requests import Endpoint, route

ROOT = "/keyturn/v1"
_OF_OWN_PASSWORD: Final = frozenset({Proof.RESTRICTED, Proof.ENROLLING})

Watcher = Callable[[], Awaitable[Mapping[str, int] | None]]
"""The numbers for `/metrics`, None when the store does not answer."""


def routes(
    gate: Gate,
    personal: OpenPersonal,
    read_audit: audit.Reader,
    watch: Watcher,
    languages: Languages = ENGLISH_ALONE,
    forms: keys.Forms = MappingProxyType({}),
) -> list[BaseRoute]:
    """All of them.  languages: what the pages for people are written in; forms: the doors that keys can be for."""
    sessions, claim, welcome = Sessions(gate), Claim(gate, languages), Welcome(gate, languages)

    def held(handler: Handler) -> Endpoint:
        return signed_in(gate, handler)

    ours: dict[str, dict[str, Endpoint]] = {
        "/sessions": {"POST": sessions.start},
        "/sessions/current": {"DELETE": signed_in(gate, sessions.end, also=frozenset(SHORT_OF))},
        "/me": {"GET": held(sessions.me)},
        "/me/sessions": {"GET": held(signedin.mine), "DELETE": held(signedin.end_others)},
        "/me/sessions/{id}": {"DELETE": held(signedin.end_one)},
        "/me/password": {"POST": signed_in(gate, sessions.set_password, also=_OF_OWN_PASSWORD)},
        "/users": {"GET": held(users.listing), "POST": held(users.create)},
        "/users/{id}": {"GET": held(users.show), "DELETE": held(users.delete)},
        "/users/{id}/reset": {"POST": held(users.reset)},
        "/users/{id}/lock": {"POST": held(users.lock)},
        "/users/{id}/unlock": {"POST": held(users.unlock)},
        "/users/{id}/sessions": {"GET": held(signedin.listing), "DELETE": held(signedin.end_all)},
        "/mails": {"GET": held(mails.listing)},
        "/keys": {"GET": held(keys.listing), "POST": held(keys.NewKeys(forms).create)},
        "/keys/{id}": {"DELETE": held(keys.revoke)},
        "/audit": {"GET": held(audit.listing(read_audit))},
    }
    ours |= _personal(gate, Factors(personal), OwnKeys(personal, forms))
    return [
        *(route(ROOT + path, methods, wrong_method) for path, methods in ours.items()),
        route("/", {"GET": welcome.show, "POST": welcome.take}, wrong_method),
        route("/claim/{token}", {"GET": claim.show, "POST": claim.take}, wrong_method),
        *_watching(watch),
    ]


def _personal(gate: Gate, factors: Factors, own: OwnKeys) -> dict[str, dict[str, Endpoint]]:
    """Second factors, and keys of a person."""

    def held(handler: Handler, *also: Proof) -> Endpoint:
        return signed_in(gate, handler, also=frozenset(also))

    return {
        "/sessions/current/second-factor": {"POST": held(factors.show, Proof.HALF)},
        "/sessions/current/second-factor/challenge": {"POST": held(factors.challenge, Proof.HALF)},
        "/me/factors": {"GET": held(factors.listing, Proof.ENROLLING)},
        "/me/factors/passkeys": {"POST": held(factors.add_passkey, Proof.ENROLLING)},
        "/me/factors/passkeys/options": {"POST": held(factors.make_passkey, Proof.ENROLLING)},
        "/me/factors/totp": {"POST": held(factors.propose, Proof.ENROLLING)},
        "/me/factors/totp/confirm": {"POST": held(factors.confirm, Proof.ENROLLING)},
        "/me/factors/recovery": {"POST": held(factors.codes)},
        "/me/factors/{id}": {"DELETE": held(factors.remove)},
        "/me/keys": {"GET": held(own.listing), "POST": held(own.create)},
        "/me/keys/{id}": {"DELETE": held(own.revoke)},
        "/users/{id}/factors": {"DELETE": held(factors.remove_all)},
    }


def wrong_method(request: Request) -> Response:
    """405: the address does not take the method."""
    return answer(OF_HTTP[405])


def _watching(watch: Watcher) -> list[BaseRoute]:
    async def live(request: Request) -> Response:
        """GET /livez: the process answers; asks nobody."""
        return PlainTextResponse("ok\n")

    async def ready(request: Request) -> Response:
        """GET /readyz: the store answers too."""
        return PlainTextResponse("ready\n") if await watch() is not None else answer(UNREADY, retry_after=5)

    async def metrics(request: Request) -> Response:
        """GET /metrics: numbers in the text form that Prometheus reads; nothing of any user."""
        numbers = await watch()
        if numbers is None:
            return answer(UNREADY, retry_after=5)
        lines = [f"keyturn_{name} {value}\n" for name, value in numbers.items()]
        return PlainTextResponse("".join(lines), media_type="text/plain; version=0.0.4")

    found = {"/livez": live, "/readyz": ready, "/metrics": metrics}
    return [route(path, {"GET": endpoint}, wrong_method) for path, endpoint in found.items()]
