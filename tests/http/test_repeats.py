"""A request that comes again, or many at once, with one name: one effect, one mail, and everybody is told the same."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.http.doors import APIS, Doors, all_doors, effects
from tests.support.server import Answer, OpenDoor

AT_ONCE = 20


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All doors of one directory."""
    with all_doors(tmp_path_factory.mktemp("repeats")) as found:
        yield found


def at_once(ask: Callable[[], Answer], times: int = AT_ONCE) -> list[Answer]:
    """The same request so many times at the same moment."""
    with ThreadPoolExecutor(times) as pool:
        return [one.result() for one in [pool.submit(ask) for _ in range(times)]]


def mails(door: OpenDoor) -> int:
    """How many mails there are, and were."""
    with door.house.store.reading() as view:
        return sum(view.outbox.counts().values())


Row = tuple[str, str, str, Any, str]
PERSON = {"id": "bela", "mail": "bela@example.com", "notify": True}
CREATION = {"userName": "dana", "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}
GROUP = {"displayName": "desk", "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}
CALLS: list[Row] = [
    ("keyturn", "POST", "/keyturn/v1/users", PERSON, "user.create"),
    ("keyturn", "POST", "/keyturn/v1/users/amal/reset", {}, "password.reset"),
    ("keyturn", "POST", "/keyturn/v1/keys", {"kind": "keyturn", "rights": []}, "key.create"),
    ("mas", "POST", "/v3/users", {"id": "cyd", "displayName": "Cyd"}, "user.create"),
    ("mas", "POST", "/v3/users/amal/password?emailPassword=true", {}, "password.reset"),
    ("mas", "POST", "/v1/apikeys", {"description": "x", "permissions": {}}, "key.create"),
    ("scim", "POST", "/scim/v2/Users", CREATION, "user.create"),
    ("scim", "POST", "/scim/v2/Groups", GROUP, "group.create"),
    ("uipath", "POST", "/identity_/api/Group", {"name": "robots"}, "group.create"),
    ("primavera", "PUT", "/cloudapi/restapi/v3/user/auto-reset-pwd", ["amal"], "password.reset"),
    ("hdp", "POST", "/api/admin/tenants", {"name": "acme", "description": ""}, "tenant.create"),
]


def headers(doors: Doors, name: str, key: str) -> dict[str, str]:
    """Credentials of a door, and the name of the request."""
    call = next(call for call in APIS[name].calls if not call.anybody and call.method != "GET" and not call.ways)
    return {**doors.headers(name, call), "idempotency-key": key, "content-type": "application/json"}


@pytest.mark.proves("AP-6")
@pytest.mark.parametrize(("name", "method", "path", "body", "verb"), CALLS, ids=[f"{c[0]} {c[2]}" for c in CALLS])
def test_many_at_once_with_one_name_are_one(
    name: str, method: str, path: str, body: object, verb: str, doors: Doors
) -> None:
    before, mailed, key = effects(doors.door).count(verb), mails(doors.door), f"once {name} {path}"
    sent, told = json.dumps(body).encode(), headers(doors, name, key)
    answers = at_once(lambda: doors.door.ask(method, path, headers=told, body=sent))
    assert {answer.status for answer in answers} <= {200, 201, 202, 204}, answers
    assert len({answer.body for answer in answers}) == 1
    assert effects(doors.door).count(verb) == before + 1
    assert mails(doors.door) - mailed in (0, 1)


@pytest.mark.proves("AP-6")
@pytest.mark.parametrize(
    ("name", "path", "first", "other", "status"),
    [
        ("keyturn", "/keyturn/v1/users", {"id": "eve"}, {"id": "eva"}, 422),
        ("keyturn", "/keyturn/v1/keys", {"kind": "keyturn"}, {"kind": "mas"}, 422),
        ("mas", "/v3/users", {"id": "fay"}, {"id": "fey"}, 409),
        ("scim", "/scim/v2/Groups", {**GROUP, "displayName": "g1"}, {**GROUP, "displayName": "g2"}, 409),
    ],
)
def test_a_name_that_stands_for_another_request_is_refused(
    name: str, path: str, first: object, other: object, status: int, doors: Doors
) -> None:
    told = headers(doors, name, f"other {name} {path}")
    assert doors.door.ask("POST", path, headers=told, send=first).status in (200, 201)
    before = effects(doors.door)
    refused = doors.door.ask("POST", path, headers=told, send=other)
    assert refused.status == status, refused
    assert effects(doors.door) == before


@pytest.mark.proves("AP-14", "V15.4.2")
def test_of_many_who_change_one_version_one_wins(doors: Doors) -> None:
    made = doors.door.ask(
        "POST", "/scim/v2/Users", headers=headers(doors, "scim", ""), send={**CREATION, "userName": "r"}
    )
    path = f"/scim/v2/Users/{made.json['id']}"
    tag = doors.door.ask("GET", path, headers=headers(doors, "scim", "")).headers["etag"]
    told = {**headers(doors, "scim", ""), "if-match": tag}

    def change(number: int) -> int:
        sent = {**CREATION, "userName": "r", "title": f"title {number}"}
        return doors.door.ask("PUT", path, headers=told, send=sent).status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = sorted(pool.map(change, range(AT_ONCE)))
    assert statuses == [200] + [412] * (AT_ONCE - 1)


@pytest.mark.proves("AP-7")
def test_a_batch_that_is_too_long_is_refused_before_anything_is_done(doors: Doors) -> None:
    before = effects(doors.door)
    many = [
        {"method": "POST", "path": "/Users", "bulkId": str(n), "data": {**CREATION, "userName": f"b{n}"}}
        for n in range(1001)
    ]
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": many}
    answer = doors.door.ask("POST", "/scim/v2/Bulk", headers=headers(doors, "scim", ""), send=bulk)
    assert answer.status == 413, answer
    people = ["amal"] + [f"nobody{number}" for number in range(1001)]
    told = headers(doors, "primavera", "")
    answer = doors.door.ask("PUT", "/cloudapi/restapi/v3/user/auto-reset-pwd", headers=told, send=people)
    assert answer.status == 413, answer
    assert effects(doors.door) == before
    told = headers(doors, "uipath", "")
    new = [{"userName": f"b{number}", "email": f"b{number}@example.com"} for number in range(1001)]
    body = {"partitionGlobalId": doors.door.made.tenant.guid, "users": new, "groupIDs": []}
    answer = doors.door.ask("POST", "/identity_/api/User/BulkCreate", headers=told, send=body)
    assert answer.status == 413, answer
    assert effects(doors.door) == before
