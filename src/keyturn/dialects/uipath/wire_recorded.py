"""Recognises calls of UiPath Identity in requests that somebody recorded for them."""

from typing import Final

from keyturn.core.commands import ChangePassword, ResetPassword
from keyturn.dialects.uipath.wire import WireRequest, expected, read, write
from keyturn.dialects.uipath.wire_user import Unreadable
from keyturn.http.recorded import Recognised, Recorded, sign_in_of

_SERVERS: Final = ("identity", "identity_")


def recognise(asked: Recorded) -> Recognised | None:
    """The change or reset of a password that a request means; None for every other.

    Creations are among those: BulkCreate takes no password, and the runner makes users with one.  The address of the
    target ends with the identity server, so that an id is sent as it stands in the file.
    """
    at = next((place for place, part in enumerate(asked.path) if part in _SERVERS), None)
    if at is None or asked.path[at + 1 : at + 2] != ("api",) or asked.query or asked.body is None:
        return None
    request = WireRequest(asked.method, asked.path[at + 2 :], asked.body)
    try:
        commands = read(request)
    except Unreadable:
        return None
    if len(commands) != 1 or not isinstance(commands[0], ResetPassword | ChangePassword):
        return None
    if write(commands[0]) != request:
        return None
    return Recognised(commands[0], asked.above(at + 1), expected(commands[0]), sign_in_of(asked.headers))
