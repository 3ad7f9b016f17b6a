"""A password that somebody else may know opens nothing any more, whatever becomes of the mail."""

from dataclasses import replace

import pytest

from keyturn.core.commands import Origin, ResetPassword
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Delivery, Reason, Refused
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Key
from keyturn.core.users import Handle, Stamp
from tests.support.house import GOOD, House

QUIET = replace(LOCAL, hands_back=False)


def signed_in(house: House, who: str, password: Secret) -> Secret:
    """The token of a sign-in that must succeed."""
    signed = house.sign_in(who, password)
    assert isinstance(signed, SignedIn)
    return signed.token


def keep_key(house: House, who: str) -> str:
    """An API key of a person's own."""
    user = house.directory().find(who)
    assert user is not None
    stamp = Stamp(user.uid, house.clock.now())
    digest = house.parts.hasher.digest(Secret("a key that nobody has"))
    with house.parts.store.writing() as transaction:
        key = Key(f"k-{who}", 1, "hdp", digest, frozenset(), True, "", 1, 1, stamp, stamp, owner=user.uid)
        transaction.keys.put(key)
    return key.id


@pytest.mark.proves("PW-9")
def test_old_secrets_sessions_and_keys_of_the_compromised_are_dead_and_others_are_not(house: House) -> None:
    for who in ("amal", "bela"):
        house.add(who, mail=f"{who}@example.com")
        house.directory().execute([ResetPassword(who, GOOD, permanent=True)])
    tokens = {who: signed_in(house, who, GOOD) for who in ("amal", "bela")}
    kept = {who: keep_key(house, who) for who in ("amal", "bela")}
    [outcome] = house.directory(via=QUIET).execute([ResetPassword("amal", notify=True, compromised=True)])
    assert outcome == Changed("amal", delivery=Delivery.MAILED)
    assert isinstance(house.sign_in("amal", GOOD), Refused)
    assert house.signing_in.actor(tokens["amal"]) is None
    assert house.signing_in.actor(tokens["bela"]) is not None
    with house.parts.store.reading() as view:
        assert view.keys.find(kept["amal"]) is None
        assert view.keys.find(kept["bela"]) is not None
        [subject] = view.users.subjects(1, ["amal"], Handle.KEY).values()
        assert subject.credential is not None
        assert subject.credential.must_change


@pytest.mark.proves("PW-9")
def test_a_one_time_secret_that_was_out_dies_too(house: House) -> None:
    house.add("amal")
    [reset] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(reset, Changed)
    assert reset.secret is not None
    house.directory().execute([ResetPassword("amal", compromised=True)])
    assert isinstance(house.sign_in("amal", reset.secret), Refused)


@pytest.mark.proves("PW-9")
def test_without_an_address_the_secret_dies_all_the_same(house: House) -> None:
    house.add("amal")
    house.directory().execute([ResetPassword("amal", GOOD, permanent=True)])
    [plain] = house.directory(via=QUIET).execute([ResetPassword("amal", notify=True)])
    assert isinstance(plain, Refused)
    assert plain.reason is Reason.NO_MAIL_ADDRESS
    [outcome] = house.directory(via=QUIET).execute([ResetPassword("amal", notify=True, compromised=True)])
    assert outcome == Changed("amal", delivery=Delivery.NONE)
    refused = house.signing_in.with_password("amal", GOOD, door="test", origin=Origin())
    assert isinstance(refused, Refused)


def test_the_audit_says_that_it_was_compromised(house: House) -> None:
    house.add("amal")
    house.directory().execute([ResetPassword("amal", compromised=True)])
    with house.parts.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    assert last.event.verb == "password.reset"
    assert "compromised" in last.event.detail


@pytest.mark.proves("PW-9")
def test_none_of_a_hundred_old_secrets_signs_in_once_the_call_has_returned(house: House) -> None:
    whos = [f"u{number}" for number in range(100)]
    for who in whos:
        house.add(who)
    house.directory().execute([ResetPassword(who, GOOD, permanent=True) for who in whos])
    assert isinstance(house.sign_in("u42", GOOD), SignedIn)
    house.directory(via=QUIET).execute([ResetPassword(who, notify=True, compromised=True) for who in whos])
    assert not [who for who in whos if isinstance(house.sign_in(who, GOOD), SignedIn)]
