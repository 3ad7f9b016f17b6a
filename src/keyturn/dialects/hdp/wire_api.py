"""Every call of the door of Hybrid Data Pipeline as its clients see it, and the documented ones that are not served."""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.hdp.wire import FAULTS, LONGEST, OPERATION_HEADER
from keyturn.http.described import (
    FLAG,
    NAME,
    SECRET,
    TEXT,
    WHOLE,
    Answer,
    Api,
    Body,
    Call,
    NotServed,
    Parameter,
    Schema,
    many,
    maybe,
    members,
    one_of,
    shape,
)

_OPERATION: Final = Parameter(
    OPERATION_HEADER, "A repeat within 24 hours gets the first answer again.", {**NAME, "maxLength": 255}, "header"
)
_DETAILS: Final = Parameter("details", "Also the name of the tenant.", FLAG)
_TENANT: Final = Parameter("tenantID", "The number of a tenant; without it one's own.", WHOLE)

_USER: Final[Mapping[str, object]] = {
    "id": 7,
    "userName": "amal",
    "tenantId": 1,
    "statusInfo": {"status": 1, "accountLocked": False},
    "passwordInfo": {"passwordStatus": 1, "passwordExpiration": None},
    "permissions": {"roles": [2], "permissions": []},
    "authenticationInfo": {"authUsers": [{"authUserName": "amal", "authServiceId": 1}]},
}
_NEW: Final[Mapping[str, object]] = {
    "userName": "amal",
    "statusInfo": {"status": 1},
    "passwordInfo": {"password": "A-longer-1"},
    "permissions": {"roles": [2]},
}
_NUMBERS: Final = maybe(many(WHOLE))
_NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 128}

SHAPES: Final[Mapping[str, Schema]] = {
    "Error": members(
        {"error": members({"code": WHOLE, "message": members({"lang": TEXT, "value": TEXT}, "lang", "value")},
                          "code", "message")},
        "error",
    ),
    "Status": members({"status": one_of(0, 1), "accountLocked": maybe(FLAG)}, "status"),
    "PasswordInfo": members({"passwordStatus": maybe(WHOLE), "passwordExpiration": maybe(TEXT)}),
    "Permissions": members({"roles": _NUMBERS, "permissions": _NUMBERS}),
    "AuthenticationInfo": members(
        {"authUsers": many(members({"authUserName": _NAME, "authServiceId": {**WHOLE, "minimum": 1}}, "authUserName"))},
        "authUsers",
    ),
    "User": members(
        {
            "id": WHOLE,
            "userName": TEXT,
            "tenantId": WHOLE,
            "tenantName": TEXT,
            "statusInfo": shape("Status"),
            "passwordInfo": maybe(shape("PasswordInfo")),
            "permissions": shape("Permissions"),
            "authenticationInfo": maybe(shape("AuthenticationInfo")),
        },
        "id",
        "userName",
        "statusInfo",
    ),
    "Users": members({"users": many(shape("User"))}, "users"),
    "NewUser": members(
        {
            "userName": _NAME,
            "tenantId": maybe(WHOLE),
            "statusInfo": shape("Status"),
            "passwordInfo": maybe(members({"password": maybe(SECRET)})),
            "permissions": maybe(shape("Permissions")),
            "authenticationInfo": shape("AuthenticationInfo"),
        },
        "userName",
        "statusInfo",
    ),
    "ChangedUser": members(
        {
            "id": WHOLE,
            "userName": maybe(_NAME),
            "tenantId": maybe(WHOLE),
            "statusInfo": shape("Status"),
            "passwordInfo": maybe(shape("PasswordInfo")),
            "permissions": shape("Permissions"),
            "authenticationInfo": shape("AuthenticationInfo"),
        },
        "statusInfo",
    ),
    "Reset": members({"newPassword": {**SECRET, "maxLength": LONGEST}}, "newPassword"),
    "ChangedPassword": members({"currentPassword": SECRET, "newPassword": SECRET}, "currentPassword", "newPassword"),
    "Permission": members({"id": WHOLE, "name": TEXT, "description": TEXT}, "id", "name"),
    "Role": members({"id": WHOLE, "name": TEXT, "tenantId": WHOLE, "description": TEXT}, "id", "name"),
    "Policy": members(
        {
            "id": WHOLE,
            "name": TEXT,
            "description": TEXT,
            "expirationDays": WHOLE,
            "rules": many(members({"title": TEXT, "ruleId": TEXT, "ruleName": TEXT, "minLength": WHOLE,
                                   "maxLength": WHOLE, "minChars": WHOLE})),
        },
        "id",
        "rules",
    ),
    "Oneself": members({"userId": WHOLE, "passwordExpiration": maybe(TEXT), "permissions": {}}, "userId"),
}  # fmt: skip

_FINE_PASSWORD: Final[Mapping[str, object]] = {"passwordStatus": 1, "passwordExpiration": None}
_SHOWN: Final = Answer("The user.", shape("User"), _USER)
_STATUS: Final = Answer("The status.", shape("Status"), {"status": 1, "accountLocked": False})
_PASSWORD: Final = Answer("How the password stands.", shape("PasswordInfo"), _FINE_PASSWORD)
_PERMISSIONS: Final = Answer("Roles and permissions.", shape("Permissions"), {"roles": [2], "permissions": []})
_NOTHING: Final = Answer("Done; there is no body.")
_ONE: Final = "/api/admin/users/{id}"

