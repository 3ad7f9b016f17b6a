"""The MAS Admin API on our own directory: which path and method leads where."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from keyturn.core.ports import Gate
from keyturn.dialects.mas.server_asking import Door, Endpoint, Handler, refuse_request
from keyturn.dialects.mas.server_keys import Entrance, Keys
from keyturn.dialects.mas.server_manage import Manage
from keyturn.dialects.mas.server_people import People
from keyturn.dialects.mas.server_places import Places
from keyturn.dialects.mas.server_users import Users
from keyturn.dialects.mas.wire import FAULTS
from keyturn.dialects.mas.wire_manage import PEOPLE
from keyturn.http.faults import FaultTable
from keyturn.http.requests import route

PREFIXES: Final = ("/v1", "/v3", "/workspaces", "/logininitial", "/maximo", "/profile", "/about")
"""How the paths of this door begin."""


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door.  faults: for a site that knows the real codes where ours are invented."""
    door = Door(gate, faults)
    entrance, manage, people = Entrance(door, gate), Manage(door, gate), People(door)
    opened: Mapping[str, Mapping[str, Endpoint]] = {
        "/v1/authenticate": {"GET": door.open(entrance.with_key)},
        "/v1/authentication": {"GET": door.open(entrance.with_key)},
        "/logininitial": {"POST": door.open(entrance.with_password)},
        "/maximo/api/os/mxapigroup": {"GET": manage.open(manage.groups)},
        "/maximo/api/os/mxapigroup/{group}": {"POST": manage.signed_in(manage.join)},
        "/maximo/api/os/mxapigroup/{group}/groupuser": {"GET": manage.signed_in(manage.members)},
        "/maximo/api/os/mxapiapikey": {
            "GET": manage.signed_in(manage.keys),
            "POST": manage.signed_in(manage.make_key),
        },
        PEOPLE: {"GET": manage.signed_in(people.find), "POST": manage.signed_in(people.create)},
        PEOPLE + "/{person}": {"POST": manage.signed_in(people.change)},
    }
    signed = {
        path: {method: door.signed_in(handler) for method, handler in methods.items()}
        for path, methods in _signed_in(Users(door), Places(door), Keys(door)).items()
    }
    return [route(path, dict(methods), door.wrong_method) for path, methods in {**opened, **signed}.items()]


def _signed_in(users: Users, places: Places, keys: Keys) -> Mapping[str, Mapping[str, Handler]]:
    in_workspace = "/workspaces/{workspace}"
    in_application = in_workspace + "/applications/{application}"
    return {
        "/v1/apikeys": {"GET": keys.list, "POST": keys.create},
        "/v1/apikeys/{id}": {"GET": keys.show, "PUT": keys.change, "DELETE": keys.delete},
        "/v1/apikeys/{id}/refresh": {"POST": keys.refresh},
        "/v3/users": {"GET": users.list, "POST": users.create},
        "/v3/users/utils/resync": {"PUT": users.resync},
        "/v3/users/{id}": {"GET": users.show, "PUT": users.change, "PATCH": users.change, "DELETE": users.delete},
        "/v3/users/{id}/password": {"POST": users.reset},
        "/v3/users/{id}/idps/local": {"PUT": users.link},
        "/v3/users/{id}/workspaces": {"GET": users.workspaces},
        "/workspaces": {"GET": places.workspaces},
        in_workspace + "/users/{id}": {"PUT": places.join},
        in_workspace + "/applications": {"GET": places.applications},
        in_application: {"GET": places.application},
        in_application + "/users/{id}": {"GET": places.role, "PUT": places.give_role},
        "/profile": {"GET": places.profile},
        "/about": {"GET": places.about},
    }


def say(status: int, text: str) -> Response:
    """A refusal that no route made (no such path, too large, an error), in the shape of this door."""
    return refuse_request(status, text)
