"""How the routes of the UiPath door are asked: by clients, whose scopes are all there are."""

from typing import Final
from urllib.parse import urlencode

from keyturn.core.users import User
from tests.rights.stage import GOOD, OTHER, Ask, Asking, Asks, Follow, Stage, bearer, each, nobody, numbers, someone
from tests.rights.table import ROLES
from tests.support.server import Answer

SCOPES: Final = ("PM.User", "PM.Group")
API: Final = "/identity_/api"


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """A client of the role's rights."""
    made = stage.new_key(ROLES[role], "uipath", SCOPES)
    form = {"grant_type": "client_credentials", "client_id": made.key.id, "client_secret": made.token.reveal()}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = stage.door.ask("POST", "/identity_/connect/token", headers=headers, body=urlencode(form).encode())
    return bearer(str(answer.json["access_token"]))


def _group(path: str, send: object = None) -> Asking:
    return lambda stage, target, actor: Ask(API + path.replace("{group}", stage.group(target)), send)


def _deletion(stage: Stage, target: str, actor: User) -> Ask:
    return Ask(f"{API}/Group/default", {"groupIDs": [stage.group(target)]})


def _renaming(stage: Stage, target: str, actor: User) -> Ask:
    return Ask(f"{API}/Group/{stage.group(target)}", {"name": f"new{next(numbers)}"})


def _well(answer: Answer, follow: Follow) -> bool:
    """Whether nobody of many was refused."""
    return answer.status == 204 or (answer.status == 200 and not answer.json.get("errors"))


_NEW: Final = {"userName": "{new}", "email": "{new}@example.com"}
_USER: Final = API + "/User/{id}"
ASKS: Final[Asks] = {
    ("POST", "/api/User"): {("user.create",): nobody(API + "/User", _NEW)},
    ("POST", "/api/User/BulkCreate"): {("user.create",): nobody(API + "/User/BulkCreate", {"users": [_NEW]})},
    ("POST", "/api/User/InviteUsers"): {("user.create",): nobody(API + "/User/InviteUsers", {"users": [_NEW]})},
    ("GET", "/api/User/users/{partition}"): {("user.list",): nobody(API + "/User/users/default")},
    ("GET", "/api/UserPartition/users/{partition}"): {("user.list",): nobody(API + "/UserPartition/users/default")},
    ("GET", "/api/UserPartition/licenses"): {
        ("user.list",): nobody(API + "/UserPartition/licenses?partitionGlobalId=default")
    },
    ("GET", "/api/UserPartition/partitions/{id}"): {
        ("user.read",): someone(API + "/UserPartition/partitions/{id}", by="uid")
    },
    ("GET", "/api/User/{id}"): {("user.read",): someone(_USER, by="uid")},
    ("PUT", "/api/User/{id}"): {
        ("user.update",): someone(_USER, {"name": "New"}, by="uid"),
        ("user.status",): someone(_USER, {"isActive": True}, by="uid"),
        ("password.reset",): someone(_USER, {"password": OTHER}, by="uid"),
    },
    ("POST", "/api/User/{id}/changepassword"): {
        ("password.change",): someone(_USER + "/changepassword", {"oldPassword": GOOD, "newPassword": OTHER}, by="uid")
    },
    ("DELETE", "/api/User/{id}"): {("user.delete",): someone(_USER, by="uid")},
    ("DELETE", "/api/User"): {("user.delete",): each(someone(API + "/User", {"userIds": ["{id}"]}, by="uid"), _well)},
    ("POST", "/api/Group"): {("group.create",): nobody(API + "/Group", {"name": "{new}"})},
    ("GET", "/api/Group/{id}"): {("group.list",): nobody(API + "/Group/default")},
    ("PUT", "/api/Group/{id}"): {("group.update",): _renaming},
    ("DELETE", "/api/Group/{id}"): {("group.delete",): each(_deletion, _well)},
    ("GET", "/api/Group/{partition}/{group}"): {("group.read",): _group("/Group/default/{group}")},
    ("DELETE", "/api/Group/{partition}/{group}"): {("group.delete",): _group("/Group/default/{group}")},
    ("GET", "/api/Group/{partition}/{group}/Members"): {("group.read",): _group("/Group/default/{group}/Members")},
}
