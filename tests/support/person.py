"""Somebody who signs in with two factors, and what they were shown."""

from dataclasses import dataclass, field
from datetime import timedelta

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Origin, ResetPassword
from keyturn.core.enrolling import LocalFactors
from keyturn.core.outcomes import Refused
from keyturn.core.permissions import Actor
from keyturn.core.personal import Enrolled, NewApp
from keyturn.core.ports import SignedIn
from keyturn.core.proving import Proving
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller
from keyturn.core.users import Right
from tests.support.authenticator import App
from tests.support.house import GOOD, House

STEP = timedelta(seconds=30)


@dataclass
class Person:
    """Somebody who signs in, and what they were shown."""

    house: House
    name: str = "amal"
    rights: frozenset[Right] = frozenset()
    app: App = field(init=False)
    codes: tuple[Secret, ...] = ()

    def __post_init__(self) -> None:
        self.house.add(self.name, rights=self.rights, mail=f"{self.name}@example.com")
        self.house.directory().execute([ResetPassword(self.name, GOOD, permanent=True)])

    def sign_in(self, password: Secret = GOOD, source: str = "") -> SignedIn:
        """A sign-in with the password, which must be right."""
        origin = Origin(source=source)
        signed = self.house.signing_in.with_password(self.name, password, door="test", origin=origin)
        assert isinstance(signed, SignedIn), signed
        return signed

    def factors(self, actor: Actor | None = None) -> LocalFactors:
        """The factors as somebody may use them: the person, just signed in."""
        who = actor or self.sign_in().actor
        rules = self.house.parts.rules(who.tenant)
        return LocalFactors(self.house.signing_in, Caller(who, Capabilities(frozenset()), "test", Origin(), rules))

    def enrol(self, actor: Actor | None = None) -> SignedIn:
        """Add an authenticator app."""
        factors = self.factors(actor)
        made = factors.propose("phone")
        assert isinstance(made, NewApp), made
        self.app = App(made.secret)
        done = factors.confirm(self.app.code(self.house.clock.now()))
        assert isinstance(done, Enrolled), done
        self.codes = done.codes or self.codes
        self.house.clock.advance(STEP)
        return done.signed

    def show(self, half: Actor, code: Secret, source: str = "") -> SignedIn | Refused:
        """One try to show the second factor."""
        return Proving(self.house.signing_in).with_code(half, code, door="test", origin=Origin(source=source))

    def now(self) -> Secret:
        """The code that the app shows now."""
        return self.app.code(self.house.clock.now())

    def whole(self) -> SignedIn:
        """A sign-in with both factors."""
        signed = self.show(self.sign_in().actor, self.now())
        assert isinstance(signed, SignedIn), signed
        self.house.clock.advance(STEP)
        return signed


def details(house: House, verb: str) -> list[tuple[str, str]]:
    """Outcome and detail of the events of a verb."""
    with house.parts.store.reading() as view:
        return [(e.event.outcome, e.event.detail) for e in view.audit.entries(0, 1000) if e.event.verb == verb]
