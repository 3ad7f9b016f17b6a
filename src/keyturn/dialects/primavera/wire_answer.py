"""The words of the Primavera Administration API for users and their passwords: what is answered.  Pure.

The manual reset's page prints its per-user objects one after the other, without brackets or commas (read 2026-11-21):
we answer a list, and read a list, one object and objects in a row.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from keyturn.core.commands import Command, CreateUser, ResetPassword
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.users import Status, User
from keyturn.dialects.primavera.wire import FAULTS
from keyturn.dialects.primavera.wire_user import Body, Unreadable, read_user
from keyturn.http.faults import FaultTable

PRINTED: Final = "password"
"""What stands in the place of the password in answers: the very word that the page prints."""

_CODE: Final = re.compile(r"(KTPRM[0-9]{4}E): (.*)", re.DOTALL)
_BY_STATUS: Final = {
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    429: Reason.TOO_MANY,
    503: Reason.BUSY,
}


def verdict_text(outcome: Outcome, faults: FaultTable = FAULTS) -> str:
    """What a map of users says of one: empty when it is fine."""
    if not isinstance(outcome, Refused):
        return ""
    fault = faults.of(outcome.reason)
    return f"{fault.code}: {outcome.text or fault.text}"


def verdict(outcome: Outcome, faults: FaultTable) -> Body:
    """What is said of one user among many: why not, and whether."""
    text = verdict_text(outcome, faults)
    return {"statusInfo": text, "statusInfoOK": not text}


def reset_body(outcome: Outcome, user: User | None, faults: FaultTable = FAULTS) -> Body:
    """One user in the answer to a manual reset.  user: as stored now; `emailed` is our own word."""
    if isinstance(outcome, Refused):
        return {"loginId": outcome.who, **verdict(outcome, faults)}
    mailed = isinstance(outcome, Changed) and outcome.delivery is Delivery.MAILED
    return {
        "loginId": outcome.who,
        "disabled": user is not None and user.status is Status.DISABLED,
        "locked": user is not None and user.status is Status.LOCKED,
        "password": PRINTED,
        "pwdExpired": False,
        "pwdCantChange": False,
        "pwdWarned": False,
        "changePwdAtNextLogin": False,
        "emailed": mailed,
        **verdict(outcome, faults),
    }


def unusable_body(outcomes: Sequence[Outcome], faults: FaultTable = FAULTS) -> Body | None:
    """The answer to a call in which no password can be used: the vendor's 400, with each user's own verdict beside it.

    None where anything else became of anybody: then the call is answered with 200.  `users` is our own word.
    """
    if not outcomes or not all(isinstance(each, Refused) and each.reason in UNUSABLE for each in outcomes):
        return None
    fault = faults.of(Reason.INVALID)
    return error_body(fault.code, fault.text) | {"users": [reset_body(each, None, faults) for each in outcomes]}


UNUSABLE: Final = frozenset({
    Reason.TOO_SHORT, Reason.TOO_LONG, Reason.TOO_COMMON, Reason.UNUSABLE_CHARACTER, Reason.POLICY,
})  # fmt: skip
"""Why a password is none that could be set."""


def verdicts_of(body: bytes, names: Sequence[str]) -> list[Mapping[str, object]] | None:
    """What a call that was refused as a whole says of each user; None unless it refuses everybody who was asked for."""
    values = values_of(body) or []
    told = values[0] if values and isinstance(values[0], Mapping) else {}
    entries = _of_list(told.get("users"))
    if entries is None:
        return None
    found = [pick(entries, who) for who in names]
    return entries if all(each is not None and each.get("statusInfoOK") is False for each in found) else None


def error_body(code: str, text: str) -> Body:
    """A call that was refused as a whole, in the words that a job's result has for it."""
    return {"exception": code, "localizedException": False, "message": f"{code}: {text}"}


def values_of(body: bytes) -> list[object] | None:
    """The JSON values that stand one after the other in a body; None when something else is among them."""
    try:
        text = body.decode("utf-8").lstrip()
    except UnicodeDecodeError:
        return None
    values: list[object] = []
    while text:
        try:
            value, end = _DECODER.raw_decode(text)
        except (json.JSONDecodeError, RecursionError):
            return None
        values.append(value)
        text = text[end:].lstrip()
    return values


_DECODER: Final = json.JSONDecoder()


