"""The calls for users in Manage as their clients see them, part of `wire_api.py`."""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.mas.wire import OPERATION_HEADER
from keyturn.dialects.mas.wire_manage import ADMINISTRATORS, MERGE, PEOPLE
from keyturn.http.described import (
    FLAG,
    OBJECT,
    OPERATION,
    TEXT,
    Answer,
    Body,
    Call,
    Parameter,
    Schema,
    either,
    many,
    members,
    one_of,
    shape,
)

_WAYS: Final = ("apikey", "token", "bearer", "basic")
_ERROR: Final = shape("ManageError")
_OPERATION: Final = Parameter(
    OPERATION_HEADER, "A repeat within 24 hours gets the first answer again.", OPERATION, "header"
)
_WHERE: Final[Schema] = {"type": "string", "pattern": r'^(personid|user\.userid)="([^"\\\x00]|\\[^\x00])*"$'}
_MERGING: Final = tuple(
    Parameter(name, f"{value} and nothing else.", {"const": value}, "header", needed=True)
    for name, value in MERGE.items()
)
_HREF: Final = f"{PEOPLE}/1f6a1c1e-6f0c-4a49-b2d3-6a3b0d3c8a10"
_NEW: Final[Mapping[str, object]] = {
    "personid": "amal",
    "displayName": "Amal Haddad",
    "primaryemail": "amal@example.com",
    "primaryemailtype": "Work",
    "maxuser": {"userid": "amal", "loginid": "amal", "owner": "local", "status": "ACTIVE"},
}
_LOCAL: Final = {"idpid": "local", "idptype": "local", "logintype": "0", "enabled": True, "emailpassword": True}

_IDENTITY: Final = members({"idpid": one_of("local"), "emailpassword": FLAG}, "idpid")

SHAPES: Final[Mapping[str, Schema]] = {
    "People": members(
        {"member": many(members({"personid": TEXT, "displayname": TEXT, "href": TEXT}, "href"))}, "member"
    ),
    "NewPerson": members(
        {
            "personid": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[\w.@+~-]+$"},
            **dict.fromkeys(("displayName", "firstname", "lastname", "primaryemail", "primaryemailtype"), TEXT),
            **dict.fromkeys(("primaryphone", "addressline1", "city", "stateprovince"), TEXT),
            "maxuser": members(
                {
                    "owner": TEXT,
                    "status": one_of("ACTIVE", "INACTIVE"),
                    "systemadmin": FLAG,
                    "apikeyadmin": FLAG,
                    "idpadmin": FLAG,
                    "isauthorized": either(one_of(0, 1), FLAG),
                    "groupuser": many(members({"groupname": one_of(ADMINISTRATORS)}, "groupname", closed=True)),
                },
                "status",
            ),
        },
        "personid",
        "maxuser",
    ),
    "ChangedPerson": members({"maxuser": members({"masuseridp": many(_IDENTITY), "grpreassignauth": many(OBJECT)})}),
}

CALLS: Final = (
    Call("GET", PEOPLE, "Read a user in Manage",
         {200: Answer("The user, or nobody.", shape("People"),
                      {"member": [{"personid": "amal", "displayname": "Amal Haddad", "href": _HREF}]})},
         needs=("user.read",),
         parameters=(
             Parameter("oslc.where", 'Only `personid="..."` and `user.userid="..."`.', _WHERE, needed=True),
             Parameter("oslc.select", "`personid` and `displayname`, with a comma; `*` is both."),
         ), error=_ERROR, ways=_WAYS),
    Call("POST", PEOPLE, "Create a user in Manage",
         {201: Answer("Done; there is no body.", headers={"location": "Where the user is."})},
         needs=("user.create",), parameters=(_OPERATION,), body=Body(shape("NewPerson"), _NEW), error=_ERROR,
         ways=_WAYS),
    Call("POST", PEOPLE + "/{person}", "Give a user in Manage a local sign-in with a generated password",
         {204: Answer("Done; there is no body.")}, needs=("user.read", "password.reset"),
         parameters=(*_MERGING, _OPERATION),
         body=Body(shape("ChangedPerson"), {"maxuser": {"userid": "amal", "masuseridp": [_LOCAL]}}), error=_ERROR,
         ways=_WAYS),
)  # fmt: skip
