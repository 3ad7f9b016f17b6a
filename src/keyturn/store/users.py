"""Users of all tenants."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, union_all, update

from keyturn.core.errors import StoreError
from keyturn.core.storage import NewUser, Subject, UserChange
from keyturn.core.users import USER_RIGHTS, Grant, Handle, Membership, Profile, Stamp, Status, User, Users, Window
from keyturn.store import subjects
from keyturn.store.lists import OF_USERS, narrowed, ordered
from keyturn.store.schema import ADDRESSES, CREDENTIALS, GRANTS, GROUPS, KEYS, LINKS, MEMBERS, MISSES, USERS
from keyturn.store.statement import AnyRow, Prepared, chunks
from keyturn.store.values import (
    RIGHTS,
    folded,
    mask,
    micros,
    micros_or_none,
    moment,
    moment_or_none,
    number_text,
    numbers,
    read_profile,
    search_text,
    write_profile,
)

_U, _A, _G, _K = USERS.c, ADDRESSES.c, GRANTS.c, CREDENTIALS.c

_ALL_OVER_USERS: Final = mask(USER_RIGHTS)

NEXT_NUMBER: Final = select(func.coalesce(func.max(_U.number), 0) + 1)
INSERT: Final = Prepared(insert(USERS), *(column.name for column in USERS.columns))
ADD_ADDRESS: Final = Prepared(insert(ADDRESSES), "number", "folded", "tenant")
DROP_ADDRESSES: Final = delete(ADDRESSES).where(_A.number == bindparam("of"))

WHOLE: Final = (
    select(USERS, _K.must_change, _K.changed).select_from(USERS.outerjoin(CREDENTIALS)).where(_U.deleted.is_(False))
)
WHOLE_BY: Final[Mapping[Handle, Select[Any]]] = {
    handle: WHOLE.where(_U.tenant == bindparam("of"), _U[handle.value].in_(bindparam("whos", expanding=True)))
    for handle in Handle
}
GRANTS_OF: Final = (
    select(GRANTS)
    .where(_G.number.in_(bindparam("numbers", expanding=True)))
    .order_by(_G.number, _G.workspace, _G.application)
)
GROUPS_OF: Final = (
    select(MEMBERS.c.member, GROUPS.c.uid, GROUPS.c.name)
    .select_from(MEMBERS.join(GROUPS))
    .where(MEMBERS.c.member.in_(bindparam("uids", expanding=True)), MEMBERS.c.is_group.is_(False))
    .order_by(GROUPS.c.name, GROUPS.c.uid)
)

KEYS_TAKEN: Final = select(_U.key, _U.deleted).where(
    _U.tenant == bindparam("of"), _U.key.in_(bindparam("names", expanding=True))
)
LOGINS_TAKEN: Final = select(_U.login, _U.deleted).where(
    _U.tenant == bindparam("of"), _U.login.in_(bindparam("names", expanding=True))
)
MAILS_TAKEN: Final = (
    select(_A.folded, _U.deleted)
    .select_from(ADDRESSES.join(USERS))
    .where(_A.tenant == bindparam("of"), _A.folded.in_(bindparam("names", expanding=True)))
    .order_by(_U.deleted.desc())
)
ADMINISTRATORS: Final = (
    select(func.count())
    .select_from(USERS)
    .where(
        _U.tenant == bindparam("of"),
        _U.deleted.is_(False),
        _U.status == Status.ACTIVE.value,
        _U.rights.op("|")(_U.through).op("&")(_ALL_OVER_USERS) == _ALL_OVER_USERS,
    )
)
USED: Final = union_all(
    *(select(name).where(name.in_(bindparam("uids", expanding=True))) for name in (_U.uid, GROUPS.c.uid, KEYS.c.id))
)
HOME: Final = {
    handle: select(_U.tenant).where(_U[handle.value] == bindparam("who"), _U.deleted.is_(False))
    for handle in (Handle.NUMBER, Handle.UID)
}
STAND: Final = select(_U.number, _U.uid, _U.tenant, _U.key, _U.login, _U.profile).where(
    _U.uid.in_(bindparam("uids", expanding=True))
)
CHANGE: Final = update(USERS).where(_U.uid == bindparam("of"))
DROP_CREDENTIALS: Final = delete(CREDENTIALS).where(
    _K.number.in_(select(_U.number).where(_U.uid.in_(bindparam("uids", expanding=True))))
)
DROP_LINKS: Final = delete(LINKS).where(LINKS.c.uid.in_(bindparam("uids", expanding=True)))
COUNT_FAILURE: Final = (
    update(USERS)
    .where(_U.uid == bindparam("of"))
    .values(failures=_U.failures + 1, last_failure=bindparam("at"), guessed_from=bindparam("source"))
)
COUNT_MISS: Final = update(MISSES).values(count=MISSES.c.count + 1)
UNCOUNT: Final = update(USERS).where(_U.uid == bindparam("of"), _U.failures > 0).values(failures=_U.failures - 1)
FAILURES: Final = select(_U.failures).where(_U.uid == bindparam("of"))
WAIT: Final = update(USERS).where(_U.uid == bindparam("of")).values(wait_until=bindparam("until"))
CLEAR: Final = WAIT.values(failures=0)


@dataclass(frozen=True, slots=True)
class SqlUsers:
    """Users of all tenants."""

    connection: Connection

    def subjects(self, tenant: int, whos: Sequence[str], by: Handle) -> Mapping[str, Subject]:
        """The subjects by the handle as it was asked."""
        return subjects.by_handle(self.connection, tenant, whos, by)

    def by_uid(self, uids: Sequence[str]) -> Mapping[str, Subject]:
        """The subjects by uid over all tenants."""
        return subjects.by_uid(self.connection, uids)

    def logins(self, login: str) -> Sequence[Subject]:
        """Every live user with this sign-in name, in order of tenant."""
        return subjects.by_login(self.connection, login)

    def get(self, tenant: int, who: str, by: Handle) -> User | None:
        """The whole user, grants included."""
        return next(iter(self._whole(tenant, [who], by)), None)

    def get_many(self, tenant: int, uids: Sequence[str]) -> Mapping[str, User]:
        """Whole users by uid."""
        return {user.uid: user for user in self._whole(tenant, uids, Handle.UID)}

    def page(self, tenant: int, window: Window) -> Users:
        """A part of the live users that the window asks for, in its order, then in order of number."""
        wanted = WHOLE.where(_U.tenant == tenant)
        if window.search:
            [piece] = subjects.storable([window.search.casefold()]) or ["\n\n"]
            wanted = wanted.where(_U.search.contains(piece, autoescape=True))
        wanted = narrowed(wanted, OF_USERS, window, self.connection)
        part = ordered(wanted, OF_USERS, window, self.connection).order_by(_U.number)
        rows = self.connection.execute(part.offset(window.start).limit(window.count)).all()
        total = window.start + len(rows)
        if len(rows) == window.count or (window.start and not rows):
            total = self.connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
        return Users(tuple(self._dressed(rows)), total)

    def taken(self, tenant: int, keys: Sequence[str], logins: Sequence[str], mails: Sequence[str]) -> Mapping[str, str]:
        """Which of these are held, by a live or a deleted user; a live one tells more."""
        held: dict[str, str] = {}
        plain = [(KEYS_TAKEN, {key: [key] for key in keys}), (LOGINS_TAKEN, {login: [login] for login in logins})]
        spellings: dict[str, list[str]] = {}
        for mail in mails:
            spellings.setdefault(mail.casefold(), []).append(mail)
        for statement, asked in [*plain, (MAILS_TAKEN, spellings)]:
            for chunk in chunks(subjects.storable(asked)):
                for name, deleted in self.connection.execute(statement, {"of": tenant, "names": chunk}):
                    for spelling in asked[name]:
                        held[spelling] = "deleted" if deleted and held.get(spelling) != "live" else "live"
        return held

    def used(self, uids: Sequence[str]) -> frozenset[str]:
        """Which of these uids a user (deleted ones too), a group or a key has, in whatever tenant."""
        found = (self.connection.execute(USED, {"uids": chunk}) for chunk in chunks(subjects.storable(uids)))
        return frozenset(uid for rows in found for (uid,) in rows)

    def home(self, who: str, by: Handle) -> int | None:
        """The tenant of a live user by a handle that is unique on the server."""
        for handle in subjects.handles([who], by):
            tenant: int | None = self.connection.execute(HOME[by], {"who": handle}).scalar_one_or_none()
            return tenant
        return None

    def administrators(self, tenant: int) -> int:
        """How many active users of the tenant effectively hold all rights over users."""
        count: int = self.connection.execute(ADMINISTRATORS, {"of": tenant}).scalar_one()
        return count

    def insert(self, users: Sequence[NewUser]) -> None:
        """Add users.  Raises Conflict when a key, login or uid is taken.

        Numbers are given here, since there is one writer at a time and deleted users keep theirs.
        """
        if not users:
            return
        first: int = self.connection.execute(NEXT_NUMBER).scalar_one()
        INSERT.each(self.connection, [_row(number, user) for number, user in enumerate(users, first)])
        self._add_addresses((number, user.tenant, user.profile) for number, user in enumerate(users, first))

    def update(self, changes: Sequence[UserChange]) -> None:
        """Change users.  Raises Conflict when a login is taken."""
        stands = self._stands([change.uid for change in changes])
        for change in changes:
            stand = stands.get(change.uid)
            if stand is None:
                raise StoreError("a user to change is not there")
            values = _changes(change, stand)
            self.connection.execute(CHANGE.values(values), {"of": change.uid})
            if change.profile is not None:
                self.connection.execute(DROP_ADDRESSES, {"of": stand.number})
                self._add_addresses([(stand.number, stand.tenant, change.profile)])
        for chunk in chunks([change.uid for change in changes if change.deleted]):
            self.connection.execute(DROP_CREDENTIALS, {"uids": chunk})
            self.connection.execute(DROP_LINKS, {"uids": chunk})

    def count_failure(self, uid: str, at: datetime, source: str = "") -> int:
        """One more wrong password, atomically; answers how many in a row it makes."""
        self.connection.execute(COUNT_FAILURE, {"of": uid, "at": micros(at), "source": source})
        failures: int | None = self.connection.execute(FAILURES, {"of": uid}).scalar_one_or_none()
        return failures or 0

    def count_miss(self) -> None:
        """One more wrong password for an account that has no count."""
        self.connection.execute(COUNT_MISS)

    def wait(self, uid: str, until: datetime | None, *, clear: bool = False) -> None:
        """Set until when the account takes no password; `clear` also sets the failures to 0."""
        self.connection.execute(CLEAR if clear else WAIT, {"of": uid, "until": micros_or_none(until)})

    def uncount(self, uid: str) -> None:
        """Take back one wrong password that was counted ahead and was none."""
        self.connection.execute(UNCOUNT, {"of": uid})

    def _whole(self, tenant: int, whos: Iterable[str], by: Handle) -> list[User]:
        found: list[User] = []
        for chunk in chunks(subjects.handles(whos, by)):
            found += self._dressed(self.connection.execute(WHOLE_BY[by], {"of": tenant, "whos": chunk}).all())
        return found

    def _dressed(self, rows: Sequence[AnyRow]) -> list[User]:
        """Users from their rows, each with its grants and groups."""
        grants: dict[int, list[Grant]] = {}
        for chunk in chunks([row.number for row in rows]):
            for number, workspace, application, role, at in self.connection.execute(GRANTS_OF, {"numbers": chunk}):
                grants.setdefault(number, []).append(Grant(workspace, application, role, moment(at)))
        groups: dict[str, list[Membership]] = {}
        for chunk in chunks([row.uid for row in rows]):
            for member, uid, name in self.connection.execute(GROUPS_OF, {"uids": chunk}):
                groups.setdefault(member, []).append(Membership(uid, name))
        return [_user(row, tuple(grants.get(row.number, ())), tuple(groups.get(row.uid, ()))) for row in rows]

    def _stands(self, uids: Sequence[str]) -> dict[str, AnyRow]:
        found: dict[str, AnyRow] = {}
        for chunk in chunks(uids):
            found.update({row.uid: row for row in self.connection.execute(STAND, {"uids": chunk})})
        return found

    def _add_addresses(self, owners: Iterable[tuple[int, int, Profile]]) -> None:
        rows = [(number, address, tenant) for number, tenant, profile in owners for address in folded(profile)]
        if rows:
            ADD_ADDRESS.each(self.connection, rows)


def _row(number: int, new: NewUser) -> tuple[object, ...]:
    by, at = new.added.by, micros(new.added.at)
    return (
        number, new.uid, new.tenant, new.key, new.login, new.status.value, mask(new.rights), new.profile.mail(),
        1, 1, 0, None, None, False, by, at, by, at, search_text(new.key, new.login, new.profile),
        write_profile(new.profile), mask(new.through), "", "",
    )  # fmt: skip


def _changes(change: UserChange, stand: AnyRow) -> dict[str, Any]:
    """The columns that a change sets."""
    values: dict[str, Any] = {"version": _U.version + 1}
    values |= {"updated_by": change.updated.by, "updated_at": micros(change.updated.at)}
    if change.revoke:
        values["epoch"] = _U.epoch + 1
    if change.deleted:
        values["deleted"] = True
    if change.status is not None:
        values["status"] = change.status.value
    values |= _rights(change)
    if change.login is not None:
        values["login"] = change.login
    if change.profile is not None:
        values |= {"mail": change.profile.mail(), "profile": write_profile(change.profile)}
    if change.login is not None or change.profile is not None:
        profile = change.profile if change.profile is not None else read_profile(stand.profile)
        login = change.login if change.login is not None else stand.login
        values["search"] = search_text(stand.key, login, profile)
    return values


def _rights(change: UserChange) -> dict[str, Any]:
    """The columns of what a user may do, where a change sets them."""
    values: dict[str, Any] = {}
    if change.rights is not None:
        values["rights"] = mask(change.rights)
    if change.through is not None:
        values["through"] = mask(change.through)
    if change.administers is not None:
        values["administers"] = number_text(change.administers)
    return values


def _user(row: AnyRow, grants: tuple[Grant, ...], groups: tuple[Membership, ...]) -> User:
    return User(
        row.uid,
        row.number,
        row.tenant,
        row.key,
        row.login,
        read_profile(row.profile),
        added=Stamp(row.added_by, moment(row.added_at)),
        updated=Stamp(row.updated_by, moment(row.updated_at)),
        status=Status(row.status),
        rights=RIGHTS[row.rights],
        version=row.version,
        has_password=row.changed is not None,
        must_change=bool(row.must_change),
        failures=row.failures,
        last_failure=moment_or_none(row.last_failure),
        password_changed=moment_or_none(row.changed),
        grants=grants,
        through=RIGHTS[row.through],
        groups=groups,
        administers=numbers(row.administers),
    )
