"""What became of mails, over our own API: a reset that is done and a mail that is accepted are two facts."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import Asked
from keyturn.api.problems import refusal
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Refused
from keyturn.http.query import whole

LONGEST_PAGE = 1000


async def listing(asked: Asked) -> Response:
    """GET /mails?who=&state=&count=: mails of the tenant, newest first."""
    count = whole(asked.query, "count", 100, most=LONGEST_PAGE)
    found = await asked.administration().mails(asked.query.get("who", ""), asked.query.get("state", ""), count)
    if isinstance(found, Refused):
        return refusal(found)
    return JSONResponse({"mails": [mail_body(mail) for mail in found]})


def mail_body(mail: Mail) -> Mapping[str, object]:
    """A mail without what it says."""
    return {
        "id": mail.id,
        "login": mail.login,
        "recipient": mail.recipient,
        "template": mail.template,
        "state": mail.state,
        "created": mail.created.isoformat(timespec="seconds"),
        "not_before": mail.not_before.isoformat(timespec="seconds"),
        "expires": mail.expires.isoformat(timespec="seconds"),
        "settled": mail.settled.isoformat(timespec="seconds") if mail.settled else None,
        "attempts": mail.attempts,
        "why": mail.error,
    }
