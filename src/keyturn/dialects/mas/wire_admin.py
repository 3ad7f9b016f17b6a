"""What MAS says of API keys, workspaces and applications, and the words of the few Manage calls of IBM's client.

API keys: IBM documentation, "Creating API keys" (samples).  Workspaces, applications, Manage: IBM's client mas-devops
12.11.1, users.py and its tests.  All read 2026-11-21.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from keyturn.core.ports import KeyChange
from keyturn.core.secret import Secret
from keyturn.core.storage import Application, Key
from keyturn.core.users import Right, Status, User
from keyturn.dialects.mas.wire_user import (
    Body,
    Unreadable,
    flag_of,
    object_of,
    permissions_body,
    read_active,
    read_rights,
    stamp_body,
    text_of,
)

MANAGE: Final = "manage"
GROUPS: Final[Mapping[str, int]] = {"MAXADMIN": 1, "MAXEVERYONE": 2, "MAXREG": 3, "USERMANAGEMENT": 4}
"""The security groups that Manage shows here: the two that IBM's client asks for and two of every new Manage.

The numbers are invented; a client gets them by name.
"""

_WHERE: Final = re.compile(r'(?P<field>[a-z.]+)="(?P<value>(?:[^"\\]|\\.)*)"', re.DOTALL)
_ROLE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def key_body(key: Key, token: Secret | None = None) -> Body:
    """An API key; its token only right after it was made."""
    shown: Body = {
        "id": key.id,
        "version": key.version,
        "status": {"active": key.active},
        "description": key.description,
        "permissions": permissions_body(key.rights),
        "added": stamp_body(key.added),
        "updated": stamp_body(key.updated),
    }
    return shown if token is None else {**shown, "token": token.reveal()}


def read_key(body: Mapping[str, object], base: frozenset[Right] = frozenset()) -> KeyChange:
    """What is sent of a key.  base: the rights it has now.  Raises Unreadable."""
    active = read_active(body)
    return KeyChange(
        active=None if active is None else active is Status.ACTIVE,
        description=text_of(body, "description") if "description" in body else None,
        rights=read_rights(object_of(body, "permissions"), base) if "permissions" in body else None,
    )


def workspace_body(workspace: str) -> Body:
    """A workspace as `GET /workspaces` lists it."""
    return {"id": workspace, "metadata": {"name": workspace}, "spec": {}, "status": {}}


def application_body(application: Application) -> Body:
    """An application of a workspace, and whether it can be used."""
    return {"id": application.id, "ready": application.ready, "available": application.available}


def membership_body(user: str, workspace: str, *, admin: bool) -> Body:
    """A user's membership of a workspace."""
    return {**_places(user, workspace), "permissions": {"workspaceAdmin": admin}}


def role_body(user: str, workspace: str, role: str) -> Body:
    """A user's role in an application."""
    return {"role": role, **_places(user, workspace)}


def _places(user: str, workspace: str) -> Body:
    urls = {"userUrl": f"/v3/users/{quote(user, safe='')}", "workspaceUrl": f"/workspaces/{quote(workspace, safe='')}"}
    return {"userId": user, "workspaceId": workspace, **urls}


def read_membership(body: Mapping[str, object]) -> bool:
    """Whether the user shall administer the workspace.  Raises Unreadable."""
    return flag_of(object_of(body, "permissions"), "workspaceAdmin")


def read_role(body: Mapping[str, object]) -> str:
    """The role that is sent.  Raises Unreadable."""
    role = text_of(body, "role")
    if not _ROLE.fullmatch(role):
        raise Unreadable("role must be one word of letters and digits")
    return role


def held(user: User, workspace: str, application: str) -> tuple[str, Sequence[str]]:
    """A user's role in an application (empty when there is none) and the security groups of Manage there."""
    for grant in user.grants:
        if (grant.workspace, grant.application) == (workspace, application):
            role, *groups = grant.role.split("+")
            return role, groups
    return "", ()


def joined(role: str, groups: Sequence[str]) -> str:
    """Role and groups as one grant keeps them: a directory keeps one role an application."""
    return "+".join((role, *groups))


def read_users(body: Mapping[str, object]) -> list[str]:
    """The ids of a resynchronisation.  Raises Unreadable."""
    users = body.get("users")
    if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
        raise Unreadable("users must be a list of ids")
    return users


def read_group_user(body: Mapping[str, object]) -> list[str]:
    """The users that join a group: `{"groupuser": [{"userid": ...}]}`.  Raises Unreadable."""
    members = body.get("groupuser")
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise Unreadable("groupuser must be a list of objects")
    return [text_of(member, "userid") for member in members]


def read_where(query: Mapping[str, str], *fields: str) -> str | None:
    """The value of `oslc.where=FIELD="value"`; None without a condition.  Raises Unreadable for any other one.

    In it a backslash takes the next character as it is (OSLC Core 2.0, Query Syntax).
    """
    condition = query.get("oslc.where", "")
    if not condition:
        return None
    match = _WHERE.fullmatch(condition)
    if match is None or match["field"] not in fields:
        known = " or ".join(f'{field}="..."' for field in fields)
        raise Unreadable(f"oslc.where is understood as {known} only")
    return re.sub(r"\\(.)", r"\1", match["value"], flags=re.DOTALL)


def groups_body(name: str | None) -> Body:
    """The security groups, or the one of that name."""
    shown = [group for group in GROUPS if name in (None, group)]
    return {"member": [{"groupname": group, "maxgroupid": GROUPS[group]} for group in shown]}


def manage_key_body(user: str, token: Secret) -> Body:
    """The one API key that Manage keeps for a user: here, the very token that the caller is signed in with."""
    href = f"/maximo/api/os/mxapiapikey/{quote(user, safe='')}"
    return {"member": [{"userid": user, "apikey": token.reveal(), "href": href}]}


def manage_error(status: int, text: str, code: str = "") -> Body:
    """An error in the shape of Manage."""
    return {"Error": {"reasonCode": code or f"KTMX{status}E", "message": text, "statusCode": str(status)}}


ONE_KEY_ONLY: Final = "BMXAA10051E"
"""Manage: "Only one API key allowed per user." (mas-devops 12.11.1, users.py)"""
