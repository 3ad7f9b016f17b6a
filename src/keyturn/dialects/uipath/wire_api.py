"""Every call of the UiPath door as its clients see it, and the documented ones that are not served."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.outcomes import Reason
from keyturn.dialects.uipath.wire import FAULTS, MOST, OPERATION_HEADER
from keyturn.http.described import (
    COUNT,
    FLAG,
    NAME,
    OPERATION,
    SECRET,
    TEXT,
    TIME,
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
    one_of,
    shape,
)

READ: Final = "PM.User.Read"
WRITE: Final = "PM.User.Write"
READ_GROUPS: Final = "PM.Group.Read"
WRITE_GROUPS: Final = "PM.Group.Write"

_ID: Final = "33d1a2f4-8d0c-4a64-9a1c-8b6a4b1c7d10"
_OPERATION: Final = Parameter(
    OPERATION_HEADER, "A repeat within 24 hours gets the first answer again.", OPERATION, "header"
)
_SORTED: Final = (
    "id", "userName", "email", "name", "surname", "displayName", "creationTime", "lastModificationTime",
    "lastLoginTime", "type", "category",
)  # fmt: skip
_PAGE: Final = (
    Parameter("top", "How many at most, up to 1,000.", COUNT),
    Parameter("skip", "How many to leave out.", COUNT),
    Parameter("searchTerm", "Part of a name or address."),
    Parameter("sortBy", "What to sort by, in any letter case.", one_of("", *_SORTED)),
    Parameter("sortOrder", "Which way, in any letter case.", one_of("", "asc", "desc")),
)
_USER: Final[Mapping[str, object]] = {
    "id": _ID,
    "userName": "amal",
    "email": "amal@example.com",
    "name": "Amal",
    "surname": "Haddad",
    "displayName": "Amal Haddad",
    "isActive": True,
    "legacyId": 7,
    "type": 0,
}
_NEW: Final[Mapping[str, object]] = {"userName": "amal", "email": "amal@example.com", "name": "Amal"}
_FINE: Final[Mapping[str, object]] = {"succeeded": True, "errors": []}
_RESULT: Final = Answer("It was done.", shape("Result"), _FINE)

_PROFILE: Final[Mapping[str, Schema]] = {
    "name": maybe(TEXT),
    "surname": maybe(TEXT),
    "displayName": maybe(TEXT),
    "email": maybe(TEXT),
    "isActive": maybe(FLAG),
    "bypassBasicAuthRestriction": maybe(FLAG),
    "invitationAccepted": maybe(FLAG),
}
_GUID: Final[Schema] = {"type": "string", "format": "uuid"}
_GROUPS: Final[Schema] = maybe({**many(_GUID), "maxItems": MOST})

SHAPES: Final[Mapping[str, Schema]] = {
    "Result": members(
        {"succeeded": FLAG, "errors": many(members({"code": TEXT, "description": TEXT}, "code", "description"))},
        "succeeded",
        "errors",
    ),
    "Problem": members(
        {
            "errors": {"type": "object", "additionalProperties": many(TEXT)},
            "type": TEXT,
            "title": TEXT,
            "status": WHOLE,
            "traceId": TEXT,
        },
        "errors",
        "title",
        "status",
    ),
    "Sentence": members({"errorMessage": TEXT}, "errorMessage"),
    "OAuthError": members({"error": TEXT, "error_description": TEXT}, "error"),
    "User": members(
        {
            "id": TEXT,
            "userName": TEXT,
            "emailConfirmed": FLAG,
            "creationTime": TIME,
            "lastModificationTime": TIME,
            "lastLoginTime": maybe(TIME),
            "groupIDs": many(TEXT),
            "legacyId": WHOLE,
            "type": WHOLE,
            "category": WHOLE,
            **_PROFILE,
        },
        "id",
        "userName",
        "isActive",
    ),
    "NewUser": members(
        {
            "userName": NAME,
            "id": maybe(_GUID),
            "password": maybe(SECRET),
            "type": one_of(0, None),
            "groupIDs": _GROUPS,
            **_PROFILE,
        },
        "userName",
    ),
    "ManyNewUsers": members(
        {
            "users": {**many(shape("NewUser")), "minItems": 1, "maxItems": MOST},
            "partitionGlobalId": maybe(TEXT),
            "groupIDs": _GROUPS,
        },
        "users",
    ),
    "ChangedUser": members(
        {"password": maybe(SECRET), "groupIDsToAdd": _GROUPS, "groupIDsToRemove": _GROUPS, **_PROFILE}
    ),
    "ChangedPassword": members({"oldPassword": SECRET, "newPassword": SECRET}, "oldPassword", "newPassword"),
    "Ids": members(
        {"userIds": {**many(TEXT), "minItems": 1, "maxItems": MOST}, "partitionGlobalId": maybe(TEXT)}, "userIds"
    ),
    "Made": members({"result": shape("Result"), "users": many(shape("User"))}, "result", "users"),
    "Users": members({"totalCount": COUNT, "results": many(shape("User"))}, "totalCount", "results"),
    "Member": members(
        {
            "objectType": one_of("DirectoryUser", "DirectoryGroup"),
            "source": TEXT,
            "identifier": TEXT,
            "name": TEXT,
            "displayName": TEXT,
            "email": maybe(TEXT),
            **dict.fromkeys(("firstName", "lastName", "jobTitle", "companyName", "city", "department"), maybe(TEXT)),
        },
        "objectType",
        "identifier",
        "name",
    ),
    "Group": members(
        {
            "id": TEXT,
            "name": TEXT,
            "displayName": TEXT,
            "type": WHOLE,
            "creationTime": TIME,
            "lastModificationTime": TIME,
            "members": many(shape("Member")),
        },
        "id",
        "name",
        "members",
    ),
    "NewGroup": members(
        {
            "name": NAME,
            "id": maybe(TEXT),
            "directoryUserMemberIDs": _GROUPS,
            "partitionGlobalId": maybe(TEXT),
        },
        "name",
    ),
    "ChangedGroup": members(
        {
            "name": NAME,
            "directoryUserIDsToAdd": _GROUPS,
            "directoryUserIDsToRemove": _GROUPS,
            "partitionGlobalId": maybe(TEXT),
        },
        "name",
    ),
    "GroupIds": members({"groupIDs": {**many(_GUID), "minItems": 1, "maxItems": MOST}}, "groupIDs"),
    "Members": members(
        {"totalCount": COUNT, "results": many(members({"id": TEXT, "type": WHOLE}, "id", "type"))},
        "totalCount",
        "results",
    ),
    "Partitions": many(members({"partitionGlobalId": TEXT, "name": TEXT}, "partitionGlobalId")),
    "TokenRequest": members(
        {"grant_type": one_of("client_credentials"), "client_id": TEXT, "client_secret": SECRET, "scope": TEXT},
        "grant_type",
    ),
    "Token": members(
        {"access_token": SECRET, "expires_in": WHOLE, "token_type": one_of("Bearer"), "scope": TEXT}, "access_token"
    ),
}

_TOKEN: Final = Call(
    "POST",
    "/connect/token",
    "Get an access token for a client",
    {
        200: Answer(
            "The token.",
            shape("Token"),
            {"access_token": "eyJhbGciOi...", "expires_in": 3600, "token_type": "Bearer", "scope": READ},
        )
    },
    body=Body(
        shape("TokenRequest"),
        {"grant_type": "client_credentials", "client_id": _ID, "client_secret": "Zk3vQx...", "scope": READ},
        kinds=("application/x-www-form-urlencoded",),
    ),
    anybody=True,
    also={
        401: "The client came with HTTP Basic and is not known.",
        404: "The organization in the address is not the client's.",
    },
    error=either(shape("OAuthError"), shape("Sentence"), shape("Result"), shape("Problem")),
)

_USERS: Final = (
    Call("POST", "/api/User", "Create a user",
         {200: Answer("The user.", shape("Result"), {**_FINE, "user": _USER})}, needs=("user.create",), scope=WRITE,
         parameters=(_OPERATION,), body=Body(shape("NewUser"), _NEW), refuses=frozenset({Reason.NO_SUCH_USER}),
         invented=True),
    Call("POST", "/api/User/BulkCreate", "Create users, all or none",
         {200: Answer("The users.", shape("Made"), {"result": _FINE, "users": [_USER]})}, needs=("user.create",),
         scope=WRITE, parameters=(_OPERATION,), body=Body(shape("ManyNewUsers"), {"users": [_NEW]}),
         refuses=frozenset({Reason.NO_SUCH_USER}), error=either(shape("Made"), shape("Error"))),
    Call("POST", "/api/User/InviteUsers", "Create users and mail each what the first sign-in needs, all or none",
         {200: Answer("The users.", shape("Made"), {"result": _FINE, "users": [_USER]})}, needs=("user.create",),
         scope=WRITE, parameters=(_OPERATION,), body=Body(shape("ManyNewUsers"), {"users": [_NEW]}),
         refuses=frozenset({Reason.NO_SUCH_USER}), error=either(shape("Made"), shape("Error")), invented=True),
    *(
        Call("GET", path, "List the users of an organization",
             {200: Answer("Users.", shape("Users"), {"totalCount": 1, "results": [_USER]})}, needs=("user.list",),
             scope=READ, parameters=_PAGE)
        for path in ("/api/User/users/{partition}", "/api/UserPartition/users/{partition}")
    ),
    Call("GET", "/api/UserPartition/licenses", "List the users, as the portal does",
         {200: Answer("Users.", shape("Users"), {"totalCount": 1, "results": [_USER]})}, needs=("user.list",),
         scope=READ, parameters=(*_PAGE, Parameter("partitionGlobalId", "The caller's own organization.")),
         also={404: "The organization is not the caller's."}),
    Call("GET", "/api/UserPartition/partitions/{id}", "Tell the organization of a user",
         {200: Answer("One organization.", shape("Partitions"), [{"partitionGlobalId": _ID, "name": "default"}])},
         needs=("user.read",), scope=READ),
    Call("GET", "/api/User/{id}", "Read a user", {200: Answer("The user.", shape("User"), _USER)},
         needs=("user.read",), scope=READ),
    Call("PUT", "/api/User/{id}", "Change a user, reset the password, activate or disable", {200: _RESULT},
         needs=("password.reset", "user.update", "user.status"), scope=WRITE, parameters=(_OPERATION,),
         body=Body(shape("ChangedUser"), {"isActive": False})),
    Call("POST", "/api/User/{id}/changepassword", "Change a password with the old one", {200: _RESULT},
         needs=("password.change",), scope=WRITE, parameters=(_OPERATION,),
         body=Body(shape("ChangedPassword"), {"oldPassword": "the present one", "newPassword": "a longer new one"})),
    Call("DELETE", "/api/User/{id}", "Delete a user; the name stays reserved", {200: _RESULT},
         needs=("user.delete",), scope=WRITE, parameters=(_OPERATION,)),
    Call("DELETE", "/api/User", "Delete users, each by itself", {200: _RESULT}, needs=("user.delete",), scope=WRITE,
         body=Body(shape("Ids"), {"userIds": [_ID]}), refuses=frozenset({Reason.NO_SUCH_USER})),
)  # fmt: skip

_GROUP: Final[Mapping[str, object]] = {
    "id": _ID,
    "name": "Ticket Admins",
    "displayName": "Ticket Admins",
    "type": 1,
    "members": [],
}
_ONE: Final = Answer("The group.", shape("Group"), _GROUP)
_GONE: Final = Answer("It is deleted.")
_NO_GROUP: Final = frozenset({Reason.NO_SUCH_GROUP})
_ODD_GROUP: Final = frozenset({Reason.EXISTS, Reason.INVALID, Reason.LAST_ADMINISTRATOR})

_GROUP_CALLS: Final = (
    Call("POST", "/api/Group", "Create a group", {200: _ONE}, needs=("group.create",), scope=WRITE_GROUPS,
         body=Body(shape("NewGroup"), {"name": "Ticket Admins", "directoryUserMemberIDs": [_ID]}),
         refuses=_ODD_GROUP | {Reason.NO_SUCH_USER}),
    Call("GET", "/api/Group/{id}", "List the groups of an organization",
         {200: Answer("The groups.", many(shape("Group")), [_GROUP])}, needs=("group.list",), scope=READ_GROUPS),
    Call("PUT", "/api/Group/{id}", "Rename a group, add and remove members", {200: _ONE}, needs=("group.update",),
         scope=WRITE_GROUPS, refuses=_NO_GROUP | _ODD_GROUP,
         body=Body(shape("ChangedGroup"), {"name": "Ticket Admins", "directoryUserIDsToAdd": [_ID]})),
    Call("DELETE", "/api/Group/{id}", "Delete groups of an organization, each by itself", {204: _GONE},
         needs=("group.delete",), scope=WRITE_GROUPS, body=Body(shape("GroupIds"), {"groupIDs": [_ID]}),
         refuses=_NO_GROUP | {Reason.LAST_ADMINISTRATOR}),
    Call("GET", "/api/Group/{partition}/{group}", "Read a group with its members", {200: _ONE}, needs=("group.read",),
         scope=READ_GROUPS, refuses=_NO_GROUP),
    Call("DELETE", "/api/Group/{partition}/{group}", "Delete a group", {204: _GONE}, needs=("group.delete",),
         scope=WRITE_GROUPS, refuses=_NO_GROUP | {Reason.LAST_ADMINISTRATOR}),
    Call("GET", "/api/Group/{partition}/{group}/Members", "List the members of a group",
         {200: Answer("Members.", shape("Members"), {"totalCount": 1, "results": [{"id": _ID, "type": 0}]})},
         needs=("group.read",), scope=READ_GROUPS, parameters=_PAGE[:2], refuses=_NO_GROUP),
)  # fmt: skip

NOT_SERVED: Final = (
    NotServed("GET", "/api/User/{id}/loginAttempts", "switched off at the vendor's, too; the audit has them"),
    NotServed("*", "/api/Setting", "how the portal looks to somebody: nothing of it would be kept"),
    NotServed("*", "/api/RobotAccount", "accounts of robots"),
    NotServed("POST", "/api/account/authenticate", "the sign-in of old Orchestrators"),
    NotServed("*", "/odata/Users", "users as old Orchestrators keep them"),
)

API: Final = Api(
    name="uipath",
    title="UiPath Identity",
    text="Users, their passwords and groups, and the token endpoint for clients.",
    calls=(_TOKEN, *_USERS, *_GROUP_CALLS),
    faults=FAULTS,
    error=shape("Error"),
    ways={
        "client": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/identity_/connect/token",
                    "scopes": {
                        "PM.User": "Read and write users.",
                        READ: "Read users.",
                        WRITE: "Write users.",
                        "PM.Group": "Read and write groups.",
                        READ_GROUPS: "Read groups.",
                        WRITE_GROUPS: "Write groups.",
                    },
                }
            },
        }
    },
    usual=("client",),
    shapes={**SHAPES, "Error": either(shape("Result"), shape("Problem"), shape("Sentence"))},
    not_served=NOT_SERVED,
    places=("/identity_", "/identity", "/{organization}/identity_", "/{organization}/{tenant}/identity_"),
    bare=frozenset({401}),
)
