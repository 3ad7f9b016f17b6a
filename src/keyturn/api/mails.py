"""What became of mails, over our own API: a reset that is done and a mail that is accepted are two facts."""

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import Asked
from keyturn.api.problems import refusal
from keyturn.core.mails import facts
from keyturn.core.outcomes import Refused
from keyturn.http.query import whole

LONGEST_PAGE = 1000


async def listing(asked: Asked) -> Response:
    """GET /mails?who=&state=&count=: mails of the tenant, newest first."""
    count = whole(asked.query, "count", 100, most=LONGEST_PAGE)
    found = await asked.administration().mails(asked.query.get("who", ""), asked.query.get("state", ""), count)
    if isinstance(found, Refused):
        return refusal(found)
    return JSONResponse({"mails": [facts(mail) for mail in found]})
