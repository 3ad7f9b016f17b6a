"""Where a mailed link leads: a plain form that sets a new password, once, without signing in."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from keyturn.api import pages
from keyturn.api.asking import OWN, Fields
from keyturn.api.problems import Problem, answer, refusal
from keyturn.core.commands import ChangePassword
from keyturn.core.languages import Languages
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.core.ports import Gate
from keyturn.core.secret import Secret
from keyturn.http.json import BadRequest
from keyturn.http.paths import segment
from keyturn.http.requests import origin_of

DOOR: Final = "claim"
GONE: Final = Problem(410, "KT-AUTH-007", "This link no longer works")
DEAD: Final = frozenset({Reason.NOT_ALLOWED, Reason.NO_SUCH_USER, Reason.NOT_ACTIVE})
"""Refusals that mean that the link lost its power after it was looked at: used, replaced, or its owner locked."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`/claim/{token}`."""

    gate: Gate
    languages: Languages = pages.ENGLISH_ALONE

    async def show(self, request: Request) -> Response:
        """GET: the form, the same for every token; looks nothing up, so that a scanner of mail uses nothing up."""
        return pages.form(pages.words_for(request, self.languages))

    async def take(self, request: Request) -> Response:
        """POST: sets the new password and uses the link up.  A form is answered with pages, JSON with problems."""
        if _is_json(request):
            return await self._take_json(request)
        return await self._take_form(request)

    async def _take_json(self, request: Request) -> Response:
        fields = await Fields.of(request, "new")
        outcome = await self._set(request, fields.secret("new"))
        if outcome is None:
            return answer(GONE)
        return refusal(outcome) if isinstance(outcome, Refused) else Response(status_code=204)

    async def _take_form(self, request: Request) -> Response:
        words = pages.words_for(request, self.languages)
        try:
            fields = pages.read_form(await request.body())
        except BadRequest as error:
            return pages.form(words, words(error.reason), status=400)
        if fields.keys() != {"new", "again"}:
            return pages.form(words, words("Enter the new password twice."), status=400)
        if fields["new"] != fields["again"]:
            return pages.form(words, words(pages.DIFFERENT), status=422)
        outcome = await self._set(request, fields["new"])
        if outcome is None:
            return pages.gone(words)
        if isinstance(outcome, Refused):
            return pages.form(words, pages.sentence(words, outcome), status=422)
        return pages.done(words)

    async def _set(self, request: Request, new: Secret) -> Outcome | None:
        """The outcome of the change, or None when the link has no power (any more)."""
        holder = await self.gate.holder(Secret(segment(request, "token")))
        if holder is None:
            return None
        directory = self.gate.directory(holder, OWN, DOOR, origin_of(request))
        [outcome] = await directory.execute([ChangePassword(holder.id, new)])
        if isinstance(outcome, Refused) and outcome.reason in DEAD:
            return None
        return outcome


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
