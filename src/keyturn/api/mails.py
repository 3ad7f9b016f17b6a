"""What became of mails, over our own API: a reset that is done and a mail that is accepted are two facts."""

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import Asked
from keyturn.api.problems import refusal
from keyturn.core.mails import facts
from keyturn.core.outcomes import Refused
from keyturn.http.json import BadRequest
from keyturn.http.query import whole

LONGEST_PAGE = 1000
STATES = ("waiting", "sending", "sent", "failed", "cancelled")


async def listing(asked: Asked) -> Response:
    """GET /mails?who=&state=&count=: mails of the tenant, newest first."""
    query = asked.query
    count, state = whole(query, "count", 100, most=LONGEST_PAGE), query.get("state", "")
    if "state" in query and state not in STATES:
        raise BadRequest(f"state must be one of {', '.join(STATES)}")
    found = await asked.administration().mails(query.get("who", ""), state, count)
    if isinstance(found, Refused):
        return refusal(found)
    return JSONResponse({"mails": [facts(mail) for mail in found]})
