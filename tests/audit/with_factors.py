"""Somebody with a second factor, for the events of second factors."""

import base64
from datetime import timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from keyturn.core.directory import LOCAL
from keyturn.core.enrolling import LocalFactors
from keyturn.core.permissions import Actor
from keyturn.core.personal import Enrolled, NewApp
from keyturn.core.ports import SignedIn
from keyturn.core.proving import Proving
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller
from keyturn.core.users import Handle
from tests.audit.world import DOOR, ORIGIN, Act, World
from tests.support.house import GOOD


def factors_of(world: World, actor: Actor) -> LocalFactors:
    """Second factors as somebody may use their own."""
    return LocalFactors(world.house.signing_in, Caller(actor, LOCAL, DOOR, ORIGIN, world.house.parts.rules(1)))


def person(world: World) -> tuple[str, Actor]:
    """Somebody who has just signed in."""
    who = world.user()
    signed = world.sign_in(who, GOOD)
    assert isinstance(signed, SignedIn)
    return who, signed.actor


def code_of(world: World, app: NewApp) -> Secret:
    """What the app shows now."""
    shown = TOTP(base64.b32decode(app.secret.reveal()), 6, SHA1(), 30)  # RFC 6238
    return Secret(shown.generate(int(world.house.clock.now().timestamp())).decode())


def with_app(world: World) -> tuple[str, Actor, NewApp]:
    """Somebody with an authenticator app, signed in."""
    who, actor = person(world)
    app = factors_of(world, actor).propose("phone")
    assert isinstance(app, NewApp)
    enrolled = factors_of(world, actor).confirm(code_of(world, app))
    assert isinstance(enrolled, Enrolled)
    return who, enrolled.signed.actor, app


def proposes(world: World) -> Act:
    """An app is proposed."""
    mine = factors_of(world, person(world)[1])
    return lambda: mine.propose("phone")


def confirms(world: World) -> Act:
    """The proposed app is confirmed."""
    mine = factors_of(world, person(world)[1])
    app = mine.propose("phone")
    assert isinstance(app, NewApp)
    return lambda: mine.confirm(code_of(world, app))


def confirms_nothing(world: World) -> Act:
    """A code without an app."""
    mine = factors_of(world, person(world)[1])
    return lambda: mine.confirm(Secret("000000"))


def removes_all(world: World) -> Act:
    """An administrator takes the factors away."""
    who = with_app(world)[0]
    return lambda: LocalFactors(world.house.signing_in, world.caller()).remove_all(who, Handle.KEY)


def removes_none(world: World) -> Act:
    """An administrator takes away what is not there."""
    who = world.user()
    return lambda: LocalFactors(world.house.signing_in, world.caller()).remove_all(who, Handle.KEY)


def removes_of_nobody(world: World) -> Act:
    """An administrator means nobody."""
    return lambda: LocalFactors(world.house.signing_in, world.caller()).remove_all("nobody", Handle.KEY)


def reads_of_nobody(world: World) -> Act:
    """Somebody means nobody."""
    return lambda: LocalFactors(world.house.signing_in, world.caller()).of("nobody", Handle.KEY)


def draws_codes(world: World) -> Act:
    """New recovery codes."""
    return factors_of(world, with_app(world)[1]).codes


def draws_no_codes(world: World) -> Act:
    """New recovery codes for somebody without a factor."""
    return factors_of(world, person(world)[1]).codes


def _shows(world: World, code: str) -> Act:
    who, _, app = with_app(world)
    world.house.clock.advance(timedelta(minutes=1))
    signed = world.sign_in(who, GOOD)
    assert isinstance(signed, SignedIn)
    typed = Secret(code) if code else code_of(world, app)
    prover = Proving(world.house.signing_in)
    return lambda: prover.with_code(signed.actor, typed, door=DOOR, origin=ORIGIN)


def shows(world: World) -> Act:
    """The code of the app, after the password."""
    return _shows(world, "")


def shows_wrong(world: World) -> Act:
    """A wrong code, after the password."""
    return _shows(world, "12 34")
