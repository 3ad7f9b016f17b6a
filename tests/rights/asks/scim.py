"""How the routes of the SCIM door are asked: by keys that are tokens."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.users import User
from tests.rights.stage import (
    GOOD,
    OTHER,
    Ask,
    Asking,
    Asks,
    Follow,
    OnSelf,
    Stage,
    basic,
    bearer,
    nobody,
    numbers,
    someone,
)
from tests.rights.table import ROLES
from tests.support.server import Answer

BASE: Final = "/scim/v2"
USERS: Final = BASE + "/Users"
GROUPS: Final = BASE + "/Groups"
USER: Final = USERS + "/{id}"
GROUP: Final = GROUPS + "/{id}"
ME: Final = BASE + "/Me"
_USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_BULK: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_SEARCH: Final = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """A key of the role's rights."""
    made = stage.new_key(ROLES[role], "scim", ("scim",))
    return bearer(f"{made.key.id}.{made.token.reveal()}")


def _patch(value: object) -> Asking:
    return someone(USER, {"schemas": [_PATCH], "Operations": [{"op": "replace", "value": value}]}, by="uid")


def _same(user: User, **more: object) -> dict[str, object]:
    """A whole user as they are, but for what is told."""
    mail = [{"value": one.value, "type": one.kind, "primary": True} for one in user.profile.emails]
    name = {"givenName": user.profile.given_name, "familyName": user.profile.family_name}
    same = {"schemas": [_USER], "userName": user.login, "active": True, "emails": mail, "name": name}
    return {**same, "displayName": user.profile.display_name, **more}


def _put(**more: object) -> Asking:
    def ask(stage: Stage, target: str, actor: User) -> Ask:
        user = stage.target(target, actor)
        return Ask(USER.replace("{id}", user.uid), _same(user, **more))

    return ask


def _group(send: object = None) -> Asking:
    return lambda stage, target, actor: Ask(GROUP.replace("{id}", stage.group(target)), send)


def _renamed(stage: Stage, target: str, actor: User) -> Ask:
    sent = {"schemas": [_GROUP], "displayName": f"new{next(numbers)}"}
    return Ask(GROUP.replace("{id}", stage.group(target)), sent)


def _me(send: object = None, **whole: object) -> OnSelf:
    """What people ask about themselves, with name and password.  whole: what is other than it was, for a PUT."""

    def ask(stage: Stage, target: str, actor: User) -> Ask:
        return Ask(ME, _same(actor, **whole) if whole else send, basic(actor.login, GOOD))

    return OnSelf(ask)


def _parts(**more: object) -> object:
    return {"schemas": [_PATCH], "Operations": [{"op": "replace", "value": more}]}


def _bulk(asking: Asking, method: str) -> Asking:
    """The same as one of many; good when its own outcome is."""

    def ask(stage: Stage, target: str, actor: User) -> Ask:
        one = asking(stage, target, actor)
        step = {"method": method, "path": one.path.removeprefix(BASE), "data": one.send, "bulkId": "one"}
        return Ask(f"{BASE}/Bulk", {"schemas": [_BULK], "Operations": [step]}, good=_well)

    return ask


def _well(answer: Answer, follow: Follow) -> bool:
    return answer.status == 200 and all(one["status"] < "300" for one in answer.json["Operations"])


_CHANGED: Final = {"schemas": [_PATCH], "Operations": [{"op": "replace", "path": "externalId", "value": "x"}]}
_NEW: Final = {"schemas": [_USER], "userName": "{new}"}
_NEW_GROUP: Final = {"schemas": [_GROUP], "displayName": "{new}"}
_REPLACED: Final[Mapping[tuple[str, ...], Asking]] = {
    ("user.read", "user.update"): _put(title="Dr"),
    ("user.read", "user.status"): _put(active=False),
    ("user.read", "password.reset"): _put(password=OTHER),
}
_PATCHED: Final[Mapping[tuple[str, ...], Asking]] = {
    ("user.read", "user.update"): _patch({"title": "Dr"}),
    ("user.read", "user.status"): _patch({"active": False}),
    ("user.read", "password.reset"): _patch({"password": OTHER}),
}
ASKS: Final[Asks] = {
    ("GET", BASE): {("user.list",): nobody(BASE)},
    ("POST", BASE + "/.search"): {("user.list",): nobody(BASE + "/.search", _SEARCH)},
    ("GET", USERS): {("user.list",): nobody(USERS)},
    ("POST", USERS + "/.search"): {("user.list",): nobody(USERS + "/.search", _SEARCH)},
    ("POST", USERS): {("user.create",): nobody(USERS, _NEW)},
    ("GET", USER): {("user.read",): someone(USER, by="uid")},
    ("PUT", USER): _REPLACED,
    ("PATCH", USER): _PATCHED,
    ("DELETE", USER): {("user.read", "user.delete"): someone(USER, by="uid")},
    ("GET", GROUPS): {("group.list",): nobody(GROUPS)},
    ("POST", GROUPS + "/.search"): {("group.list",): nobody(GROUPS + "/.search", _SEARCH)},
    ("POST", GROUPS): {("group.create",): nobody(GROUPS, _NEW_GROUP)},
    ("GET", GROUP): {("group.read",): _group()},
    ("PUT", GROUP): {("group.read", "group.update"): _renamed},
    ("PATCH", GROUP): {("group.read", "group.update"): _group(_CHANGED)},
    ("DELETE", GROUP): {("group.read", "group.delete"): _group()},
    ("GET", ME): {("user.read",): _me()},
    ("PUT", ME): {
        ("user.read", "password.change"): _me(password=OTHER),
        ("user.read", "user.update"): _me(title="Dr"),
        ("user.read", "user.status"): _me(active=False),
    },
    ("PATCH", ME): {
        ("user.read", "password.change"): _me(_parts(password=OTHER)),
        ("user.read", "user.update"): _me(_parts(title="Dr")),
        ("user.read", "user.status"): _me(_parts(active=False)),
    },
    ("DELETE", ME): {("user.read", "user.delete"): _me()},
    ("POST", BASE + "/Bulk"): {
        ("user.create",): _bulk(nobody(USERS, _NEW), "POST"),
        **{needs: _bulk(asking, "PATCH") for needs, asking in _PATCHED.items()},
        ("user.read", "user.delete"): _bulk(someone(USER, by="uid"), "DELETE"),
        ("group.create",): _bulk(nobody(GROUPS, _NEW_GROUP), "POST"),
        ("group.read", "group.update"): _bulk(_group(_CHANGED), "PATCH"),
        ("group.read", "group.delete"): _bulk(_group(), "DELETE"),
    },
}
