"""The one door: users, made, changed, stopped and deleted."""

from dataclasses import replace

import pytest

from keyturn.core.commands import (
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.directory import LOCAL, commit
from keyturn.core.outcomes import Changed, Created, Reason, Unchanged
from keyturn.core.ports import SignedIn
from keyturn.core.storage import Subject
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Contact, Handle, Profile, Status
from tests.support.house import GOOD, OTHER, House, reason

USERS = USER_RIGHTS


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


@pytest.mark.proves("V10.3.3")
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


@pytest.mark.proves("TK-4", "V7.4.2")
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


@pytest.mark.proves("AZ-8")
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


@pytest.mark.proves("AZ-8")
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


def test_a_created_user_with_a_generated_password_gets_it_handed_back(house: House) -> None:
    [outcome] = house.directory().execute([CreateUser("amal", Profile(), generate=True)])
    assert isinstance(outcome, Created)
    assert outcome.secret is not None
    assert isinstance(house.sign_in("amal", outcome.secret), SignedIn)


def test_a_user_who_changed_between_the_look_and_the_commit_is_not_touched(house: House) -> None:
    house.add("amal")
    by_login = house.directory(via=replace(LOCAL, handle=Handle.LOGIN))
    steps = by_login.look([ResetPassword("amal", GOOD)])
    house.directory().execute([UpdateUser("amal", login="old")])
    house.add("other")
    house.directory().execute([UpdateUser("other", login="amal")])
    [outcome] = commit(house.parts, by_login.harden(steps))
    assert reason(outcome) is Reason.BUSY


def subjects(house: House, who: str) -> list[Subject]:
    """What judging knows of somebody."""
    with house.parts.store.reading() as view:
        return [*view.users.subjects(1, [who], Handle.KEY).values()]


def test_an_update_that_says_nothing_changes_nothing_and_is_judged_all_the_same(house: House) -> None:
    """So that a door can ask whether somebody might."""
    house.add("amal")
    [before] = subjects(house, "amal")
    [outcome] = house.directory().execute([UpdateUser("amal", version=before.version)])
    assert isinstance(outcome, Unchanged)
    assert subjects(house, "amal") == [before]
    weak = house.directory(rights=frozenset())
    assert [reason(one) for one in weak.execute([UpdateUser("amal")])] == [Reason.NOT_ALLOWED]


def test_an_update_that_unlocks_starts_the_count_of_wrong_passwords_again(house: House) -> None:
    """One that only says again that somebody is active does not: whoever guesses would get more tries by it."""
    house.add("amal", password=GOOD)
    house.sign_in("amal", OTHER)
    house.directory().execute([UpdateUser("amal", status=Status.ACTIVE)])
    assert [one.failures for one in subjects(house, "amal")] == [1]
    house.directory().execute([UpdateUser("amal", status=Status.LOCKED)])
    house.directory().execute([UpdateUser("amal", status=Status.ACTIVE)])
    assert [one.failures for one in subjects(house, "amal")] == [0]
