"""Who is signed in, and ending it: one's own sessions, and those of users whom one administers."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import Asked
from keyturn.api.problems import refusal
from keyturn.core.outcomes import Refused
from keyturn.core.sessions import Session
from keyturn.core.users import Handle
from keyturn.http.paths import segment


async def mine(asked: Asked) -> Response:
    """GET /me/sessions: one's own, oldest first."""
    return await _list(asked, "")


async def end_one(asked: Asked) -> Response:
    """DELETE /me/sessions/{id}: one of one's own is dead at once."""
    return await _end(asked, "", segment(asked.request, "id"))


async def end_others(asked: Asked) -> Response:
    """DELETE /me/sessions: all of one's own but this one."""
    return await _end(asked, "", "")


async def listing(asked: Asked) -> Response:
    """GET /users/{id}/sessions: where a user is signed in, oldest first."""
    return await _list(asked, segment(asked.request, "id"))


async def end_all(asked: Asked) -> Response:
    """DELETE /users/{id}/sessions: all of them; a password that is right still signs in."""
    return await _end(asked, segment(asked.request, "id"), "")


async def _list(asked: Asked, who: str) -> Response:
    found = await asked.administration().sessions(who, Handle.KEY)
    if isinstance(found, Refused):
        return refusal(found)
    return JSONResponse({"sessions": [_body(session, asked.actor.session) for session in found]})


async def _end(asked: Asked, who: str, id: str) -> Response:
    ended = await asked.administration().end_sessions(who, Handle.KEY, id)
    return refusal(ended) if isinstance(ended, Refused) else Response(status_code=204)


def _body(session: Session, current: str) -> Mapping[str, object]:
    """A session; its id opens nothing."""
    return {
        "id": session.id,
        "door": session.door,
        "source": session.source,
        "started": session.started.isoformat(timespec="seconds"),
        "expires": session.expires.isoformat(timespec="seconds"),
        "current": session.id == current,
    }
