"""Whatever has the same effect is guarded alike: no credential is reached from below, from elsewhere or by a name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import pytest

from keyturn.core.permissions import ON_CREDENTIALS
from keyturn.core.users import Handle, Right, User
from tests.openapi.test_described import APIS
from tests.rights.asks import DOORS
from tests.rights.stage import GOOD, OTHER, Asking, OnSelf, Stage
from tests.support.server import Answer

LOWER: Final = "user-administrator"
"""Holds all rights over users and none beside: the service desk."""


@dataclass
class Watched(Stage):
    """Knows for whom it made targets."""

    made: list[User] = field(default_factory=list)

    def user(
        self, rights: frozenset[Right] = frozenset(), *, tenant: int = 1, password: str = "", permanent: bool = True
    ) -> User:
        """A new user."""
        made = super().user(rights, tenant=tenant, password=password, permanent=permanent)
        self.made.append(made)
        return made


def kept(stage: Stage, *users: User) -> list[tuple[object, object, object]]:
    """Everything about users that a call could have touched: the profile, what is judged by, mail to them."""
    with stage.door.house.store.reading() as view:
        subjects = view.users.by_uid([user.uid for user in users])
        return [
            (view.users.get(user.tenant, user.key, Handle.KEY), subjects.get(user.uid),
             [mail for mail in view.outbox.list(user.tenant) if mail.uid == user.uid])
            for user in users
        ]  # fmt: skip


def verifiers(stage: Stage, *users: User) -> list[object]:
    """The credential of each user."""
    with stage.door.house.store.reading() as view:
        subjects = view.users.by_uid([user.uid for user in users])
    return [subjects[user.uid].credential for user in users]


def asked_of_credentials(name: str) -> Iterator[tuple[str, Asking]]:
    """Method and asking of every route whose effect is on a credential or on who may use it."""
    for call in APIS[name].calls:
        for needs, asking in DOORS[name].asks.get((call.method, call.path), {}).items():
            if set(needs) & ON_CREDENTIALS and not isinstance(asking, OnSelf):
                yield call.method, asking


@pytest.mark.proves("AZ-2", "V8.2.2")
def test_no_call_of_any_door_touches_somebody_who_holds_more(stage: tuple[str, Stage]) -> None:
    """Reset, change, status, deletion, mail, factors, elements of batches: refused, and nothing of the target moved."""
    name, on = stage
    moved = []
    for method, asking in asked_of_credentials(name):
        actor, headers = on.actor(LOWER)
        watched = Watched(on.door, on.sign, on.by_key, on._signed)
        request = asking(watched, "above", actor)
        before = kept(on, *watched.made)
        on.door.ask(method, request.path, headers={**headers, **request.headers}, send=request.send)
        assert before, "a target was to be made"
        if kept(on, *watched.made) != before:
            moved.append(f"{method} {request.path}")
    assert moved == []


FOREIGN: Final = 18
"""How many ids of another tenant are tried at each of the six doors: over a hundred in all."""

ADDRESSES: Final[Mapping[str, tuple[Handle, Sequence[tuple[str, str, object]]]]] = {
    "mas": (Handle.KEY, [("GET", "/v3/users/{id}", None), ("DELETE", "/v3/users/{id}", None),
                         ("POST", "/v3/users/{id}/password", {"token": OTHER})]),
    "hdp": (Handle.NUMBER, [("GET", "/api/admin/users/{id}", None), ("DELETE", "/api/admin/users/{id}", None),
                            ("PUT", "/api/admin/users/{id}/resetpassword", {"newPassword": OTHER})]),
    "uipath": (Handle.UID, [("GET", "/identity_/api/User/{id}", None), ("DELETE", "/identity_/api/User/{id}", None),
                            ("PUT", "/identity_/api/User/{id}", {"password": OTHER})]),
    "scim": (Handle.UID, [("GET", "/scim/v2/Users/{id}", None), ("DELETE", "/scim/v2/Users/{id}", None)]),
    "primavera": (Handle.LOGIN, [("PUT", "/default/cloudapi/restapi/user/{id}/auto-reset-pwd", None)]),
    "keyturn": (Handle.LOGIN, [("GET", "/keyturn/v1/users/{id}", None), ("DELETE", "/keyturn/v1/users/{id}", None),
                               ("POST", "/keyturn/v1/users/{id}/reset", {"new": OTHER})]),
}  # fmt: skip
"""How each door names a user, and its calls about one."""


def written(answer: Answer, who: str) -> object:
    """An answer without what cannot be the same twice: time, the request's id, and the id that was asked for."""
    heads = {
        name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id", "content-length")
    }
    return answer.status, heads, re.sub(r"[0-9a-f]{16}\b", "ID", re.sub(rf"\b{re.escape(who)}\b", "WHO", answer.text))


