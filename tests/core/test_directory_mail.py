"""The one door: what is mailed, to whom, and what becomes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.commands import (
    ChangePassword,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
)
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Created, Delivery, Reason
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Contact, Handle, Profile, Status
from tests.support.house import GOOD, OTHER, House, reason

USERS = USER_RIGHTS


def mails(house: House) -> list[tuple[str, str, str]]:
    """Template, recipient and state of every mail, oldest first."""
    with house.parts.store.reading() as view:
        return [(m.template, m.recipient, m.state) for m in reversed(view.outbox.list(1))]


def test_notify_mails_a_one_time_secret_and_hands_nothing_back(house: House) -> None:
    house.add("amal", mail="amal@example.com")
    [outcome] = house.directory().execute([ResetPassword("amal", notify=True)])
    assert outcome == Changed("amal", delivery=Delivery.MAILED)
    assert mails(house) == [("secret", "amal@example.com", "waiting")]


def test_notify_mails_a_link_in_place_of_a_known_value_which_still_signs_in(house: House) -> None:
    house.add("amal", mail="amal@example.com")
    [outcome] = house.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    assert outcome == Changed("amal", delivery=Delivery.MAILED)
    assert mails(house) == [("link", "amal@example.com", "waiting")]
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)


@pytest.mark.parametrize(
    ("mode", "known", "template"),
    [("link", None, "link"), ("link", GOOD, "link"), ("contract", None, "secret"), ("contract", GOOD, "value")],
)
def test_the_mail_mode_of_the_tenant_decides_what_is_mailed(
    house: House, mode: str, known: Secret | None, template: str
) -> None:
    house.set(mail=mode)
    house.add("amal", mail="amal@example.com")
    house.directory().execute([ResetPassword("amal", known, notify=True)])
    assert mails(house) == [(template, "amal@example.com", "waiting")]


def test_without_an_address_a_generated_secret_is_handed_back_and_a_known_one_delivered_to_nobody(house: House) -> None:
    house.add("amal")
    [generated] = house.directory().execute([ResetPassword("amal", notify=True)])
    assert isinstance(generated, Changed)
    assert generated.secret is not None
    [known] = house.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    assert known == Changed("amal", delivery=Delivery.NONE)


def test_where_nothing_is_handed_back_a_secret_that_would_reach_nobody_is_refused_and_audited(house: House) -> None:
    """The old password stays; a known value and whoever has an address are not concerned."""
    house.add("amal", password=GOOD)
    house.add("bert", mail="bert@example.com")
    door = house.directory(via=replace(LOCAL, hands_back=False))
    commands = [ResetPassword("amal", notify=True), ResetPassword("bert", notify=True)]
    assert [reason(one) for one in door.execute(commands)] == [Reason.NO_MAIL_ADDRESS, None]
    assert ("password.reset", "refused", "amal", "no-mail-address") in house.events()
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)
    assert [reason(one) for one in door.execute([ResetPassword("amal", OTHER, notify=True)])] == [None]


def test_other_addresses_get_a_notice_without_the_secret(house: House) -> None:
    emails = (Contact("amal@home.example"), Contact("amal@work.example", primary=True))
    house.directory().execute([CreateUser("amal", Profile(emails=emails), notify=True)])
    assert sorted(mails(house)) == [
        ("notice", "amal@home.example", "waiting"),
        ("secret", "amal@work.example", "waiting"),
    ]


def test_a_newer_reset_cancels_the_mail_of_an_older_one(house: House) -> None:
    house.add("amal", mail="amal@example.com")
    for _ in range(3):
        house.directory().execute([ResetPassword("amal", notify=True)])
    assert [state for _, _, state in mails(house)] == ["cancelled", "cancelled", "waiting"]
    house.directory().execute([ResetPassword("amal", GOOD)])
    assert [state for _, _, state in mails(house)] == ["cancelled"] * 3


def test_a_created_user_with_notify_and_no_address_has_no_password(house: House) -> None:
    [outcome] = house.directory().execute([CreateUser("amal", Profile(), notify=True)])
    assert isinstance(outcome, Created)
    assert outcome.user is not None
    assert (outcome.user.has_password, outcome.secret) == (False, None)


def test_a_mailed_link_sets_a_password_once(house: House) -> None:
    created = house.add("amal", mail="amal@example.com")
    assert created.user is not None
    uid = created.user.uid
    house.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    with house.parts.store.reading() as view:
        [mail] = view.outbox.list(1)
    link = house.parts.minter.link(mail.operation, uid, key_id=mail.derive_id)
    holder = house.signing_in.holder(link)
    assert holder is not None
    mine = house.acting(holder, replace(LOCAL, handle=Handle.UID))
    assert reason(mine.execute([ChangePassword(uid, Secret("short"))])[0]) is Reason.TOO_SHORT
    assert isinstance(mine.execute([ChangePassword(uid, OTHER)])[0], Changed)
    assert reason(mine.execute([ChangePassword(uid, GOOD)])[0]) is Reason.NOT_ALLOWED
    assert house.signing_in.holder(link) is None
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN


def test_a_link_dies_after_a_day_and_with_its_account(house: House) -> None:
    created = house.add("amal", mail="amal@example.com")
    assert created.user is not None
    house.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    with house.parts.store.reading() as view:
        [mail] = view.outbox.list(1)
    link = house.parts.minter.link(mail.operation, created.user.uid, key_id=mail.derive_id)
    house.directory().execute([SetStatus("amal", Status.LOCKED)])
    assert house.signing_in.holder(link) is None
    house.directory().execute([SetStatus("amal", Status.ACTIVE)])
    assert house.signing_in.holder(link) is not None
    house.clock.advance(timedelta(hours=25))
    assert house.signing_in.holder(link) is None


def test_a_deleted_user_is_gone_with_sessions_and_mail(house: House) -> None:
    house.add("amal", password=GOOD, mail="amal@example.com")
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    house.directory().execute([ResetPassword("amal", notify=True)])
    house.directory().execute([DeleteUser("amal")])
    assert house.directory().find("amal") is None
    assert house.signing_in.actor(signed.token) is None
    assert mails(house) == [("secret", "amal@example.com", "cancelled")]
