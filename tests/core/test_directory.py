"""The one door: every command, with its permission, policy, revocation, mail and audit in one transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    Origin,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.directory import LOCAL, commit
from keyturn.core.outcomes import Changed, Created, Delivery, Reason, Refused, Unchanged
from keyturn.core.permissions import Proof
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Contact, Handle, Profile, Right, Status, Window
from tests.support.house import GOOD, OTHER, House, reason

USERS = frozenset({Right.USERS})


def mails(house: House) -> list[tuple[str, str, str]]:
    """Template, recipient and state of every mail, oldest first."""
    with house.parts.store.reading() as view:
        return [(m.template, m.recipient, m.state) for m in reversed(view.outbox.list(1))]


def test_a_reset_with_a_known_value_lets_its_owner_in_only_to_change_it(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal", GOOD)])
    assert outcome == Changed("amal", delivery=Delivery.NONE)
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert signed.must_change
    assert house.events()[-2:] == [("password.reset", "changed", "amal", ""), ("session.start", "started", "amal", "")]


def test_a_generated_secret_is_handed_back_once_and_works_once(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    assert isinstance(house.sign_in("amal", outcome.secret), SignedIn)
    assert reason(house.sign_in("amal", outcome.secret)) is Reason.NOT_SIGNED_IN


def test_a_generated_secret_dies_after_a_day(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    house.clock.advance(timedelta(hours=24, seconds=1))
    assert reason(house.sign_in("amal", outcome.secret)) is Reason.NOT_SIGNED_IN


def test_a_door_that_hands_nothing_back_gets_no_secret(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory(via=replace(LOCAL, hands_back=False)).execute([ResetPassword("amal")])
    assert outcome == Changed("amal")


def test_two_users_never_get_the_same_generated_secret(house: House) -> None:
    names = [f"user{n}" for n in range(50)]
    for name in names:
        house.add(name)
    outcomes = house.directory().execute([ResetPassword(name) for name in names])
    secrets = {o.secret.reveal() for o in outcomes if isinstance(o, Changed) and o.secret is not None}
    assert len(secrets) == len(names)


def test_a_stranger_is_refused_and_audited(house: House) -> None:
    [outcome] = house.directory().execute([ResetPassword("nobody")])
    assert reason(outcome) is Reason.NO_SUCH_USER
    assert house.events() == [("password.reset", "refused", "nobody", "no-such-user")]


def test_a_user_of_another_tenant_looks_like_none(house: House) -> None:
    house.add("amal", tenant=2)
    [foreign, missing] = house.directory().execute([ResetPassword("amal"), ResetPassword("nobody")])
    assert isinstance(foreign, Refused)
    assert isinstance(missing, Refused)
    assert (foreign.reason, foreign.text) == (missing.reason, missing.text)
    assert house.directory().find("amal") is None


def test_who_may_not_administer_users_does_not_learn_who_exists(house: House) -> None:
    house.add("amal")
    directory = house.directory(rights=frozenset())
    outcomes = directory.execute([ResetPassword("amal"), ResetPassword("nobody")])
    assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_ALLOWED, Reason.NOT_ALLOWED]
    assert directory.find("amal") is None
    assert directory.list(Window()).users == ()


@pytest.mark.parametrize(
    "command",
    [
        ResetPassword("chief"),
        ResetPassword("chief", GOOD),
        SetStatus("chief", Status.DISABLED),
        DeleteUser("chief"),
        UpdateUser("chief", profile=Profile(emails=(Contact("mine@example.com"),))),
        ChangePassword("chief", OTHER, old=GOOD),
    ],
    ids=["reset", "known value", "disable", "delete", "mail", "change"],
)
def test_no_credential_of_a_higher_administrator_is_touched(house: House, command: Command) -> None:
    house.add("chief", password=GOOD, rights=ALL_RIGHTS)
    [outcome] = house.directory(rights=USERS).execute([command])
    assert reason(outcome) is Reason.NOT_ALLOWED
    assert isinstance(house.sign_in("chief", GOOD), SignedIn)


def test_nobody_creates_or_promotes_a_user_above_themselves(house: House) -> None:
    house.add("amal")
    lowly = house.directory(rights=USERS)
    [created, promoted] = [
        lowly.execute([command])[0]
        for command in (CreateUser("boss", Profile(), rights=ALL_RIGHTS), UpdateUser("amal", rights=ALL_RIGHTS))
    ]
    assert reason(created) is reason(promoted) is Reason.NOT_ALLOWED


def test_the_policy_refuses_and_nothing_changes(house: House) -> None:
    house.add("amal", password=GOOD)
    [outcome] = house.directory().execute([ResetPassword("amal", Secret("short"))])
    assert reason(outcome) is Reason.TOO_SHORT
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)
    assert house.events()[1] == ("password.reset", "refused", "amal", "too-short")


def test_the_vendor_profile_takes_short_values_and_notes_a_known_one(house: House) -> None:
    house.set(profile="vendor")
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal", Secret("password"))])
    assert isinstance(outcome, Changed)
    with house.parts.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    assert "known passwords" in last.event.detail


def test_a_tenant_can_refuse_known_values(house: House) -> None:
    house.set(known_values="refuse")
    house.add("amal")
    [reset, created] = [
        house.directory().execute([command])[0]
        for command in (ResetPassword("amal", GOOD), CreateUser("badr", Profile(), password=GOOD))
    ]
    assert reason(reset) is reason(created) is Reason.POLICY


def test_a_reset_ends_every_session_of_its_owner(house: House) -> None:
    house.add("amal", password=GOOD)
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert house.signing_in.actor(signed.token) is not None
    house.directory().execute([ResetPassword("amal")])
    assert house.signing_in.actor(signed.token) is None


def test_a_permanent_known_value_never_has_to_be_changed(house: House) -> None:
    house.add("amal")
    house.directory().execute([ResetPassword("amal", GOOD, permanent=True)])
    house.clock.advance(timedelta(days=400))
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert not signed.must_change


def test_a_temporary_known_value_signs_in_until_its_time_is_up(house: House) -> None:
    house.add("amal", password=GOOD)
    for _ in range(2):
        assert isinstance(house.sign_in("amal", GOOD), SignedIn)
    house.clock.advance(timedelta(hours=25))
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN


def test_a_restricted_session_sets_a_new_password_and_nothing_else(house: House) -> None:
    created = house.add("amal", password=GOOD, rights=ALL_RIGHTS)
    assert created.user is not None
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    mine = house.acting(signed.actor, replace(LOCAL, handle=Handle.UID))
    assert mine.find(created.user.uid) is None
    assert reason(mine.execute([ResetPassword(created.user.uid)])[0]) is Reason.NOT_ALLOWED
    assert reason(mine.execute([ChangePassword(created.user.uid, GOOD)])[0]) is Reason.SAME_PASSWORD
    assert isinstance(mine.execute([ChangePassword(created.user.uid, OTHER)])[0], Changed)
    again = house.sign_in("amal", OTHER)
    assert isinstance(again, SignedIn)
    assert not again.must_change


def test_in_a_full_session_the_present_password_is_needed(house: House) -> None:
    created = house.add("amal")
    assert created.user is not None
    house.directory().execute([ResetPassword("amal", GOOD, permanent=True)])
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    mine = house.acting(signed.actor, replace(LOCAL, handle=Handle.UID))
    uid = created.user.uid
    assert reason(mine.execute([ChangePassword(uid, OTHER)])[0]) is Reason.WRONG_PASSWORD
    assert reason(mine.execute([ChangePassword(uid, OTHER, old=OTHER)])[0]) is Reason.WRONG_PASSWORD
    assert isinstance(mine.execute([ChangePassword(uid, OTHER, old=GOOD)])[0], Changed)


def test_wrong_old_passwords_count_like_wrong_sign_ins(house: House) -> None:
    house.add("amal")
    house.directory().execute([ResetPassword("amal", GOOD, permanent=True)])
    for _ in range(5):
        [outcome] = house.directory().execute([ChangePassword("amal", OTHER, old=Secret("a wrong guess of mine"))])
        assert reason(outcome) is Reason.WRONG_PASSWORD
    [outcome] = house.directory().execute([ChangePassword("amal", OTHER, old=GOOD)])
    assert reason(outcome) is Reason.WRONG_PASSWORD
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    house.clock.advance(timedelta(seconds=31))
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)


def test_a_change_needs_a_password_that_is_there_and_an_active_account(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ChangePassword("amal", OTHER, old=GOOD)])
    assert reason(outcome) is Reason.NO_PASSWORD
    house.add("badr", password=GOOD)
    house.directory().execute([SetStatus("badr", Status.DISABLED)])
    [outcome] = house.directory().execute([ChangePassword("badr", OTHER, old=GOOD)])
    assert reason(outcome) is Reason.NOT_ACTIVE


def test_a_created_user_is_shown_as_stored(house: House) -> None:
    profile = Profile(display_name="Amal", emails=(Contact("amal@example.com", "Work", primary=True),))
    [outcome] = house.directory().execute([CreateUser("007", profile, login="amal", rights=USERS)])
    assert isinstance(outcome, Created)
    assert outcome.user == house.directory().find("007")
    assert outcome.user is not None
    assert (outcome.user.key, outcome.user.login, outcome.user.profile) == ("007", "amal", profile)
    assert (outcome.user.added.by, outcome.user.has_password, outcome.user.rights) == ("root", False, USERS)


def test_validate_only_judges_and_writes_only_the_audit(house: House) -> None:
    outcomes = house.directory().execute([CreateUser("amal", Profile(), validate_only=True)])
    assert outcomes == [Unchanged("amal")]
    assert house.directory().find("amal") is None
    assert house.events() == [("user.create", "unchanged", "amal", "")]


@pytest.mark.parametrize("who", ["", "  ", "a\x00b", "a\nb", "x" * 256])
def test_what_can_be_no_id_is_refused(house: House, who: str) -> None:
    [outcome] = house.directory().execute([CreateUser(who, Profile())])
    assert reason(outcome) is Reason.INVALID


@pytest.mark.parametrize(
    "who",
    ["007", "1E5", "0x1F", "12345678901234567890", "1.10", "x%41y", "a#b", "a?b", "müller", "john doe", "a+b@x.com"],
)
def test_an_id_is_text_and_stays_as_it_is(house: House, who: str) -> None:
    house.add(who)
    user = house.directory().find(who)
    assert user is not None
    assert user.key == user.login == who
    assert house.directory().find(who + " ") is None


def test_a_taken_id_login_or_address_is_refused_and_a_deleted_one_reserved(house: House) -> None:
    via = replace(LOCAL, unique_mail=True)
    house.add("amal", mail="amal@example.com")
    same_mail = Profile(emails=(Contact("AMAL@example.com"),))

    def attempts() -> list[Reason | None]:
        commands = (CreateUser("amal", Profile()), CreateUser("x", Profile(), login="amal"), CreateUser("y", same_mail))
        return [reason(house.directory(via=via).execute([command])[0]) for command in commands]

    assert attempts() == [Reason.EXISTS] * 3
    house.directory().execute([DeleteUser("amal")])
    assert attempts() == [Reason.RESERVED] * 3


def test_the_same_user_twice_in_a_batch_is_created_once(house: House) -> None:
    outcomes = house.directory().execute([CreateUser("amal", Profile()), CreateUser("amal", Profile())])
    assert isinstance(outcomes[0], Created)
    assert reason(outcomes[1]) is Reason.EXISTS


def test_a_conflict_that_only_the_store_sees_refuses_one_element_alone(house: House) -> None:
    """Two new users whose id is the other's sign-in name: neither name repeats before it is written."""
    first, second = CreateUser("a", Profile(), login="shared"), CreateUser("b", Profile(), login="shared")
    steps = [*house.directory().look([first]), *house.directory(actor="else").look([second])]
    outcomes = commit(house.parts, house.directory().harden(steps))
    assert isinstance(outcomes[0], Created)
    assert reason(outcomes[1]) is Reason.EXISTS