@pytest.mark.proves("AZ-5", "V8.4.1")
def test_a_hundred_foreign_users_answer_byte_for_byte_like_nobody(stage: tuple[str, Stage]) -> None:
    """At every kind of address that takes one, and none of them has changed."""
    name, on = stage
    handle, calls = ADDRESSES[name]
    _, headers = on.actor(LOWER)
    with on.door.house.store.reading() as view:
        tenants = [tenant.number for tenant in view.tenants.all()]
    assert 2 in tenants
    told = []
    for number in range(FOREIGN // len(calls)):
        foreign = on.user(tenant=2, password=GOOD if number == 0 else "")
        before = kept(on, foreign)
        for method, path, send in calls:
            there, nowhere = _names(foreign, handle, number)
            answers = [
                written(on.door.ask(method, path.replace("{id}", who), headers=headers, send=send), who)
                for who in (there, nowhere)
            ]
            told += [(method, path, answers)] if answers[0] != answers[1] else []
        assert kept(on, foreign) == before
    assert told == []


def _names(user: User, handle: Handle, number: int) -> tuple[str, str]:
    """What a door calls a user, and the like of it that nobody is called."""
    match handle:
        case Handle.NUMBER:
            return str(user.number), str(800_000 + user.number)
        case Handle.UID:
            return user.uid, str(uuid4())
        case _:
            return user.login, f"n{user.login[1:]}"


@pytest.mark.proves("AZ-6", "V6.8.1")
def test_ids_that_clients_choose_never_select_somebody_by_an_internal_id(
    stage: tuple[str, Stage],
) -> None:
    """Users who bear another's internal ids as external id, key and login; resets by internal id reach the owner."""
    name, on = stage
    if name not in ("hdp", "uipath", "scim"):
        pytest.skip("this door selects by names that clients choose, which are each in a namespace of their own")
    owner = on.user(password=GOOD)
    doubles = [_double(on, key=owner.uid, external=owner.uid), _double(on, key=str(owner.number), external=owner.key)]
    before = verifiers(on, owner, *doubles)
    _, headers = on.actor("administrator")
    path, send = {
        "hdp": (f"/api/admin/users/{owner.number}/resetpassword", {"newPassword": OTHER}),
        "uipath": (f"/identity_/api/User/{owner.uid}", {"password": OTHER}),
        "scim": (f"/scim/v2/Users/{owner.uid}", None),
    }[name]
    if name == "scim":
        patch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
        value = {"schemas": [patch], "Operations": [{"op": "replace", "value": {"password": OTHER}}]}
        answer = on.door.ask("PATCH", path, headers=headers, send=value)
    else:
        answer = on.door.ask("PUT", path, headers=headers, send=send)
    assert answer.status < 300, answer
    after = verifiers(on, owner, *doubles)
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def _double(stage: Stage, *, key: str, external: str) -> User:
    """Somebody whose client-chosen ids are another's internal ones."""
    body = {"id": key, "username": key, "displayName": "x", "extension": {"externalId": external}}
    made = stage.door.ask("POST", "/v3/users", headers={"x-access-token": stage.door.key_token()}, send=body)
    assert made.status in (201, 409), made
    with stage.door.house.store.reading() as view:
        user = view.users.get(1, key, Handle.KEY)
    assert user is not None
    assert key not in (user.uid, str(user.number))
    return user
