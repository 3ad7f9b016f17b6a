"""Recognises calls of SCIM 2.0 in requests that somebody recorded for them."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.commands import Command, CreateUser, ResetPassword
from keyturn.core.secret import Secret
from keyturn.dialects.scim.wire import read_creation, write
from keyturn.dialects.scim.wire_user import Unreadable
from keyturn.http.recorded import Recognised, Recorded, sign_in_of

_ROOT: Final = "Users"
_FINE: Final = {"POST": frozenset({201}), "PATCH": frozenset({200, 204})}


def recognise(asked: Recorded) -> Recognised | None:
    """The new password or the new user that a request means; None for every other."""
    if _ROOT not in asked.path or asked.query or asked.body is None:
        return None
    root = asked.path.index(_ROOT)
    command = _command(asked.method, asked.path[root + 1 :], asked.body)
    if command is None or not _says_the_same(command, asked, root):
        return None
    return Recognised(command, asked.above(root), _FINE[asked.method], sign_in_of(asked.headers))


def _command(method: str, rest: tuple[str, ...], body: Mapping[str, object]) -> Command | None:
    match method, rest:
        case "POST", ():
            try:
                return read_creation(body)
            except Unreadable:
                return None
        case "PATCH", (who,):
            new = _new_password(body.get("Operations"))
            return None if new is None else ResetPassword(who, new)
        case _:
            return None


def _new_password(operations: object) -> Secret | None:
    """The password that the one operation of a PATCH replaces, under its path or as a member of its value."""
    only = operations[0] if isinstance(operations, list) and len(operations) == 1 else None
    if not isinstance(only, Mapping) or str(only.get("op")).casefold() != "replace":
        return None
    path, value = only.get("path", ""), only.get("value")
    if path in ("", None) and isinstance(value, Mapping) and set(value) == {"password"}:
        path, value = "password", value["password"]
    return Secret(value) if path == "password" and isinstance(value, str) else None


def _says_the_same(command: Command, asked: Recorded, root: int) -> bool:
    """Whether our own words would say all that a creation says; of a PATCH the password is all there is."""
    if not isinstance(command, CreateUser):
        return True
    try:
        ours = write(command)
    except ValueError:
        return False
    sent, told = asked.body or {}, ours.body or {}
    same = all(name in told and told[name] == value for name, value in sent.items() if name != "schemas")
    return same and ours.path == asked.path[root:]
