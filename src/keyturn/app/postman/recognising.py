"""Finds out whether a recorded request is a call that a dialect knows, and which order of a run does the same.

A dialect reads the request with every cell replaced by a mark; where the marks come out again says which column is
what.  The order is believed only if it makes the very same command out of the marks.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.app.dialects import DIALECTS
from keyturn.bulk.job import Job, Operation, PasswordChoice, PasswordFrom
from keyturn.bulk.running.orders import profile_of
from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword
from keyturn.core.secret import Secret
from keyturn.core.users import Profile
from keyturn.dialects.postman.wire_bodies import Unfit
from keyturn.dialects.postman.wire_request import Prepared
from keyturn.http.recorded import Recognised

_ORDINARY: Final = frozenset({"accept", "accept-language", "cache-control", "content-type", "user-agent"})
"""Headers that say nothing of what is asked for."""

_PEOPLE: Final = ("display_name", "given_name", "family_name", "title", "language", "country", "timezone")


@dataclass(frozen=True, slots=True)
class Known:
    """A request that is a call of a dialect.  kind: of the target.  columns: field to header.  job: the same order."""

    kind: str
    recognised: Recognised
    columns: Mapping[str, str]
    job: Job


def recognise(prepared: Prepared) -> Known | None:
    """The order that does what the request does; None where no dialect knows it, or no order says the same."""
    marks = {header: f"Mark{number}{secrets.token_hex(8)}" for number, header in enumerate(prepared.columns)}
    try:
        recorded = prepared.recorded(marks)
    except Unfit:
        return None
    headers = {mark: header for header, mark in marks.items()}
    for kind, dialect in DIALECTS.items():
        found = dialect.recognise(recorded)
        if found is not None and _says_no_more(prepared, found) and _signs_in_alone(found, headers):
            return _known(kind, found, headers)
    return None


def _says_no_more(prepared: Prepared, found: Recognised) -> bool:
    """Whether no header, and no test of the status, asks for what the dialect would not do by itself."""
    spare = {name for name, _ in prepared.headers} - _ORDINARY - {found.header}
    return not spare and (prepared.statuses is None or found.statuses <= prepared.statuses)


def _signs_in_alone(found: Recognised, headers: Mapping[str, str]) -> bool:
    """Whether the sign-in is the same for every row, and is there at all."""
    sign_in = found.sign_in
    if sign_in is None:
        return False
    held = (sign_in.token, sign_in.password, Secret(sign_in.username))
    return not any(Secret(mark) == each for mark in headers for each in held)


def _known(kind: str, found: Recognised, headers: Mapping[str, str]) -> Known | None:
    command = found.command
    who = headers.get(command.who)
    if who is None:
        return None
    match command:
        case ResetPassword(_, new, notify):
            choice = _choice(new, headers)
            job = Job(Operation.RESET, choice, notify) if choice is not None else None
            return _believed(kind, found, {"id": who}, job, command)
        case ChangePassword(_, new, old):
            choice, header = _choice(new, headers), _header(old, headers)
            job = Job(Operation.RESET, choice, old=header) if choice is not None and header else None
            return _believed(kind, found, {"id": who}, job, command)
        case CreateUser(_, profile, login, password, notify=notify):
            choice = _choice(password, headers)
            job = Job(Operation.CREATE, choice, notify) if choice is not None and password is not None else None
            return _believed(kind, found, {"id": who} | _people(profile, login, headers), job, command)
        case _:
            return None


def _believed(
    kind: str, found: Recognised, columns: Mapping[str, str], job: Job | None, command: Command
) -> Known | None:
    if job is None or len(set(columns.values())) != len(columns):
        return None
    secret = {header for header in (job.password.column, job.old) if header}
    if secret & set(columns.values()) or _again(command, columns, job) != command:
        return None
    return Known(kind, found, columns, job)


def _again(command: Command, columns: Mapping[str, str], job: Job) -> Command:
    """The command that the runner would make of the marks: for a reset what was read of it is all there is."""
    if not isinstance(command, CreateUser):
        return command
    cells = {name: _mark_of(command, name) for name in columns}
    login = cells.get("login", "")
    return CreateUser(command.who, profile_of(cells), login=login, password=command.password, notify=job.email)


def _mark_of(command: CreateUser, name: str) -> str:
    profile = command.profile
    match name:
        case "id":
            return command.who
        case "login":
            return command.login
        case "email":
            return profile.mail()
        case "phone":
            return profile.phones[0].value
        case _:
            return str(getattr(profile, name))


def _people(profile: Profile, login: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Which column says what of a person; what no column says makes the order another one, and is found out so."""
    said = {name: str(getattr(profile, name)) for name in _PEOPLE} | {"login": login, "email": profile.mail()}
    said["phone"] = profile.phones[0].value if profile.phones else ""
    return {name: headers[text] for name, text in said.items() if text in headers}


def _choice(new: Secret | None, headers: Mapping[str, str]) -> PasswordChoice | None:
    """Where the password comes from; None where it is put together of cells and more."""
    if new is None:
        return PasswordChoice(PasswordFrom.TARGET)
    header = _header(new, headers)
    if header:
        return PasswordChoice(PasswordFrom.COLUMN, header)
    if any(mark in new.reveal() for mark in headers):
        return None
    return PasswordChoice(PasswordFrom.SAME, value=new)


def _header(secret: Secret | None, headers: Mapping[str, str]) -> str:
    return next((header for mark, header in headers.items() if Secret(mark) == secret), "")
