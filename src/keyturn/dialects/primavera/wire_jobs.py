"""The result of a change of users, asked for by the number of its job, and the list of those who failed.  Pure.

Sources: Oracle, "Viewing the job id status" and "Exporting failed users" of the guide to the REST API, "Get Job status"
and the operation on the draft of "REST API for User Administration in Oracle Primavera Administration Application".
All read 2026-11-21.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Final

from keyturn.core.commands import Command, CreateUser, UpdateUser
from keyturn.core.outcomes import Changed, Created, Outcome, Refused, Unchanged
from keyturn.dialects.primavera.wire import FAULTS
from keyturn.dialects.primavera.wire_answer import values_of, verdict
from keyturn.dialects.primavera.wire_user import Body, profile_body, status_body, user_body
from keyturn.http.faults import FaultTable

COLUMNS: Final = ("Last Name", "First Name", "Email", "Username", "Company", "User Type", "Locked", "Active")
"""The first line of the draft, as the vendor prints it."""

DRAFT: Final = "application/octet-stream"
"""What the draft says that it is, as the vendor prints it."""

_ACTIONS: Final[Mapping[type, str]] = {CreateUser: "Created", UpdateUser: "Updated"}
_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r]")


def result_body(commands: Sequence[Command], outcomes: Sequence[Outcome], faults: FaultTable = FAULTS) -> Body:
    """What became of each user of a `POST /user`, in the vendor's words for a job that is done."""
    added: list[Body] = []
    modified: list[Body] = []
    failed: list[Body] = []
    deleted: list[str] = []
    for command, outcome in zip(commands, outcomes, strict=True):
        match command:
            case CreateUser() | UpdateUser():
                (added if isinstance(command, CreateUser) else modified).append(_told(command, outcome, faults))
            case _ if isinstance(outcome, Refused):
                failed.append({"loginId": command.who, **verdict(outcome, faults)})
            case _:
                deleted.append(command.who)
    return {
        "added": added,
        "modified": modified,
        "deleted": deleted,
        "deleteFailed": failed,
        "exception": "",
        "message": "",
        "updatedIdMap": {},
        "localizedException": False,
    }


def _told(command: CreateUser | UpdateUser, outcome: Outcome, faults: FaultTable) -> Body:
    """A user as it now is; who failed, as it was sent, so that the draft can be mended and sent again."""
    user = outcome.user if isinstance(outcome, Created | Changed | Unchanged) else None
    shown = user_body(user) if user is not None else _sent(command)
    action = {} if isinstance(outcome, Refused) else {"lastAction": _ACTIONS[type(command)]}
    return {**shown, **action, **verdict(outcome, faults)}


def _sent(command: CreateUser | UpdateUser) -> Body:
    profile = {} if command.profile is None else profile_body(command.profile)
    status = {} if command.status is None else status_body(command.status)
    return {"loginId": command.who, **profile, **status}


def draft_of(result: bytes) -> bytes:
    """The CSV of the users who failed.  A cell that a sheet would take for a formula gets an apostrophe."""
    [kept] = values_of(result) or [{}]
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for entry in _failed(kept if isinstance(kept, Mapping) else {}):
        writer.writerow([_inert(cell) for cell in _row(entry)])
    return lines.getvalue().encode()


def _failed(result: Mapping[str, object]) -> list[Mapping[str, object]]:
    entries = [each for part in ("added", "modified", "deleteFailed") for each in _list(result.get(part))]
    return [each for each in entries if isinstance(each, Mapping) and each.get("statusInfoOK") is False]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _row(entry: Mapping[str, object]) -> list[str]:
    company = entry.get("organization")
    named = company.get("name") if isinstance(company, Mapping) else ""
    cells = [entry.get(name) for name in ("lastName", "firstName", "emailAddress", "loginId")]
    disabled = entry.get("disabled")
    active = "" if disabled is None else _word(disabled is False)
    return [*map(_text, [*cells, named, entry.get("userType")]), _word(entry.get("locked") is True), active]


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _inert(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
