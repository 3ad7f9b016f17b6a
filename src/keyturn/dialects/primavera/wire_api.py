"""Every call of the Primavera Administration door as its clients see it, and the documented ones not served."""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.primavera.wire import API as ROOT
from keyturn.dialects.primavera.wire import FAULTS, MOST
from keyturn.dialects.primavera.wire_answer import PRINTED
from keyturn.dialects.primavera.wire_jobs import COLUMNS, DRAFT
from keyturn.http.described import (
    FLAG,
    NAME,
    OBJECT,
    TEXT,
    WHOLE,
    Answer,
    Api,
    Body,
    Call,
    NotServed,
    Parameter,
    Schema,
    either,
    many,
    maybe,
    members,
    named,
    shape,
)

_USER: Final[Mapping[str, object]] = {
    "id": "7",
    "loginId": "amal",
    "firstName": "Amal",
    "lastName": "Haddad",
    "emailAddress": "amal@example.com",
    "disabled": False,
    "status": "Active",
    "locked": False,
    "admin": False,
    "roles": [],
}
_ROLE: Final[Schema] = members({"displayName": TEXT, "id": TEXT, "name": TEXT})
_PROFILE: Final[Mapping[str, Schema]] = {
    "firstName": maybe(TEXT),
    "lastName": maybe(TEXT),
    "emailAddress": maybe(TEXT),
    "middleName": {},
    "employeeNumber": {},
    "manager": {},
    "organization": {},
    "userType": {},
    "startDate": {},
    "endDate": {},
    "roles": maybe(many(OBJECT)),
    "disabled": maybe(FLAG),
    "status": maybe(TEXT),
}
_VERDICT: Final[Mapping[str, Schema]] = {"statusInfo": TEXT, "statusInfoOK": FLAG}


def _some(schema: Schema) -> Schema:
    return {**many(schema), "maxItems": MOST}


SHAPES: Final[Mapping[str, Schema]] = {
    "Error": members(
        {"exception": TEXT, "localizedException": FLAG, "message": TEXT, "users": many(shape("Unusable"))},
        "exception",
        "message",
    ),
    "Unusable": members({"loginId": TEXT, **_VERDICT}, "loginId", "statusInfo", "statusInfoOK"),
    "User": members(
        {
            "loginId": TEXT,
            "id": TEXT,
            "admin": FLAG,
            "locked": FLAG,
            "loginAttemptsCtr": TEXT,
            "createdBy": TEXT,
            "createdDate": TEXT,
            "updatedDate": TEXT,
            "lastPasswordResetDate": TEXT,
            "pwdExpired": FLAG,
            "pwdCantChange": FLAG,
            "pwdWarned": FLAG,
            "changePwdAtNextLogin": FLAG,
            "lastAction": TEXT,
            **_PROFILE,
            **_VERDICT,
        },
        "loginId",
    ),
    "SentUser": members({"loginId": NAME, **_PROFILE}, "loginId"),
    "Changes": members(
        {
            "added": maybe(_some(shape("SentUser"))),
            "modified": maybe(_some(shape("SentUser"))),
            "deleted": maybe(_some(NAME)),
        }
    ),
    "Changed": members(
        {
            "added": many(shape("User")),
            "modified": many(shape("User")),
            "deleted": many(TEXT),
            "deleteFailed": many(members({"loginId": TEXT, **_VERDICT})),
            "exception": TEXT,
            "message": TEXT,
            "updatedIdMap": OBJECT,
            "localizedException": FLAG,
        },
        "added",
        "modified",
        "deleted",
        "deleteFailed",
    ),
    "KnownPassword": members(
        {"loginId": NAME, "password": either(many({"type": "string", "minLength": 1, "maxLength": 1}), TEXT)},
        "loginId",
        "password",
    ),
    "WasReset": members(
        {
            "loginId": TEXT,
            "disabled": FLAG,
            "locked": FLAG,
            "password": {"const": PRINTED},
            "pwdExpired": FLAG,
            "pwdCantChange": FLAG,
            "pwdWarned": FLAG,
            "changePwdAtNextLogin": FLAG,
            "emailed": FLAG,
            **_VERDICT,
        },
        "loginId",
        "statusInfo",
        "statusInfoOK",
    ),
    "Verdicts": named(TEXT),
    "DisabledUser": members({"loginId": NAME, "disabled": FLAG}, "loginId", "disabled"),
    "LockedUser": members({"loginId": NAME, "locked": {}}, "loginId"),
    "Role": _ROLE,
}

