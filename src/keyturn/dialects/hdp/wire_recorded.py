"""Recognises calls of Hybrid Data Pipeline in requests that somebody recorded for them."""

from typing import Final

from keyturn.core.commands import ResetPassword
from keyturn.dialects.hdp.wire import WireRequest, expected, read, write
from keyturn.dialects.hdp.wire_shapes import Unreadable
from keyturn.http.recorded import Recognised, Recorded, sign_in_of

_ROOT: Final = "api"


def recognise(asked: Recorded) -> Recognised | None:
    """The reset that a request means; None for every other.  Creations say of permissions what no column holds."""
    if _ROOT not in asked.path or asked.query or asked.body is None:
        return None
    root = asked.path.index(_ROOT)
    request = WireRequest(asked.method, asked.path[root:], asked.body)
    try:
        command = read(request)
    except Unreadable:
        return None
    if not isinstance(command, ResetPassword) or write(command) != request:
        return None
    return Recognised(command, asked.above(root), expected(command), sign_in_of(asked.headers))
