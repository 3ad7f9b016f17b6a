"""New, changed and deleted users as `POST /user` takes them, both ways.  Pure.

Sources: Oracle, "Create/Update users" and "Get Job status" of "REST API for User Administration in Oracle Primavera
Administration Application"; Oracle support, document 2879953.1, "Primavera Cloud Administration REST API Examples" (a
list of roles replaces the one before).  All read 2026-11-21.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.users import USER_RIGHTS, Json, Profile, Right, Status, User
from keyturn.dialects.primavera.wire_user import (
    MORE,
    NO_GROUPS,
    ROLES,
    Body,
    Unreadable,
    groups_of,
    login_of,
    profile_body,
    read_profile,
    read_rights,
    read_status,
    status_body,
    wordless,
)

_ALL_OR_NONE: Final = (None, frozenset[Right](), USER_RIGHTS)


def wordless_creation(command: CreateUser) -> str:
    """What of a creation no call can carry; empty when nothing."""
    if command.validate_only:
        return "no user is only judged"
    if command.uid:
        return "the target gives its own numbers to users"
    return _wordless(command, command.who if command.login == "" else command.login)


def wordless_update(command: UpdateUser) -> str:
    """What of an update no call can carry; empty when nothing."""
    if command.version is not None:
        return "users have no version there"
    return _wordless(command, command.who if command.login is None else command.login)


def _wordless(command: CreateUser | UpdateUser, login: str) -> str:
    if login != command.who:
        return "here the sign-in name is the id"
    if command.status is Status.LOCKED:
        return "there is no call that locks a user"
    if command.rights not in _ALL_OR_NONE:
        return "only all rights over users together can be given"
    parts = wordless(command.profile) if command.profile is not None else ""
    return f"there is no field for: {parts}" if parts else ""


def created_body(command: CreateUser) -> Body:
    """A new user, without a password: the vendor's creation cannot set one, somebody has to reset it afterwards."""
    body = profile_body(command.profile)
    roles = _roles(body, command.rights)
    return body | ({"roles": roles} if roles else {}) | {"loginId": command.who} | status_body(command.status)


def whole(command: UpdateUser, stored: User) -> UpdateUser:
    """The update with everything that stays as it is: what is left out of a list of roles would be removed."""
    profile = command.profile if command.profile is not None else stored.profile
    kept = {**_kept(stored.profile), **_kept(profile)}
    status = command.status or stored.status
    return replace(
        command,
        profile=replace(profile, more={**profile.more, MORE: kept}) if kept else profile,
        rights=stored.rights if command.rights is None else command.rights,
        status=Status.ACTIVE if status is Status.LOCKED else status,
    )


def _kept(profile: Profile) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", profile.more.get(MORE) or {})


def changed_body(command: UpdateUser) -> Body:
    """A user as a whole, with all roles.  Raises ValueError for an update that is not `whole`."""
    if command.profile is None or command.rights is None or command.status is None:
        raise ValueError("the vendor has no words for a part of a user")
    body = profile_body(command.profile)
    return body | {"roles": _roles(body, command.rights), "loginId": command.who} | status_body(command.status)


def _roles(body: Body, rights: frozenset[Right]) -> list[object]:
    return [*(ROLES if rights >= USER_RIGHTS else ()), *cast("list[object]", body.get("roles") or [])]


def read_created(entry: Mapping[str, object], groups: Mapping[str, str] = NO_GROUPS) -> CreateUser:
    """The creation that a sent user means.  groups: uids by what roles call them.  Raises Unreadable."""
    if entry.get("password"):
        raise Unreadable("a new user gets no password here; reset it afterwards")
    return CreateUser(
        login_of(entry),
        read_profile(entry, Profile(), groups),
        status=read_status(entry) or Status.ACTIVE,
        rights=read_rights(entry, frozenset()),
        groups=tuple(sorted(groups_of(entry, groups) or ())),
    )


def read_changed(entry: Mapping[str, object], stored: User | None, groups: Mapping[str, str] = NO_GROUPS) -> UpdateUser:
    """The update that a sent user means: what is not sent stays.  Raises Unreadable.

    Rights and groups are only touched where the list of roles means others than there are.
    """
    if entry.get("password"):
        raise Unreadable("the password is not changed here; use manual-reset-pwd")
    held = stored.rights if stored is not None else frozenset()
    there = frozenset(group.uid for group in stored.groups) if stored is not None else frozenset()
    listed = groups_of(entry, groups)
    wanted = there if listed is None else listed
    rights, status = read_rights(entry, held), read_status(entry)
    if stored is not None and status is Status.ACTIVE and stored.status is Status.LOCKED:
        status = None  # whoever sends back what was read does not mean to unlock: a locked user is Active, too
    return UpdateUser(
        login_of(entry),
        read_profile(entry, stored.profile if stored is not None else Profile(), groups),
        status=status,
        rights=None if rights == held else rights,
        version=stored.version if stored is not None else None,
        join=tuple(sorted(wanted - there)),
        leave=tuple(sorted(there - wanted)),
    )