def test_a_user_can_be_updated_under_its_version(house: House) -> None:
    house.add("amal")
    directory = house.directory()
    [outcome] = directory.execute([UpdateUser("amal", Profile(display_name="Amal H."), login="amal.h", version=1)])
    assert isinstance(outcome, Changed)
    assert outcome.user is not None
    assert (outcome.user.login, outcome.user.version, outcome.user.profile.display_name) == ("amal.h", 2, "Amal H.")
    [stale] = directory.execute([UpdateUser("amal", Profile(), version=1)])
    assert reason(stale) is Reason.STALE_VERSION


def test_a_login_change_cannot_take_what_is_held_or_can_be_none(house: House) -> None:
    house.add("amal")
    house.add("badr")
    house.add("gone")
    house.directory().execute([DeleteUser("gone")])
    logins = ("badr", "gone", "  ")
    reasons = [reason(house.directory().execute([UpdateUser("amal", login=login)])[0]) for login in logins]
    assert reasons == [Reason.EXISTS, Reason.RESERVED, Reason.INVALID]


def test_disabling_ends_sessions_and_enabling_lets_in_again(house: House) -> None:
    house.add("amal", password=GOOD)
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    [outcome] = house.directory().execute([SetStatus("amal", Status.DISABLED)])
    assert isinstance(outcome, Changed)
    assert house.signing_in.actor(signed.token) is None
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    house.directory().execute([SetStatus("amal", Status.ACTIVE)])
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)
    assert isinstance(house.directory().execute([SetStatus("amal", Status.ACTIVE)])[0], Unchanged)


