"""Where the letter with a one-time password sends people: a plain form to sign in with it and set their own.

A one-time password dies when it is used, so a new one that the policy refuses must not cost the person their way in:
the next form carries the session, which can do nothing but set a password, in place of name and password.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from keyturn.api import pages
from keyturn.api.asking import OWN
from keyturn.core.commands import ChangePassword
from keyturn.core.languages import Languages, Words, marked
from keyturn.core.outcomes import RETRYABLE, Outcome, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import Gate
from keyturn.core.secret import Secret
from keyturn.http.json import BadRequest
from keyturn.http.requests import origin_of

DOOR: Final = "welcome"
FIRST: Final = frozenset({"login", "present", "new", "again"})
NEXT: Final = frozenset({"session", "new", "again"})
LATER: Final = marked("There are too many tries just now. Wait a minute and try again.")
WRONG: Final = marked("The sign-in name or the password is wrong, or its time is up.")
HALF: Final = marked("This account has a second factor: change its password where you can show it.")


@dataclass(frozen=True, slots=True)
class Welcome:
    """`/`."""

    gate: Gate
    languages: Languages = pages.ENGLISH_ALONE

    async def show(self, request: Request) -> Response:
        """GET: the form."""
        return pages.welcome(pages.words_for(request, self.languages))

    async def take(self, request: Request) -> Response:
        """POST: signs in and sets the new password in one go."""
        words = pages.words_for(request, self.languages)
        try:
            fields = pages.read_form(await request.body())
        except BadRequest as error:
            return pages.welcome(words, words(error.reason), status=400)
        if fields.keys() == NEXT:
            return await self._next(request, fields, words)
        if fields.keys() != FIRST:
            return pages.welcome(words, words("Fill in every field."), status=400)
        return await self._first(request, fields, words)

    async def _first(self, request: Request, fields: Mapping[str, Secret], words: Words) -> Response:
        login = fields["login"].reveal()
        if fields["new"] != fields["again"]:
            return pages.welcome(words, words(pages.DIFFERENT), status=422)
        signed = await self.gate.sign_in(login, fields["present"], door=DOOR, origin=origin_of(request))
        if isinstance(signed, Refused) and signed.reason in RETRYABLE:
            return pages.welcome(words, words(LATER), status=429)
        if isinstance(signed, Refused):
            return pages.welcome(words, words(WRONG), status=403)
        if signed.actor.proof is Proof.HALF:
            await self.gate.sign_out(signed.token, door=DOOR, origin=origin_of(request))
            return pages.welcome(words, words(HALF), status=403)
        old = None if signed.must_change else fields["present"]
        outcome = await self._set(request, signed.actor, ChangePassword(signed.actor.id, fields["new"], old))
        if not isinstance(outcome, Refused):
            return pages.done(words)
        if signed.must_change:
            return pages.form(words, pages.sentence(words, outcome), status=422, session=signed.token)
        return pages.welcome(words, pages.sentence(words, outcome), status=422)

    async def _next(self, request: Request, fields: Mapping[str, Secret], words: Words) -> Response:
        session = fields["session"]
        actor = await self.gate.actor(session)
        if actor is None or actor.proof is not Proof.RESTRICTED:
            return pages.welcome(words, words(WRONG), status=403)
        if fields["new"] != fields["again"]:
            return pages.form(words, words(pages.DIFFERENT), status=422, session=session)
        outcome = await self._set(request, actor, ChangePassword(actor.id, fields["new"]))
        if isinstance(outcome, Refused):
            return pages.form(words, pages.sentence(words, outcome), status=422, session=session)
        return pages.done(words)

    async def _set(self, request: Request, actor: Actor, change: ChangePassword) -> Outcome:
        directory = self.gate.directory(actor, OWN, DOOR, origin_of(request))
        [outcome] = await directory.execute([change])
        return outcome
