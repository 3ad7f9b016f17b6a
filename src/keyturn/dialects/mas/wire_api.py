"""Every call of the MAS door as its clients see it, and the documented ones that are not served."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.outcomes import Reason
from keyturn.dialects.mas import wire_api_people
from keyturn.dialects.mas.wire import FAULTS, OPERATION_HEADER, TOKEN_HEADER, TOTAL_HEADER
from keyturn.dialects.mas.wire_admin import GROUPS
from keyturn.dialects.mas.wire_shapes import SHAPES
from keyturn.http.described import (
    COUNT,
    NAME,
    OPERATION,
    SWITCH,
    Answer,
    Api,
    Body,
    Call,
    NotServed,
    Parameter,
    Schema,
    many,
    members,
    one_of,
    shape,
)

_OPERATION: Final = Parameter(
    OPERATION_HEADER, "A repeat within 24 hours gets the first answer again.", OPERATION, "header"
)
_MAIL: Final = Parameter("emailPassword", "Mail the password to the user.", SWITCH)
_VALIDATE: Final = Parameter("validate", "Only say whether the user could be created.", SWITCH)
_OVERRIDE: Final = Parameter("x-method-override", "PATCH and nothing else.", {"const": "PATCH"}, "header", needed=True)
_GROUP: Final = Parameter(
    "group", "The number of a group, as the list has it.", one_of(*map(str, GROUPS.values())), "path", needed=True
)


def _where(field: str, *, needed: bool = False) -> Parameter:
    pattern = rf'{field}="([^"\\\x00]|\\[^\x00])*"'
    schema = {"type": "string", "pattern": f"^{pattern}$" if needed else f"^({pattern})?$"}
    return Parameter("oslc.where", f'Only `{field}="..."` is understood.', schema, needed=needed)


_USER: Final[Mapping[str, object]] = {
    "id": "amal",
    "username": "amal",
    "displayName": "Amal Haddad",
    "emails": [{"value": "amal@example.com", "type": "work", "primary": True}],
    "status": {"active": True},
    "permissions": {"systemAdmin": False, "userAdmin": False, "apikeyAdmin": False},
}
_KEY: Final[Mapping[str, object]] = {
    "id": "automation",
    "description": "Nightly load",
    "status": {"active": True},
    "permissions": {"systemAdmin": False, "userAdmin": True, "apikeyAdmin": False},
}
_PLACE: Final[Mapping[str, object]] = {"userId": "amal", "workspaceId": "main"}
_BASIC: Final = ("basic",)
_MANAGE: Final = shape("ManageError")
_MANAGE_WAYS: Final = ("apikey", "token", "bearer", "basic")
_TOKEN_WAYS: Final = ("token", "bearer")

_USER_ANSWER: Final = Answer("The user.", shape("User"), _USER)
_TOKEN_ANSWER: Final = Answer("A token for the other calls.", shape("Token"), {"token": "eyJhbGciOi..."})
_KEY_ANSWER: Final = Answer("The key, without its token.", shape("Key"), _KEY)
_MADE_KEY: Final = Answer("The key with its token, for this once.", shape("Key"), {**_KEY, "token": "Zk3vQx..."})
_NOTHING: Final = Answer("Done; there is no body.")

_ENTRANCE: Final = (
    *(
        Call(
            "GET",
            path,
            "Sign in with an API key",
            {200: _TOKEN_ANSWER},
            ways=_BASIC,
            refuses=frozenset({Reason.TOO_MANY}),
        )
        for path in ("/v1/authenticate", "/v1/authentication")
    ),
    Call(
        "POST",
        "/logininitial",
        "Sign in with name and password",
        {200: _TOKEN_ANSWER},
        body=Body(shape("SignIn"), {"username": "amal", "password": "a phrase of several words"}),
        anybody=True,
        refuses=frozenset({Reason.NOT_SIGNED_IN, Reason.TOO_MANY}),
    ),
)

_USERS: Final = (
    Call(
        "POST",
        "/v3/users",
        "Create a user",
        {201: _USER_ANSWER, 200: Answer("It could be created.", shape("User"), _USER)},
        needs=("user.create",),
        parameters=(_MAIL, _VALIDATE, _OPERATION),
        body=Body(shape("NewUser"), _USER),
    ),
    Call(
        "GET",
        "/v3/users",
        "List users",
        {200: Answer("Users.", many(shape("User")), [_USER], headers={TOTAL_HEADER: "How many there are."})},
        needs=("user.list",),
        parameters=(
            Parameter("limit", "How many at most, up to 1,000; 0 is 100. Also `_limit` and `size`.", COUNT),
            Parameter("offset", "How many to leave out.", COUNT),
            Parameter("page", "In place of `offset`: how many pages to leave out.", COUNT),
            Parameter("search", "Part of a name or address."),
        ),
        invented=True,
    ),
    Call("GET", "/v3/users/{id}", "Read a user", {200: _USER_ANSWER}, needs=("user.read",)),
    *(
        Call(
            method,
            "/v3/users/{id}",
            summary,
            {200: _USER_ANSWER},
            needs=("user.update", "user.status"),
            parameters=(_OPERATION,),
            body=Body(shape("ChangedUser"), {"status": {"active": False}}),
        )
        for method, summary in (("PUT", "Replace a user"), ("PATCH", "Change a user, or activate or disable one"))
    ),
    Call("DELETE", "/v3/users/{id}", "Delete a user; the id stays reserved", {204: _NOTHING}, needs=("user.delete",),
         parameters=(_OPERATION,)),
    Call(
        "POST",
        "/v3/users/{id}/password",
        "Reset a password, to a given one or to a generated one",
        {200: Answer("Done.", shape("WasReset"), {"id": "amal", "emailed": True})},
        needs=("password.reset",),
        parameters=(_MAIL, _OPERATION),
        body=Body(shape("Reset"), {"token": "a phrase of several words"}),
    ),
    Call(
        "PUT",
        "/v3/users/{id}/idps/local",
        "Give a user a local identity with a generated password",
        {200: Answer("Done.", shape("WasReset"), {"id": "amal", "emailed": True})},
        needs=("password.reset",),
        parameters=(_MAIL, _OPERATION),
        body=Body(members({"idpUserId": {"type": ["string", "null"]}}), {"idpUserId": "amal"}),
    ),
    Call(
        "GET",
        "/v3/users/{id}/workspaces",
        "The workspaces of a user",
        {200: Answer("Workspaces.", many(members({"id": NAME}, "id")), [{"id": "main"}])},
        needs=("user.read",),
    ),
    Call(
        "PUT",
        "/v3/users/utils/resync",
        "Synchronise users again; nothing ever waits here",
        {204: _NOTHING},
        body=Body(members({"users": many({"type": "string"})}, "users"), {"users": ["amal"]}),
    ),
)  # fmt: skip

_KEYS: Final = (
    Call("GET", "/v1/apikeys", "List API keys", {200: Answer("Keys.", many(shape("Key")), [_KEY])},
         needs=("key.list",), invented=True),
    Call("POST", "/v1/apikeys", "Make an API key", {201: _MADE_KEY}, needs=("key.create",),
         body=Body(shape("SentKey"), {"description": "Nightly load", "permissions": {"userAdmin": True}})),
    Call("GET", "/v1/apikeys/{id}", "Read an API key", {200: _KEY_ANSWER}, needs=("key.list",), invented=True),
    Call("PUT", "/v1/apikeys/{id}", "Change an API key", {200: _KEY_ANSWER}, needs=("key.list", "key.update"),
         body=Body(shape("SentKey"), {"status": {"active": False}}), invented=True),
    Call("DELETE", "/v1/apikeys/{id}", "Revoke an API key", {204: _NOTHING}, needs=("key.revoke",), invented=True),
    Call("POST", "/v1/apikeys/{id}/refresh", "Give an API key a new token", {200: _MADE_KEY}, needs=("key.update",),
         invented=True),
)  # fmt: skip

_IN_APPLICATION: Final = "/workspaces/{workspace}/applications/{application}"
_ROLE: Final = Answer("The role.", shape("Role"), {**_PLACE, "role": "PREMIUM"})

_PLACES: Final = (
    Call("GET", "/workspaces", "List workspaces",
         {200: Answer("Workspaces.", many(shape("Workspace")), [{"id": "main"}])}, needs=("workspace.read",)),
    Call("PUT", "/workspaces/{workspace}/users/{id}", "Make a user a member of a workspace",
         {200: Answer("The membership.", shape("Membership"), {**_PLACE, "permissions": {"workspaceAdmin": False}})},
         needs=("grant.write",), body=Body(shape("SentMembership"), {"permissions": {"workspaceAdmin": False}})),
    Call("GET", "/workspaces/{workspace}/applications", "List the applications of a workspace",
         {200: Answer("Applications.", many(shape("Application")),
                      [{"id": "manage", "ready": True, "available": True}])}, needs=("workspace.read",)),
    Call("GET", _IN_APPLICATION, "Read an application",
         {200: Answer("The application.", shape("Application"), {"id": "manage", "ready": True, "available": True})},
         needs=("workspace.read",)),
    Call("GET", _IN_APPLICATION + "/users/{id}", "Read a user's role in an application", {200: _ROLE},
         needs=("user.read",)),
    Call("PUT", _IN_APPLICATION + "/users/{id}", "Give a user a role in an application", {200: _ROLE},
         needs=("grant.write",), body=Body(shape("SentRole"), {"role": "PREMIUM"})),
    Call("GET", "/profile", "Who is signed in",
         {200: Answer("The user and the workspaces.", shape("Profile"), {"user": _USER, "workspaces": []})}),
    Call("GET", "/about", "What answers here", {200: Answer("Names.", shape("About"), {"name": "keyturn"})},
         invented=True),
)  # fmt: skip

_MANAGE_CALLS: Final = (
    Call("GET", "/maximo/api/os/mxapigroup", "The security groups",
         {200: Answer("Groups.", shape("Groups"), {"member": [{"groupname": "MAXADMIN", "maxgroupid": 1}]})},
         parameters=(_where("groupname"),), anybody=True, error=_MANAGE),
    Call("POST", "/maximo/api/os/mxapigroup/{group}", "Put users into a security group", {204: _NOTHING},
         needs=("grant.write",),
         parameters=(_GROUP, _OVERRIDE),
         body=Body(shape("SentMembers"), {"groupuser": [{"userid": "amal"}]}), error=_MANAGE, ways=_MANAGE_WAYS),
    Call("GET", "/maximo/api/os/mxapigroup/{group}/groupuser", "Whether a user is in a security group",
         {200: Answer("The user, or nobody.", shape("Members"), {"member": [{"userid": "amal"}]})},
         needs=("user.read",),
         parameters=(_GROUP, _where("userid", needed=True)), error=_MANAGE, ways=_MANAGE_WAYS),
    Call("GET", "/maximo/api/os/mxapiapikey", "The key that the caller is signed in with",
         {200: Answer("The key.", shape("ManageKeys"), {"member": [{"userid": "amal", "apikey": "eyJhbGciOi..."}]})},
         parameters=(_where("userid"),), error=_MANAGE, ways=_MANAGE_WAYS),
    Call("POST", "/maximo/api/os/mxapiapikey", "Refused: there is one already", {}, body=Body({"type": "object"}, {}),
         error=_MANAGE, ways=_MANAGE_WAYS),
)  # fmt: skip

NOT_SERVED: Final = (
    NotServed("*", "/scim/v2/Profiles", "profiles of identity providers; users alone are administered here"),
    NotServed("*", "/maximo/api/os/mxapiperuser", "the way of older Manages, which keep passwords themselves"),
)

_WAYS: Final[Mapping[str, Schema]] = {
    "token": {"type": "apiKey", "in": "header", "name": TOKEN_HEADER},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "apikey": {"type": "apiKey", "in": "header", "name": "apikey"},
}

API: Final = Api(
    name="mas",
    title="IBM Maximo Application Suite, Admin API 9.0",
    text="Users, passwords, API keys, workspaces, and the few calls to Manage that IBM's client makes.",
    calls=(*_ENTRANCE, *_USERS, *_KEYS, *_PLACES, *_MANAGE_CALLS, *wire_api_people.CALLS),
    faults=FAULTS,
    error=shape("Error"),
    ways=_WAYS,
    usual=_TOKEN_WAYS,
    shapes={**SHAPES, **wire_api_people.SHAPES},
    not_served=NOT_SERVED,
)