_MAIL: Final = Parameter(
    "mail", "Whether the user gets a mail.", {"type": "string", "enum": ["true", "false"]}, "path", needed=True
)
_VERDICTS: Final = Answer(
    "By loginId what was wrong, empty where it was done.", shape("Verdicts"), {"amal": "", "omar": "KTPRM1003E: ..."}
)
_RESET: Final[Mapping[str, object]] = {
    "loginId": "amal", "password": PRINTED, "statusInfo": "", "statusInfoOK": True
}  # fmt: skip
_USERS: Final = "/{tenant}" + ROOT + "/user"

_RESULT: Final[Mapping[str, object]] = {"added": [_USER], "modified": [], "deleted": [], "deleteFailed": []}
_PREFER: Final = Parameter("Prefer", "`wait` asks for the result in place of a job (RFC 7240).", TEXT, "header")
_JOB: Final = Parameter("job", "The number of a job of the caller's own, of the last day.", TEXT, "path", needed=True)
_JOBS: Final = tuple(
    call
    for users in (_USERS, _USERS + "s")
    for call in (
        Call("GET", users + "/status/{job}", "What became of each user",
             {200: Answer("The result of the job.", shape("Changed"), _RESULT)}, parameters=(_JOB,)),
        Call("GET", users + "/status/{job}/draft", "The users who failed, as CSV",
             {200: Answer("A line for each, after the names of the columns.", TEXT,
                          ",".join(COLUMNS), DRAFT)}, parameters=(_JOB,)),
    )
)  # fmt: skip

_CALLS: Final = (
    Call("GET", _USERS, "List all users", {200: Answer("Users.", many(shape("User")), [_USER])}, needs=("user.list",),
         each=True),
    Call("POST", _USERS, "Add, modify and delete users",
         {202: Answer("The number of the job that tells what became of each.", WHOLE, 7,
                      headers={"Location": "Where to ask for the job."}),
          200: Answer("What became of each, for who prefers to wait, and where no job can be kept.", shape("Changed"),
                      _RESULT)},
         needs=("user.create", "user.update", "user.delete"), body=Body(shape("Changes"), {"deleted": ["omar"]}),
         parameters=(_PREFER,), each=True),
    *_JOBS,
    Call("PUT", _USERS + "/manual-reset-pwd/{mail}", "Set passwords of at most 1,000 users, for good",
         {200: Answer("What became of each.", many(shape("WasReset")), [_RESET])}, needs=("password.reset",),
         parameters=(_MAIL,), each=True,
         body=Body(many(shape("KnownPassword")), [{"loginId": "amal", "password": ["A", "-", "l", "o", "n", "g"]}])),
    Call("PUT", _USERS + "/auto-reset-pwd", "Mail users passwords that are made up", {200: _VERDICTS},
         needs=("password.reset",), body=Body(_some(NAME), ["amal", "omar"]), each=True),
    Call("PUT", _USERS + "/{id}/auto-reset-pwd", "Mail one user a password that is made up",
         {200: Answer("Done.", {"const": "Success"}, "Success", "text/plain")}, needs=("password.reset",)),
    Call("PUT", _USERS + "/change-status", "Activate or disable users", {200: _VERDICTS}, needs=("user.status",),
         body=Body(_some(shape("DisabledUser")), [{"loginId": "amal", "disabled": True}]), each=True),
    Call("PUT", _USERS + "/change-lock", "Unlock users", {200: _VERDICTS}, needs=("user.update",),
         body=Body(_some(shape("LockedUser")), [{"loginId": "amal", "locked": False}]), each=True),
    Call("GET", "/{tenant}" + ROOT + "/roles", "The right over users, and the groups",
         {200: Answer("Roles.", many(shape("Role")), [{"id": "1", "name": "PrimaveraCloudAdmin"}])}, each=True),
)  # fmt: skip

NOT_SERVED: Final = (
    NotServed("GET", ROOT + "/bgjobs/{name}", "nothing is done in the background: a job is done when it is answered"),
    NotServed("GET", ROOT + "/v3/audits", "the audit is read at our own door"),
    NotServed("*", ROOT + "/v3/oauth", "tokens come from our own door"),
)

API: Final = Api(
    name="primavera",
    title="Oracle Primavera Administration",
    text="Users and their passwords, many in a call; also without the tenant in front, and with /v3 behind.",
    calls=_CALLS,
    faults=FAULTS,
    error=shape("Error"),
    ways={"basic": {"type": "http", "scheme": "basic"}, "bearer": {"type": "http", "scheme": "bearer"}},
    usual=("basic", "bearer"),
    shapes=SHAPES,
    not_served=NOT_SERVED,
)
