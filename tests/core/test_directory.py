"""The one door: passwords, their policy, their sessions and whose they may be."""

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
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Delivery, Reason, Refused
from keyturn.core.permissions import Proof
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Contact, Handle, Profile, Status, Window
from tests.support.house import GOOD, OTHER, House, reason

USERS = USER_RIGHTS


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


@pytest.mark.proves("AZ-5")
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


@pytest.mark.proves("AZ-2")
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


@pytest.mark.proves("AZ-3")
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


@pytest.mark.proves("TK-4")
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


@pytest.mark.proves("V6.2.2")
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


def test_an_endless_id_does_not_fill_the_audit(house: House) -> None:
    house.directory().execute([ResetPassword("x" * 60_000)])
    [(_, outcome, who, _)] = house.events()
    assert (outcome, len(who)) == ("refused", 255)
