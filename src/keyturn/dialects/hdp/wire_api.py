"""Every call of the door of Hybrid Data Pipeline as its clients see it, and the documented ones that are not served."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.outcomes import Reason
from keyturn.dialects.hdp.wire import FAULTS, LONGEST, OPERATION_HEADER
from keyturn.dialects.hdp.wire_user import LARGEST
from keyturn.http.described import (
    FLAG,
    NAME,
    OPERATION,
    SECRET,
    SWITCH,
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
    OPERATION_HEADER, "A repeat within 24 hours gets the first answer again.", OPERATION, "header"
)
_DETAILS: Final = Parameter("details", "Also the name of the tenant.", SWITCH)
_MORE: Final = Parameter("details", "Also the name of the tenant, and the tenants that the user administers.", SWITCH)
_OF_TENANT: Final = Parameter("details", "Also the roles, and to who may know it the administrators.", SWITCH)
_TENANT: Final = (
    Parameter("tenantID", "The number of a tenant; without it all that one reaches."),
    Parameter("tenantName", "The name of a tenant."),
)

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
        {"authUsers": many(members({"authUserName": _NAME,
                                    "authServiceId": {**WHOLE, "minimum": 1, "maximum": LARGEST}}, "authUserName"))},
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
            "tenantsAdministered": many(WHOLE),
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
    "Role": members({"id": WHOLE, "name": TEXT, "tenantId": WHOLE, "description": TEXT, "permissions": many(WHOLE),
                     "users": many(WHOLE)}, "id", "name"),
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
    "Verdict": members(
        {"passwordValidationResponse": members(
            {"passed": FLAG, "rules": many(members({"ruleId": TEXT, "title": TEXT, "passed": FLAG}))}, "passed", "rules"
        )},
        "passwordValidationResponse",
    ),
    "Tenants": members({"tenants": many(members({"id": WHOLE, "name": TEXT}, "id", "name"))}, "tenants"),
    "Tenant": members(
        {"id": WHOLE, "name": TEXT, "description": TEXT, "parentTenant": maybe(WHOLE), "status": WHOLE,
         "roles": many(WHOLE), "admins": many(WHOLE)},
        "id",
        "name",
    ),
    "SentTenant": members(
        {"name": NAME, "description": maybe(TEXT), "parentTenant": maybe(one_of(1)), "status": maybe(one_of(0, 1)),
         "importedRoles": _NUMBERS, "admins": _NUMBERS},
        "name",
    ),
    "Admins": members({"admins": many(WHOLE)}, "admins"),
    "Administered": members({"tenantsAdministered": many(WHOLE)}, "tenantsAdministered"),
    "Oneself": members({"userId": WHOLE, "passwordExpiration": maybe(TEXT), "permissions": {}}, "userId"),
}  # fmt: skip

_FINE_PASSWORD: Final[Mapping[str, object]] = {"passwordStatus": 1, "passwordExpiration": None}
_SHOWN: Final = Answer("The user.", shape("User"), _USER)
_STATUS: Final = Answer("The status.", shape("Status"), {"status": 1, "accountLocked": False})
_PASSWORD: Final = Answer("How the password stands.", shape("PasswordInfo"), _FINE_PASSWORD)
_PERMISSIONS: Final = Answer("Roles and permissions.", shape("Permissions"), {"roles": [2], "permissions": []})
_SIGN_INS: Final = Answer("The names.", shape("AuthenticationInfo"), _USER["authenticationInfo"])
_GIVEN: Final = Answer("Their numbers.", shape("Administered"), {"tenantsAdministered": [1, 71]})
_ADMINS: Final = Answer("Their numbers.", shape("Admins"), {"admins": [7]})
_TENANT_EXAMPLE: Final[Mapping[str, object]] = {
    "id": 71, "name": "OrgA", "description": "Organization A", "parentTenant": 1, "status": 1,
}  # fmt: skip
_TENANT_ANSWER: Final = Answer("The tenant.", shape("Tenant"), _TENANT_EXAMPLE)
_SENT_TENANT: Final = Body(shape("SentTenant"), {"name": "OrgA", "description": "Organization A", "parentTenant": 1})
_POLICY: Final[Mapping[str, object]] = {
    "id": 2, "name": "nist", "expirationDays": 0,
    "rules": [{"ruleName": "PASSWORD_LENGTH_RULE", "minLength": 15, "maxLength": 32}],
}  # fmt: skip
_POLICY_ANSWER: Final = Answer("The policy.", shape("Policy"), _POLICY)
_VERDICT: Final = Answer("What each rule says.", shape("Verdict"), {
    "passwordValidationResponse": {"passed": True, "rules": [{"ruleId": "pwdLengthRule", "passed": True}]}
})  # fmt: skip
_NOTHING: Final = Answer("Done; there is no body.")
_ONE: Final = "/api/admin/users/{id}"

_USERS: Final = (
    Call("GET", "/api/admin/users", "List all users", {200: Answer("Users.", shape("Users"), {"users": [_USER]})},
         needs=("user.list",), parameters=(_DETAILS, *_TENANT)),
    Call("POST", "/api/admin/users", "Create a user",
         {200: Answer("The user.", shape("User"), _USER, headers={"location": "Where the user is."})},
         needs=("user.create",), parameters=(_OPERATION,), body=Body(shape("NewUser"), _NEW),
         refuses=frozenset({Reason.NO_SUCH_TENANT})),
    Call("GET", _ONE, "Read a user", {200: _SHOWN}, needs=("user.read",), parameters=(_MORE,)),
    Call("PUT", _ONE, "Change a user", {200: _SHOWN}, needs=("user.read", "user.update"), parameters=(_OPERATION,),
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
         needs=("user.read", "user.update"), parameters=(_OPERATION,),
         body=Body(shape("Permissions"), {"roles": [2]})),
    Call("GET", _ONE + "/authinfo", "Read which names sign in as this user at which service", {200: _SIGN_INS},
         needs=("user.read",)),
    Call("PUT", _ONE + "/authinfo", "Replace them; they are kept, and sign in nobody here", {200: _SIGN_INS},
         needs=("user.read", "user.update"), parameters=(_OPERATION,),
         body=Body(shape("AuthenticationInfo"), _USER["authenticationInfo"])),
    Call("GET", _ONE + "/tenantsadministered", "Read the tenants that a user administers", {200: _GIVEN},
         needs=("user.read",)),
    Call("PUT", _ONE + "/tenantsadministered", "Replace them; the right in one's own tenant is a permission",
         {200: _GIVEN}, needs=("user.read", "tenant.appoint"),
         body=Body(shape("Administered"), {"tenantsAdministered": [1, 71]})),
)  # fmt: skip

_SYSTEM: Final = (
    Call(
        "PUT",
        "/api/admin/userdetails/changePassword",
        "Change one's own password",
        {200: _PASSWORD},
        needs=("password.change",),
        parameters=(_OPERATION,),
        body=Body(shape("ChangedPassword"), {"currentPassword": "the present one", "newPassword": "A-longer-1"}),
    ),
    Call(
        "GET",
        "/api/admin/permissions",
        "List the permissions that there are",
        {
            200: Answer(
                "Permissions.",
                members({"permissions": many(shape("Permission"))}, "permissions"),
                {"permissions": [{"id": 12, "name": "Administrator"}]},
            )
        },
    ),
    Call(
        "GET",
        "/api/admin/permissions/{id}",
        "Read a permission",
        {200: Answer("The permission.", shape("Permission"), {"id": 12, "name": "Administrator"})},
    ),
    Call(
        "GET",
        "/api/admin/roles",
        "List the roles of a tenant",
        {
            200: Answer(
                "Roles.", members({"roles": many(shape("Role"))}, "roles"), {"roles": [{"id": 2, "name": "User"}]}
            )
        },
        parameters=_TENANT,
    ),
    Call(
        "GET",
        "/api/admin/roles/{id}",
        "Read a role with its permissions and the users of one's own tenant who have it",
        {
            200: Answer(
                "The role.",
                shape("Role"),
                {"id": 2, "name": "User", "tenantId": 1, "permissions": [1, 2], "users": [7]},
            )
        },
        needs=("user.list",),
    ),
    Call(
        "GET",
        "/api/mgmt/user",
        "Who is signed in",
        {200: Answer("Number and permissions.", shape("Oneself"), {"userId": 7, "permissions": [1, 2]})},
    ),
    Call(
        "GET",
        "/api/mgmt/permissions",
        "What the one who is signed in may do",
        {200: Answer("Permissions.", shape("Oneself"), {"userId": 7, "permissions": [1, 2]})},
    ),
    Call("GET", "/api/public/passwordpolicy", "The password policy, for anybody", {200: _POLICY_ANSWER}, anybody=True),
    Call(
        "GET",
        "/api/admin/passwordpolicy/{id}",
        "Read the policy in force (2) or the vendor's own (1)",
        {200: _POLICY_ANSWER},
        needs=("policy.read",),
    ),
    Call(
        "PUT",
        "/api/admin/passwordpolicy/{id}",
        "Say the policy, which must be so already",
        {200: _POLICY_ANSWER},
        needs=("policy.write",),
        body=Body(shape("Policy"), _POLICY),
        refuses=frozenset({Reason.UNSUPPORTED}),
    ),
    Call(
        "POST",
        "/api/mgmt/passwordpolicy/validate",
        "Judge a password without setting it",
        {200: _VERDICT},
        body=Body(members({"password": SECRET}, "password"), {"password": "nine green bottles"}),
    ),
)

_ON_TENANTS: Final = "/api/admin/tenants"
_ONE_TENANT: Final = _ON_TENANTS + "/{id}"
_MISSING: Final = frozenset({Reason.NO_SUCH_TENANT})
_NOT_SO: Final = frozenset({Reason.NO_SUCH_TENANT, Reason.NO_SUCH_USER, Reason.UNSUPPORTED})

_TENANTS: Final = (
    Call("GET", _ON_TENANTS, "List the tenants that one reaches",
         {200: Answer("Tenants.", shape("Tenants"), {"tenants": [{"id": 1, "name": "default"}]})}),
    Call("POST", _ON_TENANTS, "Make a tenant",
         {200: Answer("The tenant.", shape("Tenant"), _TENANT_EXAMPLE, headers={"location": "Where the tenant is."})},
         needs=("tenant.create",), body=_SENT_TENANT, refuses=_NOT_SO),
    Call("GET", _ONE_TENANT, "Read a tenant", {200: _TENANT_ANSWER}, parameters=(_OF_TENANT,), refuses=_MISSING),
    Call("PUT", _ONE_TENANT, "Change the name or the description of a tenant", {200: _TENANT_ANSWER},
         needs=("tenant.update",), body=_SENT_TENANT, refuses=_NOT_SO),
    Call("GET", _ONE_TENANT + "/admins", "Who administers a tenant", {200: _ADMINS}, needs=("user.list", "tenant.read"),
         refuses=_MISSING),
    Call("PUT", _ONE_TENANT + "/admins", "Replace those of the system's tenant who administer a tenant",
         {200: _ADMINS}, needs=("user.list", "tenant.appoint"), body=Body(shape("Admins"), {"admins": [7]}),
         refuses=_NOT_SO),
)  # fmt: skip

NOT_SERVED: Final = (
    NotServed("DELETE", "/api/admin/tenants/{id}", "tenants stay: names and numbers of their users are used once"),
    NotServed("POST", "/api/admin/roles", "roles of one's own"),
    NotServed("PUT", "/api/admin/roles/{id}", "the three roles never change; who has one is said of the user"),
    NotServed("DELETE", "/api/admin/roles/{id}", "the three roles never change"),
    NotServed("*", "/api/admin/limits", "limits on queries"),
    NotServed("*", "/api/admin/configurations", "settings of the data pipeline"),
    NotServed("*", "/api/admin/auth/services", "services that sign people in"),
    NotServed("*", "/api/mgmt/datasources", "data sources"),
)

API: Final = Api(
    name="hdp",
    title="Progress DataDirect Hybrid Data Pipeline, users",
    text="Users, passwords, permissions, tenants, and the password policy.",
    calls=(*_USERS, *_SYSTEM, *_TENANTS),
    faults=FAULTS,
    error=shape("Error"),
    ways={"basic": {"type": "http", "scheme": "basic"}},
    usual=("basic",),
    shapes=SHAPES,
    not_served=NOT_SERVED,
)