def test_the_last_administrator_can_neither_be_stopped_nor_deleted_nor_demoted(house: House) -> None:
    house.add("chief", rights=ALL_RIGHTS)
    commands: list[Command] = [
        SetStatus("chief", Status.DISABLED),
        DeleteUser("chief"),
        UpdateUser("chief", rights=frozenset()),
        UpdateUser("chief", status=Status.LOCKED),
    ]
    assert [reason(house.directory().execute([c])[0]) for c in commands] == [Reason.LAST_ADMINISTRATOR] * 4
    assert isinstance(house.directory().execute([UpdateUser("chief", rights=ALL_RIGHTS)])[0], Changed)


def test_two_administrators_cannot_be_deleted_in_one_batch(house: House) -> None:
    house.add("chief", rights=ALL_RIGHTS)
    house.add("vice", rights=ALL_RIGHTS)
    outcomes = house.directory().execute([DeleteUser("chief"), DeleteUser("vice")])
    assert isinstance(outcomes[0], Changed)
    assert reason(outcomes[1]) is Reason.LAST_ADMINISTRATOR


def test_one_user_under_two_names_in_a_batch_is_settled_in_order(house: House) -> None:
    created = house.add("amal")
    assert created.user is not None
    by_uid = house.directory(via=replace(LOCAL, handle=Handle.UID))
    steps = [*house.directory().look([ResetPassword("amal", GOOD)]), *by_uid.look([DeleteUser(created.user.uid)])]
    outcomes = commit(house.parts, house.directory().harden(steps))
    assert [type(outcome) for outcome in outcomes] == [Changed, Changed]
    assert house.directory().find("amal") is None


