"""Users over our own API: each call is one command on the directory and nothing else."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, Asked, Fields
from keyturn.api.problems import PROBLEMS, answer, refusal
from keyturn.api.shapes import outcome_answer, user_body
from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus
from keyturn.core.outcomes import Reason
from keyturn.core.users import Contact, Profile, Status, Window
from keyturn.http.paths import segment
from keyturn.http.query import whole
from keyturn.http.requests import operation_of
from keyturn.http.rights import refusal_of

LONGEST_PAGE = 1000


async def listing(asked: Asked) -> Response:
    """GET /users?start=&count=&search=: a part of the users in a stable order."""
    refused = await refusal_of(asked.gate, asked.actor, "user.list", door=DOOR, origin=asked.origin)
    if refused is not None:
        return refusal(refused)
    query = asked.query
    window = Window(
        whole(query, "start", 0, most=10**12),
        whole(query, "count", 100, most=LONGEST_PAGE),
        query.get("search", ""),
    )
    found = await asked.directory().list(window)
    return JSONResponse({"users": [user_body(user) for user in found.users], "total": found.total})


async def show(asked: Asked) -> Response:
    """GET /users/{id}: what is known about a user; never the password."""
    user = await asked.directory().find(_who(asked.request))
    if user is None:
        return answer(PROBLEMS[Reason.NO_SUCH_USER])
    return JSONResponse(user_body(user))


async def create(asked: Asked) -> Response:
    """POST /users {"id", "login"?, "display_name"?, "mail"?, "password"?, "notify"?}: a new user."""
    fields = await Fields.of(
        asked.request, "id", "login", "display_name", "given_name", "family_name", "mail", "notify", "password"
    )
    mail = fields.text("mail", "")
    profile = Profile(
        display_name=fields.text("display_name", ""),
        given_name=fields.text("given_name", ""),
        family_name=fields.text("family_name", ""),
        emails=(Contact(mail, "work", primary=True),) if mail else (),
    )
    command = CreateUser(
        fields.text("id"),
        profile,
        login=fields.text("login", ""),
        password=fields.maybe_secret("password"),
        notify=fields.flag("notify", default=False),
        operation=operation_of(asked.request),
    )
    return await _done(asked, command, status=201)


async def reset(asked: Asked) -> Response:
    """POST /users/{id}/reset {"new"?, "notify"?}: without "new" a one-time secret is made and mailed."""
    fields = await Fields.of(asked.request, "new", "notify")
    new = fields.maybe_secret("new")
    notify = fields.flag("notify", default=new is None)
    return await _done(asked, ResetPassword(_who(asked.request), new, notify, operation=operation_of(asked.request)))


async def lock(asked: Asked) -> Response:
    """POST /users/{id}/lock: no sign-in until unlocked, and what is signed in ends."""
    return await _done(asked, SetStatus(_who(asked.request), Status.LOCKED, operation_of(asked.request)))


async def unlock(asked: Asked) -> Response:
    """POST /users/{id}/unlock: also ends a wait after wrong passwords."""
    return await _done(asked, SetStatus(_who(asked.request), Status.ACTIVE, operation_of(asked.request)))


async def delete(asked: Asked) -> Response:
    """DELETE /users/{id}: the id, sign-in name and mail stay reserved."""
    return await _done(asked, DeleteUser(_who(asked.request), operation_of(asked.request)), status=204)


async def _done(asked: Asked, command: Command, *, status: int = 200) -> Response:
    [outcome] = await asked.directory().execute([command])
    return outcome_answer(outcome, status=status)


def _who(request: Request) -> str:
    return segment(request, "id")
