"""The bodies of the MAS door as JSON Schema.  Names and samples: as in `wire_user.py` and `wire_admin.py`."""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.mas.wire_user import PERMISSIONS
from keyturn.http.described import (
    COUNT,
    FLAG,
    NAME,
    OBJECT,
    SECRET,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    either,
    many,
    maybe,
    members,
    named,
    one_of,
    shape,
)

ID: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 100}

_CONTACT: Final = members({"value": maybe(TEXT), "type": maybe(TEXT), "primary": FLAG})
_POSTAL: Final = {"streetAddress", "locality", "region", "country", "formatted", "type"}
_ADDRESS: Final = members(
    {**dict.fromkeys(sorted(_POSTAL), maybe(TEXT)), "postalCode": maybe(either(TEXT, WHOLE)), "primary": FLAG}
)
_PERMISSIONS: Final = members(dict.fromkeys(PERMISSIONS, FLAG))
_STATUS: Final = members({"active": FLAG})
_STAMP: Final = members({"id": TEXT, "timestamp": TIME}, "id", "timestamp")
_LOCALE: Final = members({"language": maybe(TEXT), "country": maybe(TEXT)})

_PROFILE: Final[Mapping[str, Schema]] = {
    "displayName": maybe(TEXT),
    "givenName": maybe(TEXT),
    "familyName": maybe(TEXT),
    "title": maybe(TEXT),
    "owner": maybe(TEXT),
    "emails": maybe(many(_CONTACT)),
    "phoneNumbers": maybe(many(_CONTACT)),
    "addresses": maybe(many(_ADDRESS)),
    "preferences": maybe(members({"locale": maybe(_LOCALE), "timezone": maybe(TEXT)})),
    "extension": maybe(members({"externalId": maybe(TEXT)})),
    "status": maybe(_STATUS),
    "permissions": maybe(_PERMISSIONS),
    "entitlement": {},
}

_SYNC: Final = members({"status": TEXT, "timestamp": TIME})
_LOCAL: Final = members({"type": one_of("local"), "forceTokenChange": FLAG, "state": members({
    "failedLoginAttempts": COUNT, "lockedOut": FLAG, "firstFailedLoginTimestamp": TIME,
})})  # fmt: skip

_PLACE: Final[Mapping[str, Schema]] = {"userId": TEXT, "workspaceId": TEXT, "userUrl": TEXT, "workspaceUrl": TEXT}

SHAPES: Final[Mapping[str, Schema]] = {
    "Error": members(
        {"exception": members({"id": TEXT, "properties": many(TEXT)}, "id", "properties"), "message": TEXT},
        "exception",
        "message",
    ),
    "ManageError": members(
        {"Error": members({"reasonCode": TEXT, "message": TEXT, "statusCode": TEXT}, "reasonCode", "message")}, "Error"
    ),
    "NewUser": members({"id": ID, "username": maybe(TEXT), "token": SECRET, **_PROFILE}, "id"),
    "ChangedUser": members({"id": ID, "username": maybe(TEXT), "version": maybe(WHOLE), **_PROFILE}),
    "User": members(
        {
            "id": TEXT,
            "username": TEXT,
            "version": WHOLE,
            "added": _STAMP,
            "updated": _STAMP,
            "sync": _SYNC,
            "applications": named(members({"sync": members({"state": TEXT, "timestamp": TIME})})),
            "workspaces": named(members({"permissions": members({"workspaceAdmin": FLAG})})),
            "identities": members({"_local": _LOCAL}),
            "groups": many({}),
            **_PROFILE,
        },
        "id",
    ),
    "Reset": members({"token": SECRET}, closed=True),
    "WasReset": members({"id": TEXT, "emailed": FLAG, "token": SECRET}, "id", "emailed"),
    "SignIn": members({"username": TEXT, "password": SECRET}),
    "Token": members({"token": SECRET}, "token"),
    "Key": members(
        {
            "id": TEXT,
            "version": WHOLE,
            "status": _STATUS,
            "description": TEXT,
            "permissions": _PERMISSIONS,
            "added": _STAMP,
            "updated": _STAMP,
            "token": SECRET,
        },
        "id",
        "status",
        "permissions",
    ),
    "SentKey": members({"description": maybe(TEXT), "permissions": maybe(_PERMISSIONS), "status": maybe(_STATUS)}),
    "Workspace": members({"id": TEXT, "metadata": OBJECT, "spec": OBJECT, "status": OBJECT}, "id"),
    "Application": members({"id": TEXT, "ready": FLAG, "available": FLAG}, "id", "ready", "available"),
    "Membership": members({**_PLACE, "permissions": members({"workspaceAdmin": FLAG})}, "userId", "workspaceId"),
    "SentMembership": members({"permissions": maybe(members({"workspaceAdmin": FLAG}))}),
    "Role": members({**_PLACE, "role": TEXT}, "role", "userId", "workspaceId"),
    "SentRole": members({"role": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}}, "role"),
    "Groups": members({"member": many(members({"groupname": TEXT, "maxgroupid": WHOLE}))}, "member"),
    "Members": members({"member": many(members({"userid": TEXT}))}, "member"),
    "SentMembers": members({"groupuser": many(members({"userid": NAME}, "userid"))}, "groupuser"),
    "ManageKeys": members({"member": many(members({"userid": TEXT, "apikey": SECRET, "href": TEXT}))}, "member"),
    "Profile": members({"user": shape("User"), "workspaces": many(shape("Workspace"))}, "user", "workspaces"),
    "About": members({"name": TEXT, "api": TEXT}),
}
