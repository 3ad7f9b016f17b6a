"""UiPath Identity on our own directory: which path and method leads where."""

from typing import Final

from starlette.routing import Route

from keyturn.core.ports import Gate
from keyturn.dialects.uipath.server_asking import Door, anywhere, say
from keyturn.dialects.uipath.server_groups import GROUPS, Groups
from keyturn.dialects.uipath.server_token import Entrance
from keyturn.dialects.uipath.server_users import Users
from keyturn.dialects.uipath.wire import FAULTS
from keyturn.http.faults import FaultTable

__all__ = ["PREFIXES", "routes", "say"]

PREFIXES: Final = tuple(
    place + name for place in ("", "/*", "/*/*") for name in ("/identity", "/identity_")
)  # `/portal_/api/identity` is one of `/*/*/identity`
"""How the paths of this door begin; `*` stands for any one segment."""


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door.  faults: for a site that knows the real codes where ours are invented."""
    door = Door(gate, faults)
    users, groups, entrance = Users(door), Groups(door), Entrance(gate)
    listing = {"GET": door.reads(users.list)}
    return [
        anywhere("/connect/token", {"POST": door.open(entrance.token)}),
        anywhere("/api/User", {"POST": door.writes(users.create), "DELETE": door.writes(users.delete_many)}),
        anywhere("/api/User/BulkCreate", {"POST": door.writes(users.create_many)}),
        anywhere("/api/User/InviteUsers", {"POST": door.writes(users.invite)}),
        anywhere("/api/User/users/{partition}", listing),
        anywhere("/api/UserPartition/users/{partition}", listing),
        anywhere("/api/UserPartition/licenses", {"GET": door.reads(users.licenses)}),
        anywhere("/api/UserPartition/partitions/{id}", {"GET": door.reads(users.partitions)}),
        anywhere(
            "/api/User/{id}",
            {"GET": door.reads(users.show), "PUT": door.writes(users.change), "DELETE": door.writes(users.delete)},
        ),
        anywhere("/api/User/{id}/changepassword", {"POST": door.writes(users.change_password)}),
        anywhere("/api/Group", {"POST": door.writes(groups.create, GROUPS)}),
        anywhere(
            "/api/Group/{id}",
            {
                "GET": door.reads(groups.list, GROUPS),
                "PUT": door.writes(groups.change, GROUPS),
                "DELETE": door.writes(groups.delete_many, GROUPS),
            },
        ),
        anywhere(
            "/api/Group/{partition}/{group}",
            {"GET": door.reads(groups.show, GROUPS), "DELETE": door.writes(groups.delete, GROUPS)},
        ),
        anywhere("/api/Group/{partition}/{group}/Members", {"GET": door.reads(groups.members, GROUPS)}),
    ]
