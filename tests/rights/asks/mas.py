"""How the routes of the MAS door are asked."""

from typing import Final

from keyturn.core.users import User
from keyturn.dialects.mas.wire_admin import joined
from tests.rights.stage import GOOD, OTHER, Ask, Asks, Follow, OnOthers, Stage, bearer, each, key, nobody, someone
from tests.rights.table import CONFINED
from tests.support.server import Answer


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """As administrators sign in: by name and password, for a token."""
    answer = stage.door.ask("POST", "/logininitial", send={"username": user.login, "password": GOOD})
    if role == CONFINED:
        assert answer.status == 401, answer
        return bearer("none")
    return {"x-access-token": str(answer.json["token"])}


def _found(answer: Answer, follow: Follow) -> bool:
    """Whether somebody was shown."""
    return answer.status == 200 and bool(answer.json["member"])


def _membership(stage: Stage, target: str, actor: User) -> Ask:
    user = stage.member(target, actor, joined("USER", ["MAXADMIN"]))
    return Ask(f"/maximo/api/os/mxapigroup/1/groupuser?oslc.where=userid%3D%22{user.key}%22")


_WHO: Final = "/maximo/api/os/masperuser?lean=1&oslc.where=user.userid%3D%22{id}%22"
_LOCAL: Final = {"idpid": "local", "idptype": "local", "logintype": "0", "enabled": True, "emailpassword": False}
_NAMES: Final = {"userid": "{new}", "loginid": "{new}", "status": "ACTIVE"}
_MERGE: Final = {"x-method-override": "PATCH", "patchtype": "MERGE"}
ASKS: Final[Asks] = {
    ("POST", "/v3/users"): {
        ("user.create",): nobody("/v3/users", {"id": "{new}", "username": "{new}", "displayName": "x"})
    },
    ("GET", "/v3/users"): {("user.list",): nobody("/v3/users")},
    ("GET", "/v3/users/{id}"): {("user.read",): someone("/v3/users/{id}")},
    ("PUT", "/v3/users/{id}"): {
        ("user.update",): someone("/v3/users/{id}", {"id": "{id}", "displayName": "x"}),
        ("user.status",): someone("/v3/users/{id}", {"status": {"active": True}}),
    },
    ("PATCH", "/v3/users/{id}"): {
        ("user.update",): someone("/v3/users/{id}", {"displayName": "x"}),
        ("user.status",): someone("/v3/users/{id}", {"status": {"active": True}}),
    },
    ("DELETE", "/v3/users/{id}"): {("user.delete",): someone("/v3/users/{id}")},
    ("POST", "/v3/users/{id}/password"): {("password.reset",): someone("/v3/users/{id}/password", {"token": OTHER})},
    ("PUT", "/v3/users/{id}/idps/local"): {
        ("password.reset",): someone("/v3/users/{id}/idps/local", {"idpUserId": "{id}"})
    },
    ("GET", "/v3/users/{id}/workspaces"): {("user.read",): someone("/v3/users/{id}/workspaces")},
    ("GET", "/v1/apikeys"): {("key.list",): nobody("/v1/apikeys")},
    ("POST", "/v1/apikeys"): {("key.create",): nobody("/v1/apikeys", {"description": "x"})},
    ("GET", "/v1/apikeys/{id}"): {("key.list",): lambda stage, target, actor: Ask(f"/v1/apikeys/{stage.key('peer')}")},
    ("PUT", "/v1/apikeys/{id}"): {("key.list", "key.update"): key("/v1/apikeys/{id}", {"description": "x"})},
    ("DELETE", "/v1/apikeys/{id}"): {("key.revoke",): key("/v1/apikeys/{id}")},
    ("POST", "/v1/apikeys/{id}/refresh"): {("key.update",): key("/v1/apikeys/{id}/refresh", {})},
    ("GET", "/workspaces"): {("workspace.read",): nobody("/workspaces")},
    ("GET", "/workspaces/{workspace}/applications"): {("workspace.read",): nobody("/workspaces/main/applications")},
    ("GET", "/workspaces/{workspace}/applications/{application}"): {
        ("workspace.read",): nobody("/workspaces/main/applications/manage")
    },
    ("PUT", "/workspaces/{workspace}/users/{id}"): {
        ("grant.write",): someone("/workspaces/main/users/{id}", {"permissions": {"workspaceAdmin": True}})
    },
    ("PUT", "/workspaces/{workspace}/applications/{application}/users/{id}"): {
        ("grant.write",): someone("/workspaces/main/applications/manage/users/{id}", {"role": "USER"})
    },
    ("GET", "/workspaces/{workspace}/applications/{application}/users/{id}"): {
        ("user.read",): lambda stage, target, actor: Ask(
            f"/workspaces/main/applications/manage/users/{stage.member(target, actor).key}"
        )
    },
    ("POST", "/maximo/api/os/mxapigroup/{group}"): {
        ("grant.write",): someone(
            "/maximo/api/os/mxapigroup/1",
            {"groupuser": [{"userid": "{id}"}]},
            headers={"x-method-override": "PATCH"},
        )
    },
    ("GET", "/maximo/api/os/mxapigroup/{group}/groupuser"): {("user.read",): each(_membership, _found)},
    ("GET", "/maximo/api/os/masperuser"): {("user.read",): each(someone(_WHO), _found)},
    ("POST", "/maximo/api/os/masperuser"): {
        ("user.create",): nobody(
            "/maximo/api/os/masperuser?lean=1", {"personid": "{new}", "displayName": "x", "maxuser": _NAMES}
        )
    },
    ("POST", "/maximo/api/os/masperuser/{person}"): {
        ("user.read", "password.reset"): OnOthers(
            someone(
                "/maximo/api/os/masperuser/{id}?lean=1&ccm=1",
                {"maxuser": {"masuseridp": [_LOCAL]}},
                by="uid",
                headers=_MERGE,
            )
        )
    },
}