def entries_of(body: bytes) -> list[Mapping[str, object]] | None:
    """What an answer says of each user, as objects with a `loginId`; None when it is no such answer."""
    values = values_of(body)
    if values is None:
        return None
    members = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    if len(members) == 1 and isinstance(members[0], Mapping) and "loginId" not in members[0]:
        return _of_object(members[0])
    return _of_list(members)


def _of_list(members: object) -> list[Mapping[str, object]] | None:
    if not isinstance(members, list):
        return None
    entries = [each for each in members if isinstance(each, Mapping) and isinstance(each.get("loginId"), str)]
    return entries if len(entries) == len(members) else None


def _of_object(value: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    """A job's result, or a map of users and what is to be said of them."""
    if value.get("exception") or value.get("error"):
        return None
    if not {"added", "modified", "deleted", "deleteFailed"} & value.keys():
        return [{"loginId": who, "statusInfo": said, "statusInfoOK": not said} for who, said in value.items()]
    entries: list[Mapping[str, object]] = []
    for part in ("added", "modified"):
        entries += _of_list(value.get(part)) or []
    gone, failed = value.get("deleted"), _of_list(value.get("deleteFailed")) or []
    refused = {each["loginId"] for each in failed}
    entries += [{**each, "statusInfoOK": False} for each in failed]
    if isinstance(gone, list):
        entries += [
            {"loginId": who, "statusInfoOK": True} for who in gone if isinstance(who, str) and who not in refused
        ]
    return entries


def job_of(body: bytes, location: str = "") -> str:
    """The id of the job that an answer tells; empty when it tells none.

    Examples assume a bare number; an object with `jobId` and the end of a `Location` are understood as well.
    """
    values = values_of(body) or []
    told = values[0] if len(values) == 1 else None
    if isinstance(told, Mapping):
        told = told.get("jobId")
    if isinstance(told, bool) or not isinstance(told, int | str):
        told = location.rstrip("/").rpartition("/")[2]
    job = str(told)
    return job if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", job) else ""


def pick(entries: Sequence[Mapping[str, object]], who: str) -> Mapping[str, object] | None:
    """What is said of one user: under this very name, else under the only one that differs in case alone.

    None when nothing is said, or two different things.
    """
    exact = [each for each in entries if each["loginId"] == who]
    folded = [each for each in entries if str(each["loginId"]).casefold() == who.casefold()]
    found = exact or folded
    return found[0] if len(found) == 1 else None


def read_outcome(command: Command, entry: Mapping[str, object] | None) -> Outcome:
    """What the answer says of one command: success needs the user's own verdict."""
    who = command.who
    if entry is None:
        return Uncertain(who, "the answer says nothing of this user")
    info, fine = entry.get("statusInfo"), entry.get("statusInfoOK")
    said = info if isinstance(info, str) else ""
    if fine is False:
        return _refused(command, said or "refused without a word", 200)
    if (info and not said) or (said and fine is not True):
        return Uncertain(who, said or "an answer that cannot be read")
    match command:
        case CreateUser():
            return Created(who, user=_user(entry))
        case ResetPassword(notify=True) if entry.get("emailed") is not False:
            return Changed(who, delivery=Delivery.MAILED)
        case _:
            return Changed(who)


def read_refusal(command: Command, status: int, body: bytes, retry_after: float | None = None) -> Refused:
    """The refusal of a whole call, for one of its commands."""
    values = values_of(body) or []
    value = values[0] if values and isinstance(values[0], Mapping) else {}
    message = value.get("message")
    return _refused(command, message if isinstance(message, str) else f"answered {status}", status, retry_after)


def _refused(command: Command, said: str, status: int, retry_after: float | None = None) -> Refused:
    match = _CODE.fullmatch(said)
    code, text = (match[1], match[2]) if match else ("", said)
    reason = _BY_CODE.get(code) or _BY_STATUS.get(status, Reason.OTHER)
    if reason is Reason.OTHER and status == 400 and isinstance(command, ResetPassword) and command.new is not None:
        reason = Reason.POLICY
    return Refused(command.who, reason, text, code, retry_after)


_BY_CODE: Final[Mapping[str, Reason]] = {fault.code: fault.reason for fault in FAULTS.written}


def _user(entry: Mapping[str, object]) -> User | None:
    try:
        return read_user(entry)
    except Unreadable:
        return None
