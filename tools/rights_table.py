"""The table of rights: which role may do which operation to whom, as a page and as JSON that tests execute."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from keyturn.core.permissions import NEEDS, Actor, Proof, Target, may, may_confer
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Right, right_words

ROLES: Final[Mapping[str, frozenset[Right]]] = {
    "anybody": frozenset(),
    "viewer": frozenset({Right.VIEW_USERS}),
    "creator": frozenset({Right.CREATE_USERS}),
    "modifier": frozenset({Right.MODIFY_USERS}),
    "deleter": frozenset({Right.DELETE_USERS}),
    "user-administrator": USER_RIGHTS,
    "key-administrator": frozenset({Right.KEYS}),
    "policy-administrator": frozenset({Right.POLICY}),
    "tenant-administrator": frozenset({Right.TENANTS}),
    "auditor": frozenset({Right.AUDIT}),
    "administrator": ALL_RIGHTS,
    "must-change": ALL_RIGHTS,
}
"""Each by the rights that it holds.  must-change: holds all, and has to set a new password before anything else."""

ON_NOBODY: Final = ("nobody",)
ON_USERS: Final = ("self", "peer", "above", "foreign", "missing")
ON_SELF: Final = ("self",)
ON_THINGS: Final = ("peer", "above", "foreign", "missing")
"""peer: without rights; above: with one that the role lacks; foreign: of another tenant; missing: not there."""

ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "user.update": ON_USERS,
    "user.status": ON_USERS,
    "user.delete": ON_USERS,
    "user.read": ON_USERS,
    "password.reset": ON_USERS,
    "password.change": ON_USERS,
    "grant.write": ON_USERS,
    "tenant.appoint": ON_USERS,
    "factor.read": ON_USERS,
    "factor.change": ON_SELF,
    "factor.remove": ON_USERS,
    "key.own": ON_SELF,
    "session.list": ON_USERS,
    "session.end": ON_USERS,
    "mail.retry": ON_THINGS,
    "mail.cancel": ON_THINGS,
    "key.update": ON_THINGS,
    "key.revoke": ON_THINGS,
    "group.read": ON_THINGS,
    "group.update": ON_THINGS,
    "group.delete": ON_THINGS,
}
"""Whom an operation is about; the others are about nobody."""

CONFERRING: Final = frozenset({"key.update", "key.revoke", "group.update", "group.delete"})
"""Operations on things that hold rights: who does them must hold those rights."""

WRITTEN_SO: Final = """
| door | what it writes for rights |
|---|---|
| IBM Maximo Application Suite | `userAdmin` all rights over users, `apikeyAdmin` keys, `systemAdmin` policy, tenants and audit |
| UiPath Identity | the rights of the client's key; its scopes narrow them: `PM.User.Read` sees, `PM.User.Write` changes, `PM.User` both; `PM.Group` and its kin for groups |
| Oracle Primavera Administration | the role `PrimaveraCloudAdmin`: all rights over users |
| Progress Hybrid Data Pipeline | permission 13 create, 14 view, 15 modify, 16 delete users; 12 all rights |
| SCIM 2.0 | the rights of the key that the token is of |
| keyturn's own API | the rights by name |
"""  # noqa: E501  # rows of a table

HEAD: Final = """
Who may do what, at every door alike: [rights.json](rights.json) has the same for machines, and a test asks every route
of every door on behalf of every role. In the cells: **self** oneself, **peer** somebody without administrative rights,
**above** somebody (or a key, or a group) with a right that one lacks, **yes** where the operation is about nobody. What
belongs to another tenant looks like what is not there. Whoever has to set a new password can do that and nothing else.
"""

FOOT: Final = """
Rights are a user's own, those of the groups that the user is in, and of the groups that those are in. Whoever touches a
credential, a group or a key holds every right that it has; nobody gives a right that they lack. Whoever holds the right
over tenants in the tenant `default` works in every tenant with the rights that they hold; a user who is appointed to a
tenant works there with their rights over users.
"""


def actor(role: str) -> Actor:
    """Somebody in this role."""
    proof = Proof.RESTRICTED if role == "must-change" else Proof.SESSION
    return Actor(role, role, 1, ROLES[role], proof)


def allowed(role: str, operation: str, target: str) -> bool:
    """What the rules say."""
    who, above = actor(role), target == "above"
    if target in ("foreign", "missing"):
        return False
    if "self" in ABOUT.get(operation, ON_NOBODY):
        rights = ALL_RIGHTS if above else who.rights if target == "self" else frozenset[Right]()
        return may(who, operation, Target.SELF if target == "self" else Target.OTHER, rights)
    held = ALL_RIGHTS if above and operation in CONFERRING else frozenset[Right]()
    return may(who, operation, Target.NOBODY) and may_confer(who, held)


def targets(role: str, operation: str) -> Iterator[str]:
    """Whom the operation can be about; nobody is above who holds everything."""
    for target in ABOUT.get(operation, ON_NOBODY):
        if target != "above" or ROLES[role] != ALL_RIGHTS:
            yield target


def table() -> Mapping[str, object]:
    """Roles with their rights, and for each operation and role the targets that it may be done to."""
    return {
        "roles": {role: right_words(rights) for role, rights in ROLES.items()},
        "targets": {operation: [*ABOUT.get(operation, ON_NOBODY)] for operation in NEEDS},
        "allowed": {
            operation: {
                role: [target for target in targets(role, operation) if allowed(role, operation, target)]
                for role in ROLES
            }
            for operation in NEEDS
        },
    }


def as_json() -> str:
    """The table for machines."""
    return json.dumps(table(), indent=1) + "\n"


def as_page(note: str) -> str:
    """The table for people."""
    roles = [role for role in ROLES if role != "must-change"]
    lines = ["| operation | needs | " + " | ".join(roles) + " |", "|---|---|" + "---|" * len(roles)]
    for operation, needed in NEEDS.items():
        cells = []
        for role in roles:
            may_ = [target for target in targets(role, operation) if allowed(role, operation, target)]
            cells.append("yes" if may_ == ["nobody"] else ", ".join(may_) or "no")
        lines.append(f"| `{operation}` | {', '.join(right_words(needed)) or 'nothing'} | " + " | ".join(cells) + " |")
    rows = "\n".join(lines)
    return f"# Rights\n\n{note}{HEAD.lstrip()}\n{rows}\n\n## What doors write for rights\n{WRITTEN_SO}{FOOT}"
