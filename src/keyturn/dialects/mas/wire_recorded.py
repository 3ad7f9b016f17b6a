"""Recognises calls of MAS in requests that somebody recorded for them."""

from typing import Final

from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.secret import Secret
from keyturn.dialects.mas.wire import TOKEN_HEADER, WireRequest, expected, read, write
from keyturn.dialects.mas.wire_user import Unreadable
from keyturn.http.recorded import Recognised, Recorded, SignIn

_ROOT: Final = "v3"


def recognise(asked: Recorded) -> Recognised | None:
    """The reset or creation that a request means, as IBM's how-to has people record it; None for every other."""
    flags = asked.switches("emailPassword", "validate")
    if _ROOT not in asked.path or flags is None or asked.body is None:
        return None
    root = asked.path.index(_ROOT)
    request = WireRequest(asked.method, asked.path[root:], flags, asked.body)
    try:
        command = read(request)
    except Unreadable:
        return None
    if not isinstance(command, ResetPassword | CreateUser) or not _says_the_same(command, request):
        return None
    token = asked.headers.get(TOKEN_HEADER, "")
    sign_in = SignIn(token=Secret(token)) if token else None
    return Recognised(command, asked.above(root), expected(command), sign_in, TOKEN_HEADER)


def _says_the_same(command: ResetPassword | CreateUser, request: WireRequest) -> bool:
    """Whether our own words would say all that the request says; a creation says a little more."""
    try:
        ours = write(command)
    except ValueError:
        return False
    sent, told = request.body or {}, ours.body or {}
    same = (ours.method, ours.path) == (request.method, request.path)
    return same and all(name in told and told[name] == value for name, value in sent.items())
