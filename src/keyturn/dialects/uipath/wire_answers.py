"""What UiPath's answers say, read and written: the verdict of a success, and the many shapes of a refusal.  Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from keyturn.core.commands import Command, CreateUser
from keyturn.core.outcomes import Created, Outcome, Reason, Refused
from keyturn.core.users import User
from keyturn.dialects.uipath.wire import FAULTS, WireAnswer
from keyturn.dialects.uipath.wire_user import Body, Unreadable, read_user, user_body
from keyturn.http.faults import FaultTable

_BY_STATUS: Final = {
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    404: Reason.NO_SUCH_USER,
    429: Reason.TOO_MANY,
    503: Reason.BUSY,
}


def verdict_of(value: object) -> bool | None:
    """`succeeded` of an IdentityResult or of the result of BulkCreate; None when there is none."""
    if not isinstance(value, Mapping):
        return None
    result = value.get("result")
    told = (result if isinstance(result, Mapping) else value).get("succeeded")
    return told if isinstance(told, bool) else None


def made_user(command: CreateUser, value: object) -> User | None:
    """The user of this name among those who were made; None when the answer does not show one."""
    users = value.get("users") if isinstance(value, Mapping) else None
    for body in users if isinstance(users, list) else []:
        try:
            user = read_user(body if isinstance(body, Mapping) else {})
        except Unreadable:
            continue
        if user.login == command.who:
            return user
    return None


def read_refusal(command: Command, answer: WireAnswer) -> Refused:
    """The refusal that an answer means, read in the order of UiPath's own module (UiPathOrch, 2026-11-21)."""
    value = answer.value if isinstance(answer.value, Mapping) else {}
    code = next((code for code, _ in _errors(value) if code), "")
    text = next((text for text in _sentences(value) if text), f"answered {answer.status}")
    return Refused(command.who, _reason(answer.status, code, value), text, code, answer.retry_after)


def _reason(status: int, code: str, value: Mapping[str, object]) -> Reason:
    known = FAULTS.read(400 if status == 200 else status, code)
    if known is not Reason.OTHER:
        return known
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if code.startswith("Password"):
        return Reason.POLICY
    return Reason.INVALID if status == 400 and isinstance(value.get("errors"), Mapping) else Reason.OTHER


def _sentences(value: Mapping[str, object]) -> Iterator[str]:
    fields = "; ".join(text for text in _of_fields(value.get("errors")))
    title = value.get("title")
    if isinstance(title, str) and title:
        yield f"{title} {fields}".strip()
    for name in ("message", "Message", "errorMessage", "error", "error_description"):
        told = value.get(name)
        told = told.get("message") if isinstance(told, Mapping) else told
        yield told if isinstance(told, str) else ""
    yield fields
    yield "; ".join(text for _, text in _errors(value) if text)


def _of_fields(errors: object) -> Iterator[str]:
    """The texts of a map of fields; the vendor's repeat parts of what was sent, hence the caller's care."""
    for name, texts in errors.items() if isinstance(errors, Mapping) else ():
        for text in texts if isinstance(texts, list) else ():
            if isinstance(text, str):
                yield f"{name}: {text}"


def _errors(value: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Code and description of each error of an IdentityResult."""
    result = value.get("result")
    errors = (result if isinstance(result, Mapping) else value).get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, Mapping):
            code, text = error.get("code"), error.get("description")
            yield code if isinstance(code, str) else "", text if isinstance(text, str) else ""


def result_body(*errors: Mapping[str, str]) -> Body:
    """The shape of an IdentityResult."""
    return {"succeeded": not errors, "errors": list(errors)}


def error_of(refused: Refused, faults: FaultTable = FAULTS) -> Mapping[str, str]:
    """A refusal as one error of an IdentityResult."""
    fault = faults.of(refused.reason)
    return {"code": fault.code, "description": refused.text or fault.text}


def write_outcome(outcome: Outcome, faults: FaultTable = FAULTS) -> WireAnswer:
    """The answer that tells the outcome of one command."""
    if isinstance(outcome, Refused):
        return write_refusal(outcome, faults)
    shown = {"user": user_body(outcome.user)} if isinstance(outcome, Created) and outcome.user is not None else {}
    return WireAnswer(200, result_body() | shown)


def write_creations(outcomes: Sequence[Outcome], faults: FaultTable = FAULTS) -> WireAnswer:
    """The answer of BulkCreate: a verdict, and the users who were made; none when one was refused beforehand."""
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    made = [outcome.user for outcome in outcomes if isinstance(outcome, Created) and outcome.user is not None]
    errors = [error_of(one, faults) for one in refused]
    value: Body = {"result": result_body(*errors), "users": [user_body(user) for user in made]}
    return _of_many(refused, value, faults)


def write_deletions(outcomes: Sequence[Outcome], faults: FaultTable = FAULTS) -> WireAnswer:
    """The answer of a deletion of many: an error for each who is still there.  Of one it is that of its own call."""
    if len(outcomes) == 1:
        return write_outcome(outcomes[0], faults)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    return _of_many(refused, result_body(*(error_of(one, faults) for one in refused)), faults)


def _of_many(refused: Sequence[Refused], value: Body, faults: FaultTable) -> WireAnswer:
    """200, or 400 with an error for each; what is true of the caller or the moment is answered as for one."""
    told = next((one for one in refused if faults.of(one.reason).status in (403, 429, 503)), None)
    return write_refusal(told, faults) if told is not None else WireAnswer(400 if refused else 200, value)


def write_refusal(refused: Refused, faults: FaultTable = FAULTS) -> WireAnswer:
    """A refusal in the vendor's shape: 401 has no body, 403 says a sentence, all others are an IdentityResult."""
    fault = faults.of(refused.reason)
    if fault.status == 401:
        return WireAnswer(401)
    if fault.status == 403:
        return WireAnswer(403, sentence_body(refused.text or fault.text))
    retry_after = (refused.retry_after or 1.0) if fault.status in (429, 503) else None
    return WireAnswer(fault.status, result_body(error_of(refused, faults)), retry_after)


def sentence_body(text: str) -> Body:
    """The shape in which UiPath says that a scope is missing."""
    return {"errorMessage": text}


def problem_body(field_name: str, text: str, status: int, trace: str) -> Body:
    """The shape of ValidationProblemDetails.  trace: 32 and 16 hexadecimal digits with a dash between."""
    return {
        "errors": {field_name: [text]},
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "One or more validation errors occurred.",
        "status": status,
        "traceId": f"00-{trace}-00",
    }