_USERS: Final = (
    Call("GET", "/api/admin/users", "List all users", {200: Answer("Users.", shape("Users"), {"users": [_USER]})},
         needs=("user.list",), parameters=(_DETAILS,)),
    Call("POST", "/api/admin/users", "Create a user",
         {200: Answer("The user.", shape("User"), _USER, headers={"location": "Where the user is."})},
         needs=("user.create",), parameters=(_OPERATION,), body=Body(shape("NewUser"), _NEW)),
    Call("GET", _ONE, "Read a user", {200: _SHOWN}, needs=("user.read",)),
    Call("PUT", _ONE, "Change a user", {200: _SHOWN}, needs=("user.update",), parameters=(_OPERATION,),
         body=Body(shape("ChangedUser"), {"userName": "amal", "statusInfo": {"status": 1}})),
    Call("DELETE", _ONE, "Delete a user; the name stays reserved", {204: _NOTHING}, needs=("user.delete",),
         parameters=(_OPERATION,)),
    Call("PUT", _ONE + "/resetpassword", "Reset a password", {204: _NOTHING}, needs=("password.reset",),
         parameters=(_OPERATION,), body=Body(shape("Reset"), {"newPassword": "A-longer-1"})),
    Call("GET", _ONE + "/statusinfo", "Read the status of a user", {200: _STATUS}, needs=("user.read",)),
    Call("PUT", _ONE + "/statusinfo", "Activate, disable, lock or unlock a user", {200: _STATUS},
         needs=("user.status",), parameters=(_OPERATION,),
         body=Body(shape("Status"), {"status": 1, "accountLocked": False})),
    Call("GET", _ONE + "/passwordinfo", "Read how a password stands", {200: _PASSWORD}, needs=("user.read",)),
    Call("PUT", _ONE + "/passwordinfo", "Say how a password stands, which must be so already", {200: _PASSWORD},
         needs=("user.read",), parameters=(_OPERATION,), body=Body(shape("PasswordInfo"), _FINE_PASSWORD),
         also={501: "The status of a password changes with the password alone."}),
    Call("GET", _ONE + "/permissions", "Read the roles and permissions of a user", {200: _PERMISSIONS},
         needs=("user.read",)),
    Call("PUT", _ONE + "/permissions", "Replace the roles and permissions of a user", {200: _PERMISSIONS},
         needs=("user.update",), parameters=(_OPERATION,), body=Body(shape("Permissions"), {"roles": [2]})),
)  # fmt: skip

_SYSTEM: Final = (
    Call("PUT", "/api/admin/userdetails/changePassword", "Change one's own password", {200: _PASSWORD},
         needs=("password.change",), parameters=(_OPERATION,),
         body=Body(shape("ChangedPassword"), {"currentPassword": "the present one", "newPassword": "A-longer-1"})),
    Call("GET", "/api/admin/permissions", "List the permissions that there are",
         {200: Answer("Permissions.", members({"permissions": many(shape("Permission"))}, "permissions"),
                      {"permissions": [{"id": 12, "name": "Administrator"}]})}),
    Call("GET", "/api/admin/permissions/{id}", "Read a permission",
         {200: Answer("The permission.", shape("Permission"), {"id": 12, "name": "Administrator"})}),
    Call("GET", "/api/admin/roles", "List the roles of a tenant",
         {200: Answer("Roles.", members({"roles": many(shape("Role"))}, "roles"),
                      {"roles": [{"id": 2, "name": "User"}]})}, parameters=(_TENANT,)),
    Call("GET", "/api/mgmt/user", "Who is signed in",
         {200: Answer("Number and permissions.", shape("Oneself"), {"userId": 7, "permissions": [1, 2]})}),
    Call("GET", "/api/mgmt/permissions", "What the one who is signed in may do",
         {200: Answer("Permissions.", shape("Oneself"), {"userId": 7, "permissions": [1, 2]})}),
    Call("GET", "/api/public/passwordpolicy", "The password policy, for anybody",
         {200: Answer("The policy.", shape("Policy"), {"id": 2, "rules": []})}, anybody=True),
)  # fmt: skip

NOT_SERVED: Final = (
    NotServed("*", _ONE + "/authinfo", "names at other services sign in nobody here; the whole user shows them"),
    NotServed("*", "/api/admin/passwordpolicy/{id}", "the policy of a tenant is set where the directory is kept"),
    NotServed("POST", "/api/mgmt/passwordpolicy/validate", "judging a password without setting it"),
    NotServed("*", "/api/admin/tenants", "tenants are made where the directory is kept"),
    NotServed("POST", "/api/admin/roles", "roles of one's own"),
    NotServed("*", "/api/admin/limits", "limits on queries"),
    NotServed("*", "/api/admin/configurations", "settings of the data pipeline"),
    NotServed("*", "/api/admin/auth/services", "services that sign people in"),
    NotServed("*", "/api/mgmt/datasources", "data sources"),
)

API: Final = Api(
    name="hdp",
    title="Progress DataDirect Hybrid Data Pipeline, users",
    text="Users, passwords, permissions, and the password policy.",
    calls=(*_USERS, *_SYSTEM),
    faults=FAULTS,
    error=shape("Error"),
    ways={"basic": {"type": "http", "scheme": "basic"}},
    usual=("basic",),
    shapes=SHAPES,
    not_served=NOT_SERVED,
)
