"""How the routes of second factors and of keys of one's own are asked."""

from base64 import urlsafe_b64encode
from typing import Final
from uuid import uuid4

from keyturn.core.factors import Challenge, Factor, FactorKind
from keyturn.core.storage import Key
from keyturn.core.users import Stamp, User
from tests.rights.stage import Ask, Asks, OnSelf, Stage, nobody, someone
from tests.support.authenticator import App, Passkey

SITE: Final = "http://localhost:8765"


def _confirm(stage: Stage, target: str, actor: User) -> Ask:
    """The code of an app that was proposed."""
    parts = stage.door.house.parts
    secret, name, now = parts.codes.new(), uuid4().hex, parts.clock.now()
    sealed = parts.codes.seal(secret, name)
    _keep(stage, Factor(name, actor.uid, FactorKind.TOTP, "", name, sealed, 0, active=False, added=now))
    return Ask("/keyturn/v1/me/factors/totp/confirm", {"code": App(secret).code(now).reveal()})


def _options(stage: Stage, target: str, actor: User) -> Ask:
    """What a browser needs to make a passkey, where people know the address of the server."""
    stage.door.house.threads.address = SITE
    return Ask("/keyturn/v1/me/factors/passkeys/options")


def _add(stage: Stage, target: str, actor: User) -> Ask:
    """A passkey that was made for a challenge of the session."""
    stage.door.house.threads.address = SITE
    now, value = stage.door.house.parts.clock.now(), b"0123456789abcdef"
    with stage.door.house.store.writing() as transaction:
        for session in transaction.sessions.of(actor.uid, now):
            transaction.factors.challenge(Challenge(f"add {session.id}", value, session.expires), now)
    asked = {"rp": {"id": "localhost"}, "challenge": urlsafe_b64encode(value).decode().rstrip("=")}
    return Ask("/keyturn/v1/me/factors/passkeys", {"passkey": Passkey(SITE).make(asked)})


def _codes(stage: Stage, target: str, actor: User) -> Ask:
    """New recovery codes of somebody who has a factor."""
    _passkey(stage, actor)
    return Ask("/keyturn/v1/me/factors/recovery")


def _remove(stage: Stage, target: str, actor: User) -> Ask:
    """One's own factor."""
    return Ask(f"/keyturn/v1/me/factors/{_passkey(stage, actor)}")


def _passkey(stage: Stage, actor: User) -> str:
    name = uuid4().hex
    now = stage.door.house.parts.clock.now()
    _keep(stage, Factor(name, actor.uid, FactorKind.PASSKEY, "", name, b"", 0, active=True, added=now))
    return name


def _keep(stage: Stage, factor: Factor) -> None:
    with stage.door.house.store.writing() as transaction:
        transaction.factors.put([factor])


def _revoke(stage: Stage, target: str, actor: User) -> Ask:
    """One's own key."""
    house = stage.door.house
    stamp = Stamp(actor.uid, house.parts.clock.now())
    name = uuid4().hex
    with house.store.writing() as transaction:
        transaction.keys.put(Key(name, 1, "hdp", "", frozenset(), True, "", 1, 1, stamp, stamp, owner=actor.uid))
    return Ask(f"/keyturn/v1/me/keys/{name}")


ASKS: Final[Asks] = {
    ("DELETE", "/keyturn/v1/users/{id}/factors"): {("factor.remove",): someone("/keyturn/v1/users/{id}/factors")},
    ("GET", "/keyturn/v1/me/factors"): {("factor.read",): OnSelf(nobody("/keyturn/v1/me/factors"))},
    ("POST", "/keyturn/v1/me/factors/totp"): {("factor.change",): OnSelf(nobody("/keyturn/v1/me/factors/totp", {}))},
    ("POST", "/keyturn/v1/me/factors/totp/confirm"): {("factor.change",): OnSelf(_confirm)},
    ("POST", "/keyturn/v1/me/factors/passkeys/options"): {("factor.change",): OnSelf(_options)},
    ("POST", "/keyturn/v1/me/factors/passkeys"): {("factor.change",): OnSelf(_add)},
    ("POST", "/keyturn/v1/me/factors/recovery"): {("factor.change",): OnSelf(_codes)},
    ("DELETE", "/keyturn/v1/me/factors/{id}"): {("factor.change",): OnSelf(_remove)},
    ("GET", "/keyturn/v1/me/keys"): {("key.own",): OnSelf(nobody("/keyturn/v1/me/keys"))},
    ("POST", "/keyturn/v1/me/keys"): {("key.own",): OnSelf(nobody("/keyturn/v1/me/keys", {"kind": "hdp"}))},
    ("DELETE", "/keyturn/v1/me/keys/{id}"): {("key.own",): OnSelf(_revoke)},
}
