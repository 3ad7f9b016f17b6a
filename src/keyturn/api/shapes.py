"""The JSON of our own API: users, keys, outcomes and audit entries as others see them."""

from collections.abc import Mapping
from datetime import datetime

from starlette.responses import JSONResponse, Response

from keyturn.api.problems import UNSURE, answer, refusal
from keyturn.core.audit import Entry
from keyturn.core.outcomes import Changed, Created, Outcome, Refused, Uncertain
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import SignedIn
from keyturn.core.storage import Key
from keyturn.core.users import User, right_words


def user_body(user: User) -> dict[str, object]:
    """A user; never anything of the password but whether there is one and whether it must be changed."""
    profile = user.profile
    return {
        "id": user.key,
        "login": user.login,
        "uid": user.uid,
        "number": user.number,
        "status": user.status.value,
        "display_name": profile.display_name,
        "given_name": profile.given_name,
        "family_name": profile.family_name,
        "mails": [contact.value for contact in profile.emails],
        "rights": right_words(user.rights),
        "version": user.version,
        "has_password": user.has_password,
        "must_change": user.must_change,
        "password_changed": time_text(user.password_changed),
        "added": {"by": user.added.by, "at": time_text(user.added.at)},
        "updated": {"by": user.updated.by, "at": time_text(user.updated.at)},
    }


def own_user(actor: Actor, user: User | None) -> dict[str, object]:
    """Who the caller is; a key has no user."""
    who: dict[str, object] = {
        "id": actor.id,
        "name": actor.name,
        "rights": right_words(actor.rights),
    }
    return who | ({"user": user_body(user)} if user is not None else {})


def key_body(key: Key) -> dict[str, object]:
    """An API key without its token."""
    return {
        "id": key.id,
        "kind": key.kind,
        "description": key.description,
        "rights": right_words(key.rights),
        "active": key.active,
        "added": {"by": key.added.by, "at": time_text(key.added.at)},
        "expires": time_text(key.expires),
        "owner": key.owner,
    }


def entry_body(entry: Entry) -> Mapping[str, object]:
    """An entry of the audit with its place in the chain."""
    event = entry.event
    return {
        "sequence": entry.sequence,
        "at": event.at.isoformat(),
        "tenant": event.tenant,
        "actor": event.actor,
        "verb": event.verb,
        "outcome": event.outcome,
        "target": event.target,
        "who": event.who,
        "reason": event.reason,
        "door": event.door,
        "source": event.source,
        "request": event.request,
        "run": event.run,
        "row": event.row,
        "detail": event.detail,
        "hash": entry.hash,
    }


def outcome_answer(outcome: Outcome, *, status: int = 200) -> Response:
    """The answer to a command: 204 without a body, else what happened and how the password travels."""
    match outcome:
        case Refused():
            return refusal(outcome)
        case Uncertain():
            return answer(UNSURE, outcome.text)
        case Created() | Changed():
            word, delivery = ("created" if isinstance(outcome, Created) else "changed"), outcome.delivery.value
        case _:
            word, delivery = "unchanged", "none"
    if status == 204:
        return Response(status_code=204)
    body: dict[str, object] = {"outcome": word, "delivery": delivery}
    if outcome.user is not None:
        body["user"] = user_body(outcome.user)
    return JSONResponse(body, status)


def session_body(signed: SignedIn) -> dict[str, object]:
    """A new session: its token, and what it is short of.  The only place that shows a token of a sign-in."""
    return {
        "token": signed.token.reveal(),
        "must_change": signed.must_change,
        "second_factor": [kind.value for kind in signed.factors],
        "must_enrol": signed.actor.proof is Proof.ENROLLING,
    }


def time_text(at: datetime | None) -> str | None:
    """A moment as our API writes it."""
    return at.isoformat(timespec="seconds") if at is not None else None
