"""The API of Hybrid Data Pipeline on our own directory: which path and method leads where."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from keyturn.core.ports import Gate
from keyturn.dialects.hdp.server_asking import Door, Endpoint, Handler, refuse_request
from keyturn.dialects.hdp.server_policy import Policies
from keyturn.dialects.hdp.server_system import System
from keyturn.dialects.hdp.server_users import Users
from keyturn.dialects.hdp.wire import FAULTS
from keyturn.http.faults import FaultTable
from keyturn.http.requests import route

PREFIXES: Final = ("/api/admin", "/api/mgmt", "/api/public")
"""How the paths of this door begin."""


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door.  faults: for a site that knows the real codes where ours are invented."""
    door = Door(gate, faults)
    users, policies = Users(door), Policies(door)
    change = door.signed_in(users.change_own_password, restricted=True)
    opened: Mapping[str, Mapping[str, Endpoint]] = {
        "/api/admin/userdetails/changePassword": {"PUT": change},
        "/api/public/passwordpolicy": {"GET": door.open(policies.public)},
    }
    signed = {
        path: {method: door.signed_in(handler) for method, handler in methods.items()}
        for path, methods in _signed_in(users, System(door), policies).items()
    }
    return [route(path, dict(methods), door.wrong_method) for path, methods in {**opened, **signed}.items()]


def _signed_in(users: Users, system: System, policies: Policies) -> Mapping[str, Mapping[str, Handler]]:
    one = "/api/admin/users/{id}"
    return {
        "/api/admin/users": {"GET": users.list, "POST": users.create},
        one: {"GET": users.show, "PUT": users.change, "DELETE": users.delete},
        one + "/resetpassword": {"PUT": users.reset},
        one + "/statusinfo": {"GET": users.status, "PUT": users.set_status},
        one + "/passwordinfo": {"GET": users.password, "PUT": users.set_password_info},
        one + "/permissions": {"GET": users.permissions, "PUT": users.set_permissions},
        one + "/authinfo": {"GET": users.authentication, "PUT": users.set_authentication},
        "/api/admin/passwordpolicy/{id}": {"GET": policies.show, "PUT": policies.change},
        "/api/admin/permissions": {"GET": system.permissions},
        "/api/admin/permissions/{id}": {"GET": system.permission},
        "/api/admin/roles": {"GET": system.roles},
        "/api/mgmt/user": {"GET": system.user},
        "/api/mgmt/permissions": {"GET": system.own_permissions},
    }


def say(status: int, text: str) -> Response:
    """A refusal that no route made (no such path, too large, an error), in the shape of this door."""
    return refuse_request(status, text)
