"""Tenants are made by the system's administrators, and administered from outside by those whom they appoint."""

from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import CreateUser, Origin, ResetPassword
from keyturn.core.outcomes import Changed, Created, Reason
from keyturn.core.permissions import Actor
from keyturn.core.steps import Caller
from keyturn.core.storage import Tenant
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Handle, Profile, Right
from tests.support.house import House, reason


def uid(house: House, who: str, *, rights: frozenset[Right] = frozenset(), tenant: int = 1) -> str:
    created = house.add(who, rights=rights, tenant=tenant)
    assert created.user is not None
    return created.user.uid


def administration(house: House, actor: Actor) -> LocalAdministration:
    caller = Caller(actor, Capabilities(frozenset()), "test", Origin(), house.parts.rules(actor.tenant))
    return LocalAdministration(house.parts, caller)


def test_a_tenant_is_made_and_changed_and_each_is_audited(house: House) -> None:
    tenants = house.administration().tenants
    made = tenants.create("acme", {"profile": "vendor"})
    assert isinstance(made, Tenant)
    assert (made.number, made.name, made.settings) == (3, "acme", {"profile": "vendor"})
    changed = tenants.update(3, "acme-2", None)
    assert isinstance(changed, Tenant)
    assert (changed.name, changed.guid, changed.settings) == ("acme-2", made.guid, {"profile": "vendor"})
    assert isinstance(tenants.update(3, None, {}), Tenant)
    assert [one.name for one in tenants.all()] == ["default", "other", "acme-2"]
    assert [event[0] for event in house.events()] == ["tenant.create", "tenant.update", "tenant.update"]


def test_a_tenant_with_a_bad_name_a_bad_setting_or_a_taken_name_is_refused(house: House) -> None:
    tenants = house.administration().tenants
    refused = [
        tenants.create("a b", {}),
        tenants.create("", {}),
        tenants.create("acme", {"profile": "lax"}),
        tenants.create("acme", {"temporary_hours": "soon"}),
        tenants.create("other", {}),
        tenants.update(99, "x", None),
    ]
    wanted = [Reason.INVALID] * 4 + [Reason.EXISTS, Reason.NO_SUCH_TENANT]
    assert [reason(one) for one in refused] == wanted


def test_only_the_system_s_tenant_administers_tenants(house: House) -> None:
    for administration in (house.administration(tenant=2), house.administration(rights=USER_RIGHTS)):
        tenants = administration.tenants
        assert reason(tenants.create("acme", {})) is Reason.NOT_ALLOWED
        assert [one.number for one in tenants.all()] == [administration.caller.actor.tenant]
        assert reason(tenants.update(1, "mine", None)) is Reason.NOT_ALLOWED
        assert reason(tenants.appoint("nobody", frozenset({2}))) is Reason.NOT_ALLOWED


def test_who_is_appointed_administers_the_users_of_those_tenants_and_nothing_else(house: House) -> None:
    amal = uid(house, "amal", rights=USER_RIGHTS | {Right.AUDIT})
    bela = uid(house, "bela", tenant=2)
    assert isinstance(house.administration().tenants.appoint(amal, frozenset({2})), Changed)
    with house.parts.store.reading() as view:
        subject = view.users.by_uid([amal])[amal]
    actor = Actor(amal, "amal", 1, subject.rights, administers=subject.administers)
    assert actor.abroad(1) is actor
    assert actor.abroad(2).rights == USER_RIGHTS
    assert (actor.reaches(2), actor.reaches(3)) == (True, False)
    assert actor.abroad(3).rights == frozenset()
    assert administration(house, actor).tenants.home(bela, Handle.UID) == 2
    [reset] = house.acting(actor.abroad(2)).execute([ResetPassword("bela")])
    assert isinstance(reset, Changed)
    [refused] = house.acting(actor.abroad(3)).execute([CreateUser("chen", Profile("Chen"))])
    assert reason(refused) is Reason.NOT_ALLOWED


def test_the_system_s_administrator_works_in_every_tenant(house: House) -> None:
    actor = Actor("root", "root", 1, ALL_RIGHTS)
    [made] = house.acting(actor.abroad(2)).execute([CreateUser("bela", Profile("Bela"), rights=ALL_RIGHTS)])
    assert isinstance(made, Created)
    assert made.user is not None
    assert made.user.tenant == 2
    assert actor.abroad(2).reaches(1)
    tenants = house.administration().tenants
    assert tenants.home(str(made.user.number), Handle.NUMBER) == 2
    assert (tenants.home("x", Handle.NUMBER), tenants.home("9999", Handle.NUMBER)) == (None, None)
    stranger = house.administration(tenant=2, rights=USER_RIGHTS).tenants
    assert stranger.home(uid(house, "amal"), Handle.UID) is None


def test_an_administrator_of_a_tenant_is_touched_only_by_who_reaches_it(house: House) -> None:
    amal = uid(house, "amal", rights=USER_RIGHTS)
    house.administration().tenants.appoint(amal, frozenset({2}))
    local = Actor("key", "key", 1, USER_RIGHTS)
    [refused] = house.acting(local).execute([ResetPassword("amal")])
    assert reason(refused) is Reason.NOT_ALLOWED
    [allowed] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(allowed, Changed)


def test_an_appointment_names_a_user_and_tenants_that_are_there(house: House) -> None:
    tenants = house.administration().tenants
    amal = uid(house, "amal")
    foreign = uid(house, "bela", tenant=2)
    assert reason(tenants.appoint("nobody", frozenset())) is Reason.NO_SUCH_USER
    assert reason(tenants.appoint(foreign, frozenset())) is Reason.NO_SUCH_USER
    assert reason(tenants.appoint(amal, frozenset({9}))) is Reason.NO_SUCH_TENANT
    assert isinstance(tenants.appoint(amal, frozenset({2})), Changed)
    assert isinstance(tenants.appoint(amal, frozenset()), Changed)
