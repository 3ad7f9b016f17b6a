"""Keys, workspaces and grants: under the same laws as users."""

import re
from dataclasses import replace
from datetime import timedelta

from keyturn.core.capabilities import Capabilities
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.policy import ProfileName
from keyturn.core.ports import KeyChange, NewKey
from keyturn.core.secret import Secret
from keyturn.core.storage import Key
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Handle, Right
from tests.support.house import House, reason

KEYS = frozenset({Right.KEYS})


def made(house: House, rights: frozenset[Right] = KEYS) -> Key:
    """A key that exists from here on."""
    new = house.administration().create_key("mas", "automation", rights)
    assert isinstance(new, NewKey)
    return new.key


def test_a_key_gets_an_id_as_the_field_writes_them_and_a_token_that_is_not_stored(house: House) -> None:
    new = house.administration().create_key("mas", "automation", KEYS)
    assert isinstance(new, NewKey)
    assert re.fullmatch(r"a-default-[a-z]{10}", new.key.id)
    assert len(new.token.reveal()) == 86
    assert new.token.reveal() not in repr(new.key)
    keys = house.administration().keys()
    assert keys == [new.key]


def test_a_key_can_be_changed_and_revoked_and_each_is_audited(house: House) -> None:
    key = made(house)
    changed = house.administration().update_key(key.id, KeyChange(rights=frozenset(), description="other"))
    assert isinstance(changed, Key)
    assert (changed.rights, changed.description, changed.active, changed.version) == (frozenset(), "other", True, 2)
    assert isinstance(house.administration().revoke_key(key.id), Key)
    assert house.administration().keys() == []
    assert [event[0] for event in house.events()] == ["key.create", "key.update", "key.revoke"]


def test_nobody_without_the_right_sees_or_touches_keys(house: House) -> None:
    key = made(house)
    lowly = house.administration(rights=USER_RIGHTS)
    outcomes = [
        lowly.keys(),
        lowly.create_key("mas", "", frozenset()),
        lowly.update_key(key.id, KeyChange(active=False)),
        lowly.refresh_key(key.id),
        lowly.revoke_key(key.id),
    ]
    assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_ALLOWED] * 5
    assert [event[1] for event in house.events()] == ["created", *["refused"] * 5]


def test_nobody_makes_or_takes_a_key_above_themselves(house: House) -> None:
    key = made(house, ALL_RIGHTS)
    keeper = house.administration(rights=KEYS)
    outcomes = [
        keeper.create_key("mas", "", ALL_RIGHTS),
        keeper.refresh_key(key.id),
        keeper.revoke_key(key.id),
        keeper.update_key(made(house).id, KeyChange(rights=ALL_RIGHTS)),
    ]
    assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_ALLOWED] * 4


def test_a_key_of_another_tenant_is_not_there(house: House) -> None:
    key = made(house)
    elsewhere = house.administration(tenant=2)
    outcomes = [elsewhere.update_key(key.id, KeyChange()), elsewhere.refresh_key("none"), elsewhere.revoke_key(key.id)]
    assert [reason(outcome) for outcome in outcomes] == [Reason.NO_SUCH_USER] * 3
    assert elsewhere.keys() == []


def test_a_role_is_granted_and_shown_with_the_user(house: House) -> None:
    house.add("amal")
    administration = house.administration()
    assert isinstance(administration.grant("amal", Handle.KEY, "main", "manage", "USER"), Changed)
    assert isinstance(administration.grant("amal", Handle.KEY, "main", "manage", "ADMIN"), Changed)
    assert isinstance(administration.grant("amal", Handle.KEY, "main", "", "workspaceAdmin"), Changed)
    user = house.directory().find("amal")
    assert user is not None
    assert sorted((g.workspace, g.application, g.role) for g in user.grants) == [
        ("main", "", "workspaceAdmin"),
        ("main", "manage", "ADMIN"),
    ]
    assert {a.id for a in administration.applications()} == {"manage", "iot"}


def test_a_grant_needs_the_right_the_user_and_the_place(house: House) -> None:
    house.add("amal")
    outcomes: list[Changed | Refused] = [
        house.administration(rights=frozenset()).grant("amal", Handle.KEY, "main", "manage", "USER"),
        house.administration().grant("nobody", Handle.KEY, "main", "manage", "USER"),
        house.administration().grant("amal", Handle.KEY, "main", "nothing", "USER"),
        house.administration().grant("amal", Handle.KEY, "nowhere", "", "USER"),
    ]
    assert [reason(outcome) for outcome in outcomes] == [
        Reason.NOT_ALLOWED,
        Reason.NO_SUCH_USER,
        Reason.INVALID,
        Reason.INVALID,
    ]


def test_the_policy_of_the_tenant_can_be_read(house: House) -> None:
    assert house.administration().profile() is ProfileName.NIST
    house.set(profile="vendor")
    assert house.administration().profile() is ProfileName.VENDOR


def test_a_caller_learns_the_name_of_the_own_tenant_and_of_no_other(house: House) -> None:
    assert house.administration().tenant().name == "default"
    assert house.administration(tenant=2).tenant().name == "other"


def test_a_candidate_password_is_judged_under_a_door_s_lengths_and_nothing_is_kept(house: House) -> None:
    via = Capabilities(frozenset(), shortest=8, longest=32)
    candidates = ("nine green bottles", "nine green", "x" * 33, "passwordpassword", "nine\tgreen bottles")
    verdicts = [house.administration().judge(Secret(candidate), via).reason for candidate in candidates]
    assert verdicts == [
        None, Reason.TOO_SHORT, Reason.TOO_LONG, Reason.TOO_COMMON, Reason.UNUSABLE_CHARACTER,
    ]  # fmt: skip
    assert list(house.events()) == []


def test_a_result_is_for_the_one_who_kept_it(house: House) -> None:
    """Not for others, not in another tenant, not after a day; the audit has its effects, not the result."""
    before = house.events()
    number = house.administration().keep_job("{}")
    assert house.administration().job(number) == "{}"
    assert house.administration(tenant=2).job(number) is None
    another = house.administration()
    caller = replace(another.caller, actor=replace(another.caller.actor, id="another"))
    assert replace(another, caller=caller).job(number) is None
    assert house.administration().job(number + 1) is None
    house.clock.advance(timedelta(hours=24))
    assert house.administration().job(number) is None
    assert house.events() == before
