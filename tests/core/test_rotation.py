"""New keys in force while things are open: nothing that was begun under the older ones breaks."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from keyturn.core.commands import ChangePassword, Origin, ResetPassword
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Changed, Reason
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Store
from keyturn.core.users import ALL_RIGHTS
from keyturn.crypto.keyfolder import Label, add_key
from tests.support.house import GOOD, OTHER, House, make_house, reason


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    """A house whose keys are replaced below it, as by another process."""
    return make_house(store, tmp_path)


def rotate(tmp_path: Path) -> None:
    """Put a new key in force for every label."""
    for label in Label:
        add_key(tmp_path / "keys", label)


def reset(house: House, who: str, operation: str = "", *, notify: bool = False) -> Changed:
    [outcome] = house.directory().execute([ResetPassword(who, operation=operation, notify=notify)])
    assert isinstance(outcome, Changed), outcome
    return outcome


def first_secret(house: House) -> Secret:
    """A one-time secret of amal that was handed back and is not used yet."""
    house.add("amal")
    secret = reset(house, "amal").secret
    assert secret is not None
    return secret


def test_a_one_time_secret_made_before_signs_in_after(house: House, tmp_path: Path) -> None:
    secret = first_secret(house)
    rotate(tmp_path)
    assert isinstance(house.sign_in("amal", secret), SignedIn)
    assert reason(house.sign_in("amal", secret)) is Reason.NOT_SIGNED_IN


@pytest.mark.parametrize("operation", ["", "op-1"])
def test_a_secret_that_waits_to_be_mailed_is_after_what_it_was_before(
    house: House, tmp_path: Path, operation: str
) -> None:
    house.add("amal", mail="amal@example.com")
    reset(house, "amal", operation, notify=True)
    [mail] = waiting(house, "secret")
    rotate(tmp_path)
    secret = house.parts.minter.one_time(mail.operation, mail.uid, key_id=mail.derive_id)
    assert isinstance(house.sign_in("amal", secret), SignedIn)


def test_a_sealed_value_that_waits_to_be_mailed_still_opens(house: House, tmp_path: Path) -> None:
    house.set(mail="contract")
    house.add("amal", mail="amal@example.com")
    house.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    [mail] = waiting(house, "value")
    rotate(tmp_path)
    assert mail.sealed is not None
    assert Secret(house.parts.sealer.open(mail.sealed, mail.id).decode()) == GOOD


def waiting(house: House, template: str) -> list[Mail]:
    """The mails of a kind that are not sent yet."""
    with house.parts.store.reading() as view:
        return [mail for mail in view.outbox.list(1) if mail.template == template]


@pytest.mark.proves("ST-2")
def test_a_link_mailed_before_opens_after_and_only_once(house: House, tmp_path: Path) -> None:
    house.set(mail="link")
    house.add("amal", mail="amal@example.com")
    reset(house, "amal", notify=True)
    [mail] = waiting(house, "link")
    link = house.parts.minter.link(mail.operation, mail.uid, key_id=mail.derive_id)
    rotate(tmp_path)
    holder = house.signing_in.holder(link)
    assert holder is not None
    [changed] = house.acting(holder).execute([ChangePassword("amal", OTHER)])
    assert isinstance(changed, Changed)
    [again] = house.acting(holder).execute([ChangePassword("amal", GOOD)])
    assert reason(again) is Reason.NOT_ALLOWED


def test_a_call_repeated_after_is_answered_with_its_first_outcome_and_secret(house: House, tmp_path: Path) -> None:
    house.add("amal")
    first = reset(house, "amal", "op-1")
    rotate(tmp_path)
    assert reset(house, "amal", "op-1").secret == first.secret
    [other] = house.directory().execute([ResetPassword("amal", GOOD, operation="op-1")])
    assert reason(other) is Reason.OPERATION_REUSED


def test_a_key_put_in_force_while_a_reset_is_on_its_way_does_not_tear_it(house: House, tmp_path: Path) -> None:
    house.add("amal")
    from_door = house.directory()
    prepared = from_door.harden(from_door.look([ResetPassword("amal", operation="op-1")]))
    rotate(tmp_path)
    [outcome] = house.settle(prepared)
    assert isinstance(outcome, Changed)
    assert reset(house, "amal", "op-1").secret == outcome.secret
    assert outcome.secret is not None
    assert isinstance(house.sign_in("amal", outcome.secret), SignedIn)


@pytest.mark.proves("ST-2")
def test_a_password_under_an_old_pepper_signs_in_and_is_renewed_then(house: House, tmp_path: Path) -> None:
    house.add("amal", password=GOOD)
    old = stored_pepper(house)
    rotate(tmp_path)
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)
    renewed = stored_pepper(house)
    assert renewed != old
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)
    assert stored_pepper(house) == renewed


def stored_pepper(house: House) -> str:
    """The pepper that amal's verifier names."""
    with house.parts.store.reading() as view:
        [subject] = view.users.logins("amal")
    assert subject.credential is not None
    return subject.credential.pepper_id


def test_sessions_and_api_keys_of_before_live_to_their_end(house: House, tmp_path: Path) -> None:
    house.add("amal", password=GOOD, rights=ALL_RIGHTS)
    signed = house.sign_in("amal", GOOD)
    made = house.administration().create_key("keyturn", "feed", ALL_RIGHTS, ("keyturn",))
    assert isinstance(signed, SignedIn)
    assert isinstance(made, NewKey)
    rotate(tmp_path)
    assert house.signing_in.actor(signed.token) is not None
    entered = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin())
    assert isinstance(entered, SignedIn)
    assert house.signing_in.bearer(made.key.id, made.token, scope="keyturn") is not None
    house.clock.advance(timedelta(hours=2))
    assert house.signing_in.actor(signed.token) is None


def test_a_digest_kept_before_digests_named_their_key_still_fits(house: House) -> None:
    made = house.administration().create_key("keyturn", "feed", ALL_RIGHTS)
    assert isinstance(made, NewKey)
    with house.parts.store.writing() as transaction:
        transaction.keys.put(replace(made.key, digest=made.key.digest.partition(":")[2]))
    entered = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin())
    assert isinstance(entered, SignedIn)
    wrong = house.signing_in.with_key(made.key.id, Secret("x" * 86), door="test", origin=Origin())
    assert reason(wrong) is Reason.NOT_SIGNED_IN


def test_what_a_link_holds_open_is_the_link_itself(house: House) -> None:
    """Nobody gets in with the digest in place of the link: it opens what a writer of the database knows."""
    actor = Actor("nobody", "nobody", 1, frozenset(), Proof.LINK, "made-up")
    house.add("amal")
    [refused] = house.acting(actor).execute([ChangePassword("amal", OTHER)])
    assert reason(refused) is Reason.NOT_ALLOWED
