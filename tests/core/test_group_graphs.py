"""However groups are nested and whoever changes them: nobody ends with a right that its giver did not hold."""

import os
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from keyturn.app.clock import SystemClock
from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.membership import GroupChange, Node, Tie, closure
from keyturn.core.storage import NewUser, Store, Tenant, Transaction, UserChange
from keyturn.core.users import Group, Profile, Right, Stamp, Status, User, Window
from tests.support.house import House

GRAPHS = int(os.environ.get("KEYTURN_GRAPHS", "150"))
"""How many graphs; the campaign asks for 5,000."""

PEOPLE, GROUPS = 4, 5
rights = st.frozensets(st.sampled_from(sorted(Right, key=lambda right: right.value)), max_size=3)
acting = st.frozensets(st.sampled_from(sorted(Right, key=lambda right: right.value))).map(
    lambda held: held | {Right.MODIFY_USERS, Right.CREATE_USERS}
)
person = st.integers(0, PEOPLE - 1)
group = st.integers(0, GROUPS - 1)
member = st.tuples(st.booleans(), st.integers(0, GROUPS - 1))


@dataclass(frozen=True)
class Deed:
    """What somebody with some rights tries."""

    kind: str
    actor: frozenset[Right]
    group: int
    member: tuple[bool, int]
    rights: frozenset[Right]


deeds = st.builds(
    Deed, st.sampled_from(["add", "remove", "rights", "create", "delete", "join", "leave", "own", "new"]), acting,
    group, member, rights,
)  # fmt: skip
graphs = st.fixed_dictionaries({
    "own": st.lists(rights, min_size=PEOPLE, max_size=PEOPLE),
    "gives": st.lists(rights, min_size=GROUPS, max_size=GROUPS),
    "ties": st.frozensets(st.tuples(group, member), max_size=12),
    "deeds": st.lists(deeds, min_size=4, max_size=8),
})  # fmt: skip
"""Groups may only hold groups with a higher number, so that the graph that we begin with has no circle."""


def _uid(kind: int, tenant: int, number: int) -> str:
    return str(UUID(int=(kind << 64) | (tenant << 32) | number, version=4))


def _build(transaction: Transaction, tenant: int, plan: dict[str, object], now: Stamp) -> None:
    own, gives, ties = plan["own"], plan["gives"], plan["ties"]
    assert isinstance(own, list)
    assert isinstance(gives, list)
    assert isinstance(ties, frozenset)
    transaction.tenants.put(Tenant(tenant, f"t{tenant}", _uid(3, tenant, 0), {}))
    people = [_uid(1, tenant, number) for number in range(PEOPLE)]
    names = [f"p{number}" for number in range(PEOPLE)]
    profile = Profile()
    transaction.users.insert([
        NewUser(uid, tenant, name, name, profile, Status.ACTIVE, held, now)
        for uid, name, held in zip(people, names, own, strict=True)
    ])  # fmt: skip
    for number, given_ in enumerate(gives):
        transaction.groups.put(Group(_uid(2, tenant, number), tenant, f"g{number}", given_, (), now, now))
    made = []
    for upper, (is_group, lower) in ties:
        if is_group and lower > upper:
            made.append(Tie(_uid(2, tenant, upper), _uid(2, tenant, lower), is_group=True))
        elif not is_group and lower < PEOPLE:
            made.append(Tie(_uid(2, tenant, upper), people[lower]))
    transaction.groups.tie(made)
    graph, direct = transaction.groups.graph(tenant), transaction.groups.of(people)
    transaction.users.update([UserChange(uid, now, through=closure(graph, direct[uid])) for uid in people])


def _try(house: House, tenant: int, deed: Deed) -> None:
    directory = house.directory(rights=deed.actor, tenant=tenant)
    groups = house.administration(rights=deed.actor, tenant=tenant).groups
    uid = _uid(2, tenant, deed.group)
    is_group, number = deed.member
    who = _uid(2, tenant, number) if is_group else _uid(1, tenant, number % PEOPLE)
    name = f"p{number % PEOPLE}"
    match deed.kind:
        case "add":
            groups.update(uid, GroupChange(add=(who,)))
        case "remove":
            groups.update(uid, GroupChange(remove=(who,)))
        case "rights":
            groups.update(uid, GroupChange(rights=deed.rights))
        case "create":
            groups.create(f"new{number}", deed.rights, (who,), "")
        case "delete":
            groups.delete(uid)
        case "join":
            directory.execute([UpdateUser(name, join=(uid,))])
        case "leave":
            directory.execute([UpdateUser(name, leave=(uid,))])
        case "own":
            directory.execute([UpdateUser(name, rights=deed.rights)])
        case _:
            directory.execute([_newcomer(deed, uid, who)])


def _newcomer(deed: Deed, group: str, who: str) -> CreateUser:
    """Somebody new in a group, who may wish for the uid of another one."""
    wish = who if deed.member[0] else ""
    return CreateUser("newcomer", Profile(), rights=deed.rights, groups=(group,), uid=wish)


def _people(store: Store, tenant: int) -> tuple[dict[str, User], dict[str, Node], dict[str, frozenset[str]]]:
    with store.reading() as view:
        users = view.users.page(tenant, Window(0, 100)).users
        graph, direct = view.groups.graph(tenant), view.groups.of([user.uid for user in users])
    return {user.uid: user for user in users}, dict(graph), dict(direct)


@pytest.mark.proves("AZ-3", "R-15")
def test_nobody_ends_with_a_right_that_its_giver_did_not_hold(house: House) -> None:
    tenants = iter(range(100, 100 + 10 * GRAPHS))

    @settings(
        max_examples=GRAPHS, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(graphs)
    def hold(plan: dict[str, object]) -> None:
        tenant, store = next(tenants), house.parts.store
        with store.writing() as transaction:
            _build(transaction, tenant, plan, Stamp("test", SystemClock().now()))
        tried = plan["deeds"]
        assert isinstance(tried, list)
        for deed in tried:
            before, _, _ = _people(store, tenant)
            _try(house, tenant, deed)
            after, graph, direct = _people(store, tenant)
            for uid, user in after.items():
                had = before[uid].effective if uid in before else frozenset()
                assert user.through == closure(graph, direct[uid]), (deed, user)
                assert user.effective - had <= deed.actor, (deed, user)
                assert had - user.effective <= deed.actor, (deed, user)

    hold()
