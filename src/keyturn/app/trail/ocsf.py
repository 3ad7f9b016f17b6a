"""An entry of the audit as an event of the Open Cybersecurity Schema Framework, which security tools read.

Version 1.2.0 of the schema (schema.ocsf.io, read in November 2026).  What has no place there is in `unmapped`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keyturn import __version__
from keyturn.core.audit import Entry, Event

SCHEMA: Final = "1.2.0"
IAM: Final = 3
"""The category Identity & Access Management, to which all four classes belong."""

OTHER: Final = 99
SUCCESS, FAILURE = 1, 2
INFORMATIONAL, LOW = 1, 2


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the schema, with the activities of it that we write."""

    uid: int
    name: str
    activities: Mapping[int, str]


ACCOUNT: Final = Class(
    3001,
    "Account Change",
    {
        1: "Create",
        2: "Enable",
        3: "Password Change",
        4: "Password Reset",
        5: "Disable",
        6: "Delete",
        9: "Lock",
        10: "MFA Factor Enable",
        11: "MFA Factor Disable",
    },
)
AUTHENTICATION: Final = Class(3002, "Authentication", {1: "Logon", 2: "Logoff"})
ENTITY: Final = Class(3004, "Entity Management", {1: "Create", 2: "Read", 3: "Update", 4: "Delete"})
GROUP: Final = Class(3006, "Group Management", {3: "Add User", 4: "Remove User"})

_PLACES: Final[Mapping[str, tuple[Class, int]]] = {
    "user.create": (ACCOUNT, 1),
    "user.delete": (ACCOUNT, 6),
    "password.change": (ACCOUNT, 3),
    "password.reset": (ACCOUNT, 4),
    "factor.add": (ACCOUNT, 10),
    "factor.remove": (ACCOUNT, 11),
    "factor.codes": (ACCOUNT, OTHER),
    "factor.show": (AUTHENTICATION, OTHER),
    "session.start": (AUTHENTICATION, 1),
    "session.end": (AUTHENTICATION, 2),
    "group.join": (GROUP, 3),
    "group.leave": (GROUP, 4),
}
_STATUS: Final[Mapping[str, int]] = {"active": 2, "disabled": 5, "locked": 9}
_FAMILIES: Final[Mapping[str, Class]] = {"user": ACCOUNT, "password": ACCOUNT, "session": AUTHENTICATION}
_ENDINGS: Final[Mapping[str, int]] = {
    "create": 1, "read": 2, "list": 2, "update": 3, "write": 3, "delete": 4, "revoke": 4,
}  # fmt: skip


def class_of(verb: str) -> Class:
    """The class that entries of a verb belong to; what is no account, sign-in or membership is a managed entity."""
    if verb in ("user.read", "user.list"):
        return ENTITY
    place = _PLACES.get(verb)
    return place[0] if place is not None else _FAMILIES.get(verb.partition(".")[0], ENTITY)


def as_ocsf(entry: Entry) -> str:
    """An entry as one line of JSON in the words of the schema."""
    return json.dumps(event_of(entry), ensure_ascii=True)


def event_of(entry: Entry) -> Mapping[str, object]:
    """An entry in the words of the schema."""
    event = entry.event
    kind = class_of(event.verb)
    activity = _activity(event, kind)
    refused = event.outcome in ("refused", "failed")
    said: dict[str, object] = {
        "activity_id": activity,
        "activity_name": kind.activities.get(activity, event.verb),
        "category_uid": IAM,
        "class_uid": kind.uid,
        "class_name": kind.name,
        "type_uid": kind.uid * 100 + activity,
        "severity_id": LOW if refused else INFORMATIONAL,
        "status_id": FAILURE if refused else SUCCESS,
        "status_code": event.reason or event.outcome,
        "status_detail": event.detail,
        "time": milliseconds(event.at),
        "message": f"{event.verb} {event.outcome}",
        "metadata": _metadata(entry),
        "actor": {"user": {"uid": event.actor or "unknown"}},
        "unmapped": _unmapped(entry),
    }
    if event.source:
        said["src_endpoint"] = {"ip": event.source}
    if kind is AUTHENTICATION:
        said["service"] = {"name": event.door or "keyturn"}
    return said | _about(event, kind)


def milliseconds(moment: datetime) -> int:
    """A moment as the schema counts time: milliseconds since 1970."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _activity(event: Event, kind: Class) -> int:
    place = _PLACES.get(event.verb)
    if place is not None:
        return place[1]
    if event.verb == "user.status":
        return next((number for word, number in _STATUS.items() if event.detail.startswith(word)), OTHER)
    number = _ENDINGS.get(event.verb.rpartition(".")[2], OTHER)
    return number if kind is ENTITY else OTHER


def _metadata(entry: Entry) -> Mapping[str, object]:
    product = {"name": "keyturn", "vendor_name": "keyturn", "version": __version__}
    return {
        "version": SCHEMA,
        "product": product,
        "uid": f"{entry.shard}-{entry.sequence}",
        "sequence": entry.sequence,
        "event_code": entry.event.verb,
        "correlation_uid": entry.event.request,
        "log_name": "audit",
    }


def _about(event: Event, kind: Class) -> dict[str, object]:
    """Whom or what it touched, as its class wants it."""
    name = event.who or event.target or event.actor or "unknown"
    user = {"name": name, "uid": event.target} if event.target else {"name": name}
    if kind is GROUP:
        return {"user": user, "group": {"uid": event.detail}}
    if kind is ENTITY:
        whose = {"data": {"user_uid": event.target}} if event.verb.startswith("mail.") and event.target else {}
        return {"entity": {"type": event.verb.partition(".")[0], "name": name, "uid": event.target or name, **whose}}
    return {"user": user}


def _unmapped(entry: Entry) -> Mapping[str, object]:
    event = entry.event
    return {
        "tenant": event.tenant, "door": event.door, "outcome": event.outcome, "run": event.run, "row": event.row,
        "hash": entry.hash,
    }  # fmt: skip
