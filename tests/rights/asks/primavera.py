"""How the routes of the Primavera door are asked; most answer 200 and say of each user what came of it."""

from typing import Final

from keyturn.core.users import User
from tests.rights.stage import GOOD, OTHER, Asks, Follow, Stage, basic, each, nobody, someone
from tests.support.server import Answer

API: Final = "/cloudapi/restapi"
ROOT: Final = "/{tenant}" + API


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """Name and password in every call."""
    return basic(user.login, GOOD)


def _said_well(answer: Answer, follow: Follow) -> bool:
    """Whether a map from sign-in names says nothing of each."""
    return answer.status == 200 and set(answer.json.values()) == {""}


def _user_well(answer: Answer, follow: Follow) -> bool:
    """Whether each user is shown as done."""
    return answer.status == 200 and all(user.get("statusInfoOK") is not False for user in answer.json)


def _job_well(answer: Answer, follow: Follow) -> bool:
    """Whether the job of a change says that nothing failed."""
    if answer.status != 202:
        return False
    told = follow(answer.headers["location"]).json
    changed = [user for part in ("added", "modified") for user in told.get(part) or []]
    failed = told.get("deleteFailed") or []
    return not failed and all(user.get("statusInfoOK") is not False for user in changed)


_NEW: Final = {
    "loginId": "{new}", "firstName": "A", "lastName": "B", "emailAddress": "{new}@example.com",
    "disabled": False, "organization": {"id": "1"},
}  # fmt: skip
ASKS: Final[Asks] = {
    ("GET", ROOT + "/user"): {("user.list",): nobody(API + "/user")},
    ("POST", ROOT + "/user"): {
        ("user.create",): each(nobody(API + "/user", {"added": [_NEW]}), _job_well),
        ("user.update",): each(
            someone(API + "/user", {"modified": [{"loginId": "{id}", "firstName": "New"}]}), _job_well
        ),
        ("user.delete",): each(someone(API + "/user", {"deleted": ["{id}"]}), _job_well),
    },
    ("PUT", ROOT + "/user/manual-reset-pwd/{mail}"): {
        ("password.reset",): each(
            someone(API + "/user/manual-reset-pwd/false", [{"loginId": "{id}", "password": OTHER}]), _user_well
        )
    },
    ("PUT", ROOT + "/user/auto-reset-pwd"): {
        ("password.reset",): each(someone(API + "/user/auto-reset-pwd", ["{id}"]), _said_well)
    },
    ("PUT", ROOT + "/user/{id}/auto-reset-pwd"): {("password.reset",): someone(API + "/user/{id}/auto-reset-pwd")},
    ("PUT", ROOT + "/user/change-status"): {
        ("user.status",): each(
            someone(API + "/user/change-status", [{"loginId": "{id}", "disabled": False}]), _said_well
        )
    },
    ("PUT", ROOT + "/user/change-lock"): {
        ("user.update",): each(someone(API + "/user/change-lock", [{"loginId": "{id}", "locked": False}]), _said_well)
    },
}
