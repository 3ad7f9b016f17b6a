"""How the routes of the Hybrid Data Pipeline door are asked."""

from typing import Final

from keyturn.core.policy import ProfileName
from keyturn.core.users import User
from keyturn.dialects.hdp.wire_policy import policy_body
from tests.rights.stage import GOOD, OTHER, Asks, OnOthers, OnSelf, Stage, basic, nobody, someone

API: Final = "/api/admin"
USER: Final = API + "/users/{id}"
_SHORT: Final = OTHER[:32]


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """Name and password in every call."""
    return basic(user.login, GOOD)


_STATUS: Final = {"status": 1, "accountLocked": False}
_LOGINS: Final = {"authUsers": [{"authUserName": "amal", "authServiceId": 1}]}
_NEW: Final = {"userName": "{new}", "statusInfo": {"status": 1}, "permissions": {"roles": [2]}}
ASKS: Final[Asks] = {
    ("GET", "/api/admin/users"): {("user.list",): nobody(API + "/users")},
    ("POST", "/api/admin/users"): {("user.create",): nobody(API + "/users", _NEW)},
    ("GET", USER): {("user.read",): someone(USER, by="number")},
    ("PUT", USER): {("user.read", "user.update"): someone(USER, {"note": "x", "statusInfo": _STATUS}, by="number")},
    ("DELETE", USER): {("user.delete",): someone(USER, by="number")},
    ("PUT", USER + "/resetpassword"): {
        ("password.reset",): someone(USER + "/resetpassword", {"newPassword": _SHORT}, by="number")
    },
    ("GET", USER + "/statusinfo"): {("user.read",): someone(USER + "/statusinfo", by="number")},
    ("PUT", USER + "/statusinfo"): {("user.status",): someone(USER + "/statusinfo", _STATUS, by="number")},
    ("GET", USER + "/passwordinfo"): {("user.read",): someone(USER + "/passwordinfo", by="number")},
    ("PUT", USER + "/passwordinfo"): {
        ("user.read",): someone(USER + "/passwordinfo", {"passwordStatus": 1}, by="number")
    },
    ("GET", USER + "/permissions"): {("user.read",): someone(USER + "/permissions", by="number")},
    ("PUT", USER + "/permissions"): {
        ("user.read", "user.update"): OnOthers(someone(USER + "/permissions", {"roles": [2]}, by="number"))
    },
    ("GET", USER + "/authinfo"): {("user.read",): someone(USER + "/authinfo", by="number")},
    ("PUT", USER + "/authinfo"): {("user.read", "user.update"): someone(USER + "/authinfo", _LOGINS, by="number")},
    ("GET", USER + "/tenantsadministered"): {("user.read",): someone(USER + "/tenantsadministered", by="number")},
    ("PUT", USER + "/tenantsadministered"): {
        ("user.read", "tenant.appoint"): someone(
            USER + "/tenantsadministered", {"tenantsAdministered": [1]}, by="number"
        )
    },
    ("PUT", "/api/admin/userdetails/changePassword"): {
        ("password.change",): OnSelf(
            nobody(API + "/userdetails/changePassword", {"currentPassword": GOOD, "newPassword": _SHORT})
        )
    },
    ("GET", "/api/admin/passwordpolicy/{id}"): {("policy.read",): nobody(API + "/passwordpolicy/2")},
    ("PUT", "/api/admin/passwordpolicy/{id}"): {
        ("policy.write",): nobody(API + "/passwordpolicy/2", policy_body(ProfileName.NIST))
    },
    ("POST", "/api/admin/tenants"): {("tenant.create",): nobody(API + "/tenants", {"name": "{new}"})},
    ("PUT", "/api/admin/tenants/{id}"): {
        ("tenant.update",): nobody(API + "/tenants/2", {"name": "other", "description": "{new}"})
    },
    ("GET", "/api/admin/tenants/{id}/admins"): {("user.list", "tenant.read"): nobody(API + "/tenants/2/admins")},
    ("PUT", "/api/admin/tenants/{id}/admins"): {
        ("user.list", "tenant.appoint"): someone(API + "/tenants/2/admins", {"admins": ["{id}"]}, by="number")
    },
    ("GET", "/api/admin/roles/{id}"): {("user.list",): nobody(API + "/roles/2")},
}