def test_a_deleted_user_is_gone_with_sessions_and_mail(house: House) -> None:
    house.add("amal", password=GOOD, mail="amal@example.com")
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    house.directory().execute([ResetPassword("amal", notify=True)])
    house.directory().execute([DeleteUser("amal")])
    assert house.directory().find("amal") is None
    assert house.signing_in.actor(signed.token) is None
    assert mails(house) == [("secret", "amal@example.com", "cancelled")]


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


def test_a_created_user_with_a_generated_password_gets_it_handed_back(house: House) -> None:
    [outcome] = house.directory().execute([CreateUser("amal", Profile(), generate=True)])
    assert isinstance(outcome, Created)
    assert outcome.secret is not None
    assert isinstance(house.sign_in("amal", outcome.secret), SignedIn)


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


def test_a_repeated_operation_gets_the_first_outcome_and_changes_nothing(house: House) -> None:
    house.add("amal")
    command = ResetPassword("amal", operation="run1:7")
    [first] = house.directory().execute([command])
    [second] = house.directory().execute([command])
    assert isinstance(first, Changed)
    assert first == second
    assert first.secret is not None
    assert [event[1] for event in house.events()[-2:]] == ["changed", "repeated"]
    [other] = house.directory(actor="else").execute([command])
    assert isinstance(other, Changed)
    assert other.secret != first.secret


