"""Recognises calls of Primavera Administration in requests that somebody recorded for them."""

from typing import Final

from keyturn.core.commands import ResetPassword
from keyturn.dialects.primavera.wire import WireRequest, read, write
from keyturn.dialects.primavera.wire_user import Unreadable
from keyturn.http.recorded import Recognised, Recorded, sign_in_of

_ROOT: Final = ("cloudapi", "restapi")
_VERSION: Final = "v3"
_FINE: Final = frozenset({200})


def recognise(asked: Recorded) -> Recognised | None:
    """The reset of one user that a request means; None for every other, and for a list of several users."""
    at = next((place for place in range(len(asked.path)) if asked.path[place : place + 2] == _ROOT), None)
    if at is None or asked.query:
        return None
    path = asked.path[at + 2 :]
    request = WireRequest(asked.method, path[1:] if path[:1] == (_VERSION,) else path, asked.value)
    try:
        commands = read(request)
    except Unreadable:
        return None
    if len(commands) != 1 or not isinstance(commands[0], ResetPassword):
        return None
    if write(commands) != request:
        return None
    return Recognised(commands[0], asked.above(at), _FINE, sign_in_of(asked.headers))
