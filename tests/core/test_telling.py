"""The audit says what was granted or weakened, old and new, and never a secret."""

from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.membership import GroupChange
from keyturn.core.ports import KeyChange, NewKey
from keyturn.core.storage import Key, Tenant
from keyturn.core.telling import settings_told
from keyturn.core.users import Group, Profile, Right, Status
from tests.support.house import House


def said(house: House, verb: str) -> list[str]:
    with house.parts.store.reading() as view:
        return [entry.event.detail for entry in view.audit.entries(0, 1000, verb=verb)]


def test_a_tenant_that_is_weakened_says_from_what_to_what(house: House) -> None:
    tenants = house.administration().tenants
    assert isinstance(tenants.create("acme", {"profile": "vendor", "description": "Plant 4"}), Tenant)
    assert said(house, "tenant.create") == ["number 3; profile nist -> vendor; description changed"]
    assert isinstance(tenants.update(3, "acme-2", {"temporary_hours": "100"}), Tenant)
    detail = "number 3; name acme -> acme-2; profile vendor -> nist; temporary_hours 24 -> 100; description changed"
    assert said(house, "tenant.update") == [detail]


def test_the_address_of_links_is_told_without_what_stands_before_an_at_sign() -> None:
    before = {"base_url": "https://amal:opensesame@a.example.com"}
    assert settings_told(before, {"base_url": "https://b.example.com"}) == (
        "base_url a.example.com -> https://b.example.com"
    )


def test_a_key_says_what_it_may_and_what_was_changed(house: House) -> None:
    administration = house.administration()
    made = administration.create_key("uipath", "feed", frozenset({Right.AUDIT, Right.KEYS}), ("PM.User", "PM.Group"))
    assert isinstance(made, NewKey)
    key = made.key.id
    for change in (
        KeyChange(rights=frozenset({Right.AUDIT})),
        KeyChange(active=False, description="opensesame"),
        KeyChange(active=True),
    ):
        assert isinstance(administration.update_key(key, change), Key)
    assert isinstance(administration.refresh_key(key), NewKey)
    assert isinstance(administration.revoke_key(key), Key)
    assert said(house, "key.create") == ["kind uipath; rights: audit, keys; scopes: PM.User PM.Group"]
    changes = ["rights: audit, keys -> audit", "switched off; description changed", "switched on", "a new token"]
    assert said(house, "key.update") == changes
    assert said(house, "key.revoke") == ["kind uipath; rights: audit"]
    assert isinstance(administration.create_key("mas", "", frozenset()), NewKey)
    assert said(house, "key.create")[1:] == ["kind mas; rights: none"]


def test_a_user_says_what_rights_came_and_went(house: House) -> None:
    house.directory().execute([CreateUser("root2", Profile(), rights=frozenset({Right.AUDIT}))])
    house.directory().execute([UpdateUser("root2", rights=frozenset(), login="root-two", status=Status.DISABLED)])
    house.directory().execute([UpdateUser("root2", profile=Profile(display_name="Root"))])
    assert said(house, "user.create") == ["no password; rights: audit"]
    changed = "rights: audit -> none; login root2 -> root-two; status active -> disabled"
    assert said(house, "user.update") == [changed, ""]


def test_a_group_says_its_rights_and_its_old_name(house: House) -> None:
    groups = house.administration().groups
    made = groups.create("desk", frozenset({Right.AUDIT}), (), "")
    assert isinstance(made, Group)
    assert isinstance(groups.update(made.uid, GroupChange(name="service", rights=frozenset({Right.KEYS}))), Group)
    assert isinstance(groups.update(made.uid, GroupChange(external_id="7")), Group)
    assert isinstance(groups.delete(made.uid), Group)
    assert said(house, "group.create") == ["desk; rights: audit"]
    assert said(house, "group.update") == ["name desk -> service; rights: audit -> keys", "service"]
    assert said(house, "group.delete") == ["service; rights: keys"]