def test_a_repeated_creation_shows_the_user_again(house: House) -> None:
    command = CreateUser("amal", Profile(), password=GOOD, operation="create-1")
    [first] = house.directory().execute([command])
    [second] = house.directory().execute([command])
    assert isinstance(first, Created)
    assert isinstance(second, Created)
    assert first.user == second.user


def test_a_repeat_after_another_reset_does_not_derive_a_dead_secret(house: House) -> None:
    house.add("amal")
    command = ResetPassword("amal", operation="run1:7")
    house.directory().execute([command, ResetPassword("amal", GOOD)])
    [again] = house.directory().execute([command])
    assert again == Changed("amal")


def test_an_operation_id_cannot_stand_for_two_commands(house: House) -> None:
    house.add("amal")
    house.add("badr")
    house.directory().execute([ResetPassword("amal", GOOD, operation="one")])
    for other in (ResetPassword("amal", OTHER, operation="one"), ResetPassword("badr", GOOD, operation="one")):
        [outcome] = house.directory().execute([other])
        assert reason(outcome) is Reason.OPERATION_REUSED


def test_a_repeated_unlock_is_remembered_as_unchanged(house: House) -> None:
    house.add("amal")
    command = SetStatus("amal", Status.ACTIVE, operation="unlock-1")
    outcomes = [house.directory().execute([command])[0] for _ in range(2)]
    assert [type(outcome) for outcome in outcomes] == [Unchanged, Unchanged]


def test_an_operation_id_is_forgotten_after_a_day(house: House) -> None:
    house.add("amal")
    command = ResetPassword("amal", operation="one")
    [first] = house.directory().execute([command])
    house.clock.advance(timedelta(hours=25))
    [later] = house.directory().execute([command])
    assert isinstance(first, Changed)
    assert isinstance(later, Changed)
    assert house.events()[-1][1] == "changed"


def test_a_user_who_changed_between_the_look_and_the_commit_is_not_touched(house: House) -> None:
    house.add("amal")
    by_login = house.directory(via=replace(LOCAL, handle=Handle.LOGIN))
    steps = by_login.look([ResetPassword("amal", GOOD)])
    house.directory().execute([UpdateUser("amal", login="old")])
    house.add("other")
    house.directory().execute([UpdateUser("other", login="amal")])
    [outcome] = commit(house.parts, by_login.harden(steps))
    assert reason(outcome) is Reason.BUSY


def test_a_command_that_the_door_does_not_carry_is_refused_by_the_directory(house: House) -> None:
    house.add("amal")
    narrow = replace(LOCAL, carries=frozenset({ResetPassword}), generates=False, longest=20)
    directory = house.directory(via=narrow)
    outcomes = [directory.execute([c])[0] for c in (DeleteUser("amal"), ResetPassword("amal"))]
    assert [reason(outcome) for outcome in outcomes] == [Reason.UNSUPPORTED] * 2
    assert reason(directory.execute([ResetPassword("amal", GOOD)])[0]) is Reason.TOO_LONG


def test_probe_tells_who_is_acting(house: House) -> None:
    probe = house.directory().probe()
    assert (probe.account, probe.note) == ("root", "may administer users")
    assert house.directory(rights=frozenset()).probe().note == "may not administer users"
    assert house.directory().account == "root"
    assert house.directory().capabilities is LOCAL


def test_a_console_proof_is_judged_by_its_rights(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory(proof=Proof.CONSOLE).execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)


def test_the_audit_knows_where_a_request_came_from(house: House) -> None:
    house.add("amal")
    directory = house.directory()
    origin = Origin(request="r-9", source="10.1.1.1", run="rabc", row=7)
    caller = replace(directory.caller, origin=origin)
    replace(directory, caller=caller).execute([ResetPassword("amal")])
    with house.parts.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    event = last.event
    assert (event.request, event.source, event.run, event.row, event.door) == ("r-9", "10.1.1.1", "rabc", 7, "test")
