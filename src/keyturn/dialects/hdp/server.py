"""The API of Hybrid Data Pipeline on our own directory: which path and method leads where."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from keyturn.core.ports import Gate
from keyturn.dialects.hdp.server_asking import Door, Endpoint, Handler, at_home, refuse_request
from keyturn.dialects.hdp.server_policy import Policies
from keyturn.dialects.hdp.server_system import System
from keyturn.dialects.hdp.server_tenants import Tenants
from keyturn.dialects.hdp.server_users import Users
from keyturn.dialects.hdp.wire import FAULTS
from keyturn.http.faults import FaultTable
from keyturn.http.requests import route

PREFIXES: Final = ("/api/admin", "/api/mgmt", "/api/public")
"""How the paths of this door begin."""


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door.  faults: for a site that knows the real codes where ours are invented."""
    door = Door(gate, faults)
    users, policies, tenants = Users(door), Policies(door), Tenants(door)
    change = door.signed_in(users.change_own_password, restricted=True)
    opened: Mapping[str, Mapping[str, Endpoint]] = {
        "/api/admin/userdetails/changePassword": {"PUT": change},
        "/api/public/passwordpolicy": {"GET": door.open(policies.public)},
    }
    about = _about_one(users, tenants)
    at_work = {path: {method: at_home(handler) for method, handler in one.items()} for path, one in about.items()}
    signed = {
        path: {method: door.signed_in(handler) for method, handler in methods.items()}
        for path, methods in {**at_work, **_of_all(users, System(door), policies, tenants)}.items()
    }
    return [route(path, dict(methods), door.wrong_method) for path, methods in {**opened, **signed}.items()]


def _about_one(users: Users, tenants: Tenants) -> Mapping[str, Mapping[str, Handler]]:
    """What is about one user, in whichever tenant."""
    one = "/api/admin/users/{id}"
    return {
        one: {"GET": users.show, "PUT": users.change, "DELETE": users.delete},
        one + "/resetpassword": {"PUT": users.reset},
        one + "/statusinfo": {"GET": users.status, "PUT": users.set_status},
        one + "/passwordinfo": {"GET": users.password, "PUT": users.set_password_info},
        one + "/permissions": {"GET": users.permissions, "PUT": users.set_permissions},
        one + "/authinfo": {"GET": users.authentication, "PUT": users.set_authentication},
        one + "/tenantsadministered": {"GET": tenants.administered, "PUT": tenants.set_administered},
    }


def _of_all(users: Users, system: System, policies: Policies, tenants: Tenants) -> Mapping[str, Mapping[str, Handler]]:
    return {
        "/api/admin/users": {"GET": users.list, "POST": users.create},
        "/api/admin/tenants": {"GET": tenants.list, "POST": tenants.create},
        "/api/admin/tenants/{id}": {"GET": tenants.show, "PUT": tenants.change},
        "/api/admin/tenants/{id}/admins": {"GET": tenants.admins, "PUT": tenants.set_admins},
        "/api/admin/passwordpolicy/{id}": {"GET": policies.show, "PUT": policies.change},
        "/api/admin/permissions": {"GET": system.permissions},
        "/api/admin/permissions/{id}": {"GET": system.permission},
        "/api/admin/roles": {"GET": system.roles},
        "/api/admin/roles/{id}": {"GET": system.role},
        "/api/mgmt/user": {"GET": system.user},
        "/api/mgmt/permissions": {"GET": system.own_permissions},
        "/api/mgmt/passwordpolicy/validate": {"POST": policies.validate},
    }


def say(status: int, text: str) -> Response:
    """A refusal that no route made (no such path, too large, an error), in the shape of this door."""
    return refuse_request(status, text)
