"""How the routes of keyturn's own API are asked."""

from typing import Final

from keyturn.core.users import User
from tests.rights.asks import personal
from tests.rights.stage import GOOD, OTHER, Asks, OnSelf, Stage, bearer, key, nobody, someone


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """By name and password, for a session; whoever must change the password gets a restricted one."""
    answer = stage.door.sign_in(user.login, GOOD)
    assert answer.status == 201, answer
    return bearer(answer.json["token"])


ASKS: Final[Asks] = {
    ("GET", "/keyturn/v1/users"): {("user.list",): nobody("/keyturn/v1/users")},
    ("POST", "/keyturn/v1/users"): {("user.create",): nobody("/keyturn/v1/users", {"id": "{new}"})},
    ("GET", "/keyturn/v1/users/{id}"): {("user.read",): someone("/keyturn/v1/users/{id}")},
    ("DELETE", "/keyturn/v1/users/{id}"): {("user.delete",): someone("/keyturn/v1/users/{id}")},
    ("POST", "/keyturn/v1/users/{id}/reset"): {
        ("password.reset",): someone("/keyturn/v1/users/{id}/reset", {"new": OTHER})
    },
    ("POST", "/keyturn/v1/users/{id}/lock"): {("user.status",): someone("/keyturn/v1/users/{id}/lock", {})},
    ("POST", "/keyturn/v1/users/{id}/unlock"): {("user.status",): someone("/keyturn/v1/users/{id}/unlock", {})},
    ("GET", "/keyturn/v1/keys"): {("key.list",): nobody("/keyturn/v1/keys")},
    ("POST", "/keyturn/v1/keys"): {("key.create",): nobody("/keyturn/v1/keys", {"kind": "mas", "rights": []})},
    ("DELETE", "/keyturn/v1/keys/{id}"): {("key.revoke",): key("/keyturn/v1/keys/{id}")},
    ("GET", "/keyturn/v1/audit"): {("audit.read",): nobody("/keyturn/v1/audit")},
    **personal.ASKS,
    ("POST", "/keyturn/v1/me/password"): {
        ("password.change",): OnSelf(nobody("/keyturn/v1/me/password", {"old": GOOD, "new": OTHER}))
    },
}
