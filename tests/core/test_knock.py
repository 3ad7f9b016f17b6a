"""Doors without sessions: each call brings the password, and a temporary one buys nothing but its own end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

import pytest

from keyturn.core.commands import ChangePassword, Command, DeleteUser, Origin, ResetPassword, SetStatus
from keyturn.core.credentials import Verifier
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import Check, Hasher, NewKey, SignedIn
from keyturn.core.recent import Recent
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Handle, Status, Window
from tests.support.house import GOOD, OTHER, House, reason

WRONG = Secret("a wrong guess of mine")


def knock(house: House, password: Secret, *, login: str = "amal", tenant: str = "") -> Actor | Refused:
    """One call at a door without sessions."""
    return house.signing_in.knock(login, password, tenant=tenant, door="test", origin=Origin())


def permanent(house: House, *, tenant: int = 1) -> None:
    """A user with all rights and a password that is not to be changed."""
    house.add("amal", rights=ALL_RIGHTS, tenant=tenant)
    house.directory(tenant=tenant).execute([ResetPassword("amal", GOOD, permanent=True)])


def test_the_right_password_is_the_user(house: House) -> None:
    permanent(house)
    for _ in range(2):
        caller = knock(house, GOOD)
        assert isinstance(caller, Actor)
        assert (caller.name, caller.rights, caller.proof) == ("amal", ALL_RIGHTS, Proof.SESSION)


def test_the_wrong_password_is_refused_and_counts(house: House) -> None:
    permanent(house)
    assert [reason(knock(house, WRONG)) for _ in range(5)] == [Reason.NOT_SIGNED_IN] * 5
    assert reason(knock(house, GOOD)) is Reason.NOT_SIGNED_IN
    assert reason(knock(house, GOOD, login="nobody")) is Reason.NOT_SIGNED_IN
    house.clock.advance(timedelta(seconds=31))
    assert isinstance(knock(house, GOOD), Actor)


@pytest.mark.proves("AU-7")
def test_a_remembered_password_dies_with_the_next_change_of_the_account(house: House) -> None:
    permanent(house)
    assert isinstance(knock(house, GOOD), Actor)
    house.directory().execute([ResetPassword("amal", OTHER, permanent=True)])
    assert reason(knock(house, GOOD)) is Reason.NOT_SIGNED_IN
    assert isinstance(knock(house, OTHER), Actor)
    house.add("vice", rights=ALL_RIGHTS)
    house.directory().execute([SetStatus("amal", Status.DISABLED)])
    assert reason(knock(house, OTHER)) is Reason.NOT_SIGNED_IN


@pytest.mark.proves("AU-7")
def test_of_a_long_name_the_whole_password_is_remembered_and_dies_with_it(house: House) -> None:
    """What cuts the two together to a length would let anybody in who has such a name (Okta, 2024)."""
    name = "a-name-of-more-than-sixty-letters-as-mail-addresses-are-" + "x" * 40
    house.add(name, rights=ALL_RIGHTS)
    house.directory().execute([ResetPassword(name, GOOD, permanent=True)])
    assert isinstance(knock(house, GOOD, login=name), Actor)
    assert reason(knock(house, Secret(GOOD.reveal()[:-1]), login=name)) is Reason.NOT_SIGNED_IN
    house.directory().execute([ResetPassword(name, OTHER, permanent=True)])
    assert reason(knock(house, GOOD, login=name)) is Reason.NOT_SIGNED_IN


@dataclass
class Interrupted:
    """A real hasher at which something happens while it compares."""

    hasher: Hasher
    meanwhile: Callable[[], object]

    def __getattr__(self, name: str) -> object:
        return getattr(self.hasher, name)

    def check(self, candidate: Secret, verifier: Verifier | None) -> Check:
        """Compare, and let it happen before the answer is there."""
        checked = self.hasher.check(candidate, verifier)
        self.meanwhile()
        return checked


@pytest.mark.parametrize(
    "command",
    [ResetPassword("amal", OTHER, permanent=True), SetStatus("amal", Status.DISABLED), DeleteUser("amal")],
    ids=["reset", "disabled", "deleted"],
)
def test_who_was_changed_while_the_password_was_compared_is_turned_away(house: House, command: Command) -> None:
    """And the old password is not remembered under what the account became."""
    permanent(house)
    house.add("vice", rights=ALL_RIGHTS)
    hasher = Interrupted(house.parts.hasher, lambda: house.directory().execute([command]))
    raced = replace(house.signing_in, parts=replace(house.parts, hasher=cast(Hasher, hasher)))
    assert reason(raced.knock("amal", GOOD, door="test", origin=Origin())) is Reason.NOT_SIGNED_IN
    assert reason(knock(house, GOOD)) is Reason.NOT_SIGNED_IN


@pytest.mark.proves("AU-7")
def test_nothing_is_remembered_for_longer_than_a_minute_or_without_end() -> None:
    recent = Recent()
    recent.put("given", "u1", 3, 100.0)
    assert recent.get("given", 159.0) == ("u1", 3)
    assert recent.get("given", 160.0) is None
    for number in range(Recent.MOST):
        recent.put(str(number), "u1", 3, 100.0)
    assert recent.get("given", 101.0) is None


@pytest.mark.parametrize("known", [True, False], ids=["known value", "one-time secret"])
def test_a_temporary_password_is_spent_by_the_change_alone(house: House, known: bool) -> None:
    created = house.add("amal", rights=ALL_RIGHTS)
    assert created.user is not None
    [outcome] = house.directory().execute([ResetPassword("amal", GOOD if known else None)])
    assert isinstance(outcome, Changed)
    temporary = GOOD if known else outcome.secret
    assert temporary is not None
    via = replace(LOCAL, handle=Handle.UID)
    for _ in range(3):
        caller = knock(house, temporary)
        assert isinstance(caller, Actor)
        assert caller.proof is Proof.TEMPORARY
        assert house.acting(caller, via).list(Window()).users == ()
    caller = knock(house, temporary)
    assert isinstance(caller, Actor)
    [changed] = house.acting(caller, via).execute([ChangePassword(created.user.uid, OTHER, old=temporary)])
    assert isinstance(changed, Changed)
    assert reason(knock(house, temporary)) is Reason.NOT_SIGNED_IN
    assert isinstance(knock(house, OTHER), Actor)


def test_an_expired_one_time_secret_opens_no_door(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    house.clock.advance(timedelta(hours=25))
    assert reason(knock(house, outcome.secret)) is Reason.NOT_SIGNED_IN


def test_the_tenant_can_be_named(house: House) -> None:
    permanent(house, tenant=2)
    caller = knock(house, GOOD, tenant="other")
    assert isinstance(caller, Actor)
    assert caller.tenant == 2
    assert reason(knock(house, GOOD, tenant="nowhere")) is Reason.NOT_SIGNED_IN


@pytest.mark.proves("V10.4.11")
def test_a_client_gets_the_scopes_it_asks_for_and_no_more(house: House) -> None:
    made = house.administration().create_key("test", "robot", ALL_RIGHTS, ("read", "write"))
    assert isinstance(made, NewKey)
    assert len(made.key.id) == 36

    def scopes(*asked: str) -> frozenset[str] | Reason | None:
        signed = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin(), scopes=asked)
        if isinstance(signed, SignedIn):
            actor = house.signing_in.actor(signed.token)
            return actor.scopes if actor is not None else None
        return signed.reason

    assert scopes() == frozenset({"read", "write"})
    assert scopes("read") == frozenset({"read"})
    assert scopes("read", "rule") is Reason.NOT_ALLOWED
    assert house.events()[-1] == ("session.start", "refused", made.key.id, "not-allowed")


@pytest.mark.proves("LG-1", "V16.3.1")
def test_who_is_let_in_at_a_door_without_sessions_is_in_the_audit_once_a_minute(house: House) -> None:
    permanent(house)
    for _ in range(3):
        assert isinstance(knock(house, GOOD), Actor)
    house.clock.advance(timedelta(minutes=2))
    assert isinstance(knock(house, GOOD), Actor)
    let_in = [event for event in house.events() if event[:2] == ("session.start", "started")]
    assert let_in == [("session.start", "started", "amal", "")] * 2
