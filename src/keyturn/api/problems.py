"""How our own API says no: problem details (RFC 9457) with the codes that `keyturn explain` knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import SIGN_IN_AGAIN
from keyturn.http.replies import reply

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal as our API writes it: HTTP status, code, and a title that never varies."""

    status: int
    code: str
    title: str


PROBLEMS: Final[Mapping[Reason, Problem]] = {
    Reason.NO_SUCH_USER: Problem(404, "KT-TGT-030", "There is no such user"),
    Reason.NO_SUCH_GROUP: Problem(404, "KT-TGT-039", "There is no such group"),
    Reason.NO_SUCH_TENANT: Problem(404, "KT-TGT-040", "There is no such tenant"),
    Reason.EXISTS: Problem(409, "KT-TGT-031", "The user exists already"),
    Reason.RESERVED: Problem(409, "KT-TGT-032", "The name is reserved by a deleted user"),
    Reason.NOT_SIGNED_IN: Problem(401, "KT-AUTH-001", "Not signed in"),
    Reason.NOT_ALLOWED: Problem(403, "KT-AUTH-003", "Not allowed"),
    Reason.WRONG_PASSWORD: Problem(403, "KT-AUTH-004", "The present password is wrong"),
    Reason.NO_PASSWORD: Problem(409, "KT-AUTH-005", "The user has no password here"),
    Reason.NOT_ACTIVE: Problem(409, "KT-AUTH-006", "The user is not active"),
    Reason.TOO_SHORT: Problem(422, "KT-POL-001", "The password is too short"),
    Reason.TOO_LONG: Problem(422, "KT-POL-002", "The password is too long"),
    Reason.TOO_COMMON: Problem(422, "KT-POL-003", "The password is too well known"),
    Reason.UNUSABLE_CHARACTER: Problem(422, "KT-POL-004", "The password holds an unusable character"),
    Reason.POLICY: Problem(422, "KT-POL-005", "A rule of the policy refuses it"),
    Reason.SAME_PASSWORD: Problem(422, "KT-POL-006", "The password is the present one"),
    Reason.NO_MAIL_ADDRESS: Problem(409, "KT-TGT-033", "The user has no mail address"),
    Reason.INVALID: Problem(400, "KT-SRV-400", "The request is not valid"),
    Reason.UNSUPPORTED: Problem(400, "KT-TGT-034", "This directory cannot do that"),
    Reason.STALE_VERSION: Problem(412, "KT-TGT-035", "Somebody else changed the user first"),
    Reason.OPERATION_REUSED: Problem(422, "KT-TGT-036", "The idempotency key was used for another request"),
    Reason.LAST_ADMINISTRATOR: Problem(409, "KT-TGT-037", "The last administrator must stay able to sign in"),
    Reason.TOO_MANY: Problem(429, "KT-SRV-429", "Too many requests"),
    Reason.BUSY: Problem(503, "KT-SRV-003", "The directory is busy"),
    Reason.UNREACHABLE: Problem(502, "KT-NET-001", "The directory cannot be reached"),
    Reason.OTHER: Problem(400, "KT-TGT-099", "The directory refused"),
}
"""Every reason has its row; a test holds that."""

AGAIN: Final = Problem(403, SIGN_IN_AGAIN, "Sign in again first")
UNSURE: Final = Problem(504, "KT-SRV-004", "Whether it was done is not certain")
UNREADY: Final = Problem(503, "KT-SRV-002", "The directory is not ready")

OF_HTTP: Final[Mapping[int, Problem]] = {
    400: PROBLEMS[Reason.INVALID],
    404: Problem(404, "KT-SRV-404", "There is nothing at this address"),
    405: Problem(405, "KT-SRV-405", "This address does not take this method"),
    408: Problem(408, "KT-SRV-408", "The request took too long to arrive"),
    413: Problem(413, "KT-SRV-413", "The request is too large"),
    415: Problem(415, "KT-SRV-415", "The body is of a kind that is not taken here"),
    421: Problem(421, "KT-SRV-421", "This server does not go by that name"),
    500: Problem(500, "KT-SRV-001", "keyturn failed; the log names this request"),
    503: UNREADY,
}
"""What is wrong before a command was understood, or when it could not be carried out at all."""


def refusal(refused: Refused) -> Response:
    """The answer to a refused command."""
    problem = AGAIN if refused.code == SIGN_IN_AGAIN else PROBLEMS[refused.reason]
    return answer(problem, refused.text, reason=refused.reason.value, retry_after=refused.retry_after)


def answer(problem: Problem, detail: str = "", *, reason: str = "", retry_after: float | None = None) -> Response:
    """A problem details answer; its `status` is the HTTP status."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
    }
    body.update({name: text for name, text in (("detail", detail), ("reason", reason)) if text})
    return reply(body, problem.status, retry_after=retry_after, challenge='Bearer realm="keyturn"', kind=MEDIA_TYPE)
