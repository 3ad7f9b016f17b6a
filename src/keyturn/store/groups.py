"""Groups of all tenants and who is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, union_all, update

from keyturn.core.membership import Node, Tie
from keyturn.core.users import Group, Groups, Member, Stamp, Window
from keyturn.store.lists import OF_GROUPS, narrowed, ordered
from keyturn.store.schema import GROUPS, MEMBERS, USERS
from keyturn.store.statement import Among, AnyRow, Prepared, chunks
from keyturn.store.subjects import storable
from keyturn.store.values import RIGHTS, mask, micros, moment

_G, _M, _U = GROUPS.c, MEMBERS.c, USERS.c
_INNER: Final = GROUPS.alias("inner_groups")

FIND: Final = select(GROUPS).where(_G.tenant == bindparam("of"), _G.uid.in_(bindparam("uids", expanding=True)))
PEOPLE_IN: Final = (
    select(_M.group, _M.member, _U.login.label("name"), _M.is_group)
    .select_from(MEMBERS.join(USERS, _M.member == _U.uid))
    .where(_M.group.in_(bindparam("uids", expanding=True)), _U.deleted.is_(False), _M.is_group.is_(False))
)
GROUPS_IN: Final = (
    select(_M.group, _M.member, _INNER.c.name, _M.is_group)
    .select_from(MEMBERS.join(_INNER, _M.member == _INNER.c.uid))
    .where(_M.group.in_(bindparam("uids", expanding=True)), _M.is_group.is_(True))
)
IN: Final = union_all(PEOPLE_IN, GROUPS_IN).order_by("name", "member")
GRAPH: Final = select(_G.uid, _G.rights).where(_G.tenant == bindparam("of"))
NESTED: Final = (
    select(_M.member, _M.group)
    .select_from(MEMBERS.join(GROUPS))
    .where(_G.tenant == bindparam("of"), _M.is_group.is_(True))
)
OF: Final = Prepared(select(_M.member, _M.group).where(Among(_M.member, "uids"), _M.is_group.is_(False)), "uids")
PEOPLE: Final = (
    select(_M.member)
    .select_from(MEMBERS.join(USERS, _M.member == _U.uid))
    .where(_M.group.in_(bindparam("uids", expanding=True)), _U.deleted.is_(False), _M.is_group.is_(False))
    .distinct()
)
REPLACE: Final = update(GROUPS).where(_G.uid == bindparam("wanted"))
THERE: Final = select(_M.member).where(_M.group == bindparam("of"), _M.member.in_(bindparam("members", expanding=True)))
UNTIE: Final = delete(MEMBERS).where(_M.group == bindparam("of"), _M.member.in_(bindparam("members", expanding=True)))
FORGET: Final = delete(MEMBERS).where((_M.group == bindparam("of")) | (_M.member == bindparam("of")))
REMOVE: Final = delete(GROUPS).where(_G.uid == bindparam("of"))


@dataclass(frozen=True, slots=True)
class SqlGroups:
    """Groups of all tenants and who is in them."""

    connection: Connection

    def find(self, tenant: int, uids: Sequence[str]) -> Mapping[str, Group]:
        """Groups with their live members."""
        found: list[Group] = []
        for chunk in chunks(storable(uids)):
            found += self._filled(self.connection.execute(FIND, {"of": tenant, "uids": chunk}).all())
        return {group.uid: group for group in found}

    def page(self, tenant: int, window: Window) -> Groups:
        """A part of the groups, in order of making."""
        wanted = select(GROUPS).where(_G.tenant == tenant)
        if window.search:
            [piece] = storable([window.search.casefold()]) or ["\n\n"]
            wanted = wanted.where(_G.folded.contains(piece, autoescape=True))
        wanted = narrowed(wanted, OF_GROUPS, window, self.connection)
        total = self.connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
        wanted = ordered(wanted, OF_GROUPS, window, self.connection)
        part = wanted.order_by(_G.added_at, _G.uid).offset(window.start).limit(window.count)
        return Groups(tuple(self._filled(self.connection.execute(part).all())), total)

    def graph(self, tenant: int) -> Mapping[str, Node]:
        """Every group of the tenant, for the closure of rights."""
        parents: dict[str, list[str]] = {}
        for member, group in self.connection.execute(NESTED, {"of": tenant}):
            parents.setdefault(member, []).append(group)
        rows = self.connection.execute(GRAPH, {"of": tenant})
        return {uid: Node(RIGHTS[rights], tuple(parents.get(uid, ()))) for uid, rights in rows}

    def of(self, uids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The groups that each of these users is a direct member of."""
        found: dict[str, set[str]] = {}
        for member, group in OF.all(self.connection, storable(uids)):
            found.setdefault(member, set()).add(group)
        return {uid: frozenset(found.get(uid, ())) for uid in uids}

    def people(self, groups: Sequence[str]) -> Sequence[str]:
        """The uids of the users who are direct members of any of these groups."""
        found: dict[str, None] = {}
        for chunk in chunks(groups):
            found |= {uid: None for (uid,) in self.connection.execute(PEOPLE, {"uids": chunk})}
        return list(found)

    def put(self, group: Group) -> None:
        """Insert or replace all but the members."""
        values: dict[str, Any] = {
            "tenant": group.tenant,
            "name": group.name,
            "folded": group.name.casefold(),
            "rights": mask(group.rights),
            "external_id": group.external_id,
            "version": group.version,
            "added_by": group.added.by,
            "added_at": micros(group.added.at),
            "updated_by": group.updated.by,
            "updated_at": micros(group.updated.at),
        }
        if self.connection.execute(REPLACE, values | {"wanted": group.uid}).rowcount == 0:
            self.connection.execute(insert(GROUPS), values | {"uid": group.uid})

    def tie(self, ties: Sequence[Tie]) -> None:
        """Make members; whoever is one already stays one."""
        for group, some in _by_group(ties).items():
            there: set[str] = set()
            for chunk in chunks(list(some)):
                there |= {uid for (uid,) in self.connection.execute(THERE, {"of": group, "members": chunk})}
            rows = [
                {"group": group, "member": uid, "is_group": tie.is_group}
                for uid, tie in some.items()
                if uid not in there
            ]
            if rows:
                self.connection.execute(insert(MEMBERS), rows)

    def untie(self, ties: Sequence[Tie]) -> None:
        """Members no more."""
        for group, some in _by_group(ties).items():
            for chunk in chunks(list(some)):
                self.connection.execute(UNTIE, {"of": group, "members": chunk})

    def remove(self, uid: str) -> None:
        """Delete a group and all its ties."""
        self.connection.execute(FORGET, {"of": uid})
        self.connection.execute(REMOVE, {"of": uid})

    def _filled(self, rows: Sequence[AnyRow]) -> list[Group]:
        """Groups from their rows, each with its members."""
        members: dict[str, list[Member]] = {}
        for chunk in chunks([row.uid for row in rows]):
            for group, uid, name, is_group in self.connection.execute(IN, {"uids": chunk}):
                members.setdefault(group, []).append(Member(uid, name, bool(is_group)))
        return [_group(row, tuple(members.get(row.uid, ()))) for row in rows]


def _by_group(ties: Sequence[Tie]) -> dict[str, dict[str, Tie]]:
    found: dict[str, dict[str, Tie]] = {}
    for tie in ties:
        found.setdefault(tie.group, {})[tie.member] = tie
    return found


def _group(row: AnyRow, members: tuple[Member, ...]) -> Group:
    return Group(
        row.uid, row.tenant, row.name, RIGHTS[row.rights], members, Stamp(row.added_by, moment(row.added_at)),
        Stamp(row.updated_by, moment(row.updated_at)), row.version, row.external_id,
    )  # fmt: skip
