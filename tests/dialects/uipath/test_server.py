"""The server half beyond what documents print: refusals, scopes, organizations, and nothing given away."""

import re
from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.errors import Busy
from keyturn.core.storage import Tenant
from keyturn.dialects.uipath.server_asking import Door
from tests.dialects.uipath.kit import GOOD, OTHER, ask_for_token, client_of, code, form_of, fresh, stored, token_of
from tests.support.server import Answer, OpenDoor, served

ACME = "33333333-3333-4333-8333-333333333333"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with a second organization."""
    with served(tmp_path_factory.mktemp("uipath")) as door:
        with door.house.store.writing() as transaction:
            transaction.tenants.put(Tenant(2, "acme", ACME, {}))
        yield door


@pytest.fixture(scope="module")
def token(door: OpenDoor) -> str:
    """The token of a client that may do everything."""
    return token_of(door, client_of(door))


def problem(answer: Answer, field: str, status: int = 400) -> bool:
    """Whether a refusal is ValidationProblemDetails about this field, with a trace."""
    body = answer.json
    traced = re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", body["traceId"])
    return bool(traced) and (answer.status, body["status"], [*body["errors"]]) == (status, status, [field])


PLACES = ("/identity", "/identity_", "/default/identity", "/default/identity_", "/default/any/identity_",
          "/default/any/identity", "//default//identity_")  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_every_address_of_the_vendor_leads_to_the_same_users(door: OpenDoor, token: str, place: str) -> None:
    """Also the token endpoint."""
    assert door.ask("GET", f"{place}/api/User/admin", token=token).json["userName"] == "admin"
    assert ask_for_token(door, form_of(client_of(door)), place).status == 200


def test_an_organization_is_named_or_numbered_by_guid(door: OpenDoor, token: str) -> None:
    """In any letter case, as GUIDs are."""
    with door.house.store.reading() as view:
        guid = view.tenants.all()[0].guid
    for name in (guid, guid.upper(), "default"):
        assert door.ask("GET", f"/{name}/identity_/api/User/users/{name}", token=token).status == 200


@pytest.mark.parametrize("org", ["acme", ACME, "nowhere"])
def test_a_foreign_organization_and_none_at_all_look_the_same(door: OpenDoor, token: str, org: str) -> None:
    """In the address, as a partition, in a body and at the entrance."""
    body = {"partitionGlobalId": org, "users": [{"userName": "x"}], "userIds": ["admin"], "userName": "x"}
    made = client_of(door)
    answers = [
        door.ask("GET", f"/{org}/identity_/api/User/admin", token=token),
        door.ask("GET", f"/identity_/api/User/users/{org}", token=token),
        door.ask("POST", "/identity_/api/User/BulkCreate", token=token, send=body),
        door.ask("POST", "/identity_/api/User", token=token, send=body),
        door.ask("DELETE", "/identity_/api/User", token=token, send=body),
        ask_for_token(door, form_of(made), f"/{org}/identity_"),
    ]
    assert {(answer.status, answer.text) for answer in answers} == {
        (404, '{"errorMessage":"there is no such organization"}')
    }


def test_a_client_of_another_organization_sees_its_own_users_alone(door: OpenDoor, token: str) -> None:
    """A user of the first one is missing for it."""
    theirs = token_of(door, client_of(door, tenant=2))
    assert door.ask("GET", "/identity_/api/User/admin", token=theirs).status == 404
    made = door.ask("POST", "/acme/identity_/api/User", token=theirs, send={"userName": "amal"})
    assert stored(door, "amal", 2) is not None
    uid = made.json["user"]["id"]
    for method, path, send in (("GET", "", None), ("PUT", "", {"password": GOOD}), ("DELETE", "", None)):
        assert door.ask(method, f"/identity_/api/User/{uid}{path}", token=token, send=send).status == 404


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer rubbish"}, {"authorization": "Basic YTpi"}])
def test_without_a_good_token_nothing_is_told(door: OpenDoor, headers: Mapping[str, str]) -> None:
    """401 without a body; the organization is not looked at."""
    for path in ("/identity_/api/User/admin", "/nowhere/identity_/api/User/admin"):
        answer = door.ask("GET", path, headers=headers)
        assert (answer.status, answer.body) == (401, b"")
        shown = "Bearer" in headers.get("authorization", "")
        assert answer.headers["www-authenticate"] == ('Bearer error="invalid_token"' if shown else "Bearer")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/identity_/api/Nothing", 404),
        ("GET", "/default/identity_/api", 404),
        ("PATCH", "/identity_/api/User/admin", 405),
        ("GET", "/identity_/api/User/x/changepassword", 405),
        ("GET", "/identity_/api/User/users/default?top=many", 400),
        ("GET", "/identity_/api/User/users/default?top=1&top=1", 400),
        ("GET", "/a/b/identity_/api/a%00b", 400),
    ],
)
def test_what_no_command_refuses_is_refused_in_the_vendor_s_shape(
    door: OpenDoor, token: str, method: str, path: str, status: int
) -> None:
    """Also addresses that nobody answers."""
    answer = door.ask(method, path, token=token, send={})
    assert answer.status == status
    assert problem(answer, "request") if status == 400 else [*answer.json] == ["errorMessage"]
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("body", "field", "status"),
    [
        (b'{"oldPassword":1,"newPassword":"x"}', "oldPassword", 400),
        (b'{"oldPassword":"x"}', "newPassword", 400),
        (b"{", "request", 400),
        (b'{"oldPassword":"x","oldPassword":"y","newPassword":"z"}', "request", 400),
        (b"x" * 70_000, "request", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_with_a_trace(
    door: OpenDoor, token: str, body: bytes, field: str, status: int
) -> None:
    """Without a part of what was sent."""
    headers = {"content-type": "application/json"}
    answer = door.ask("POST", "/identity_/api/User/admin/changepassword", token=token, headers=headers, body=body)
    assert problem(answer, field, status)
    plain = door.ask("POST", "/identity_/api/User/admin/changepassword", token=token, body=b"{}")
    assert problem(plain, "request", 415)


def test_a_path_may_name_a_user_by_guid_or_by_key(door: OpenDoor, token: str) -> None:
    """In any letter case of the GUID."""
    who = fresh(door)
    user = stored(door, who)
    assert user is not None
    for name in (who, user.uid, user.uid.upper()):
        assert door.ask("GET", f"/identity_/api/User/{name}", token=token).json["legacyId"] == user.number
        assert door.ask("PUT", f"/identity_/api/User/{name}", token=token, send={"password": GOOD}).status == 200


def test_a_changed_password_is_for_good_and_a_reset_one_is_not(door: OpenDoor, token: str) -> None:
    """A temporary one is used up by the change that carries it."""
    who = fresh(door)
    assert door.ask("PUT", f"/identity_/api/User/{who}", token=token, send={"password": GOOD}).status == 200
    assert door.sign_in(who, GOOD).json["must_change"] is True
    change = {"oldPassword": GOOD, "newPassword": OTHER}
    path = f"/identity_/api/User/{who}/changepassword"
    assert door.ask("POST", path, token=token, send=change).json == {"succeeded": True, "errors": []}
    assert code(door.ask("POST", path, token=token, send=change)) == "PasswordMismatch"
    assert door.sign_in(who, OTHER).json["must_change"] is False


@pytest.mark.parametrize(
    ("password", "expected"),
    [("short", "PasswordTooShort"), ("x" * 2000, "PasswordTooLong"), ("1234567890123456", "PasswordTooCommon")],
)
def test_a_password_against_the_policy_has_a_code(door: OpenDoor, token: str, password: str, expected: str) -> None:
    """Of the same kind as UiPath's own."""
    who = fresh(door, password=GOOD)
    answer = door.ask("PUT", f"/identity_/api/User/{who}", token=token, send={"password": password})
    assert (answer.status, code(answer)) == (400, expected)
    assert password == "short" or password not in answer.text


def test_a_put_with_a_refused_password_changes_nothing_else(door: OpenDoor, token: str) -> None:
    """With a good one both are done."""
    who = fresh(door)
    path, body = f"/identity_/api/User/{who}", {"name": "Amal", "isActive": False}
    assert door.ask("PUT", path, token=token, send={**body, "password": "x"}).status == 400
    assert door.ask("GET", path, token=token).json["name"] is None
    assert door.ask("PUT", path, token=token, send={**body, "password": GOOD}).status == 200
    shown = door.ask("GET", path, token=token).json
    assert (shown["name"], shown["isActive"]) == ("Amal", False)
    assert door.ask("PUT", "/identity_/api/User/nobody-here", token=token, send=body).status == 404


def test_a_batch_of_new_users_is_all_or_none(door: OpenDoor, token: str) -> None:
    """Whoever is in the way of one is in the way of all; also another one of the same batch."""
    held, mail = fresh(door), f"{uuid4().hex}@example.com"

    def ask(*users: dict[str, str]) -> Answer:
        return door.ask("POST", "/identity_/api/User/BulkCreate", token=token, send={"users": users})

    one, two = f"u{uuid4().hex}", f"u{uuid4().hex}"
    for answer in (
        ask({"userName": one}, {"userName": held}),
        ask({"userName": one}, {"userName": one}),
        ask({"userName": one, "email": mail}, {"userName": two, "email": mail.upper()}),
    ):
        assert (answer.status, answer.json["users"], code(answer)) == (400, [], "DuplicateUserName")
    assert stored(door, one) is None
    assert stored(door, two) is None
    good = ask({"userName": one, "email": mail}, {"userName": two})
    assert [user["userName"] for user in good.json["users"]] == [one, two]


def test_a_deleted_name_is_held_and_deleting_many_tells_who_is_left(door: OpenDoor, token: str) -> None:
    """Nobody inherits an id; the others are gone."""
    one, two = fresh(door), fresh(door)
    answer = door.ask("DELETE", "/identity_/api/User", token=token, send={"userIds": [one, "nobody-here", two]})
    assert (answer.status, code(answer), len(answer.json["errors"])) == (400, "UserNotFound", 1)
    assert stored(door, one) is None
    assert stored(door, two) is None
    again = door.ask("POST", "/identity_/api/User/BulkCreate", token=token, send={"users": [{"userName": one}]})
    assert code(again) == "ReservedUserName"
    assert door.ask("DELETE", f"/identity_/api/User/{one}", token=token).status == 404


def test_deleting_many_takes_names_and_guids_in_any_order(door: OpenDoor, token: str) -> None:
    """And tells of each who was not there."""
    names = [fresh(door) for _ in range(4)]
    guids = [door.ask("GET", f"/identity_/api/User/{name}", token=token).json["id"] for name in names]
    mixed = [names[0], guids[1].upper(), guids[2], names[3]]
    answer = door.ask("DELETE", "/identity_/api/User", token=token, send={"userIds": mixed})
    assert (answer.status, answer.json["succeeded"]) == (200, True)
    assert [stored(door, name) for name in names] == [None] * 4
    answer = door.ask("DELETE", "/identity_/api/User", token=token, send={"userIds": mixed})
    assert (answer.status, code(answer), len(answer.json["errors"])) == (400, "UserNotFound", 4)
    alone = door.ask("DELETE", "/identity_/api/User", token=token, send={"userIds": mixed[:1]})
    assert (alone.status, code(alone)) == (404, "UserNotFound")


def test_a_list_has_ten_unless_more_are_asked_for(door: OpenDoor, token: str) -> None:
    """And says how many there are."""
    for _ in range(11):
        fresh(door)
    path = "/identity_/api/User/users/default"
    first = door.ask("GET", path, token=token).json
    rest = door.ask("GET", f"{path}?skip=10&top=1000", token=token).json
    assert len(first["results"]) == 10
    assert first["totalCount"] == rest["totalCount"] == 10 + len(rest["results"])
    assert [user["legacyId"] for user in rest["results"]] == sorted(user["legacyId"] for user in rest["results"])
    assert door.ask("GET", f"{path}?searchTerm={GOOD.replace(' ', '%20')}", token=token).json["results"] == []


def test_a_list_is_sorted_as_asked(door: OpenDoor, token: str) -> None:
    """Either way; by what it is not sorted by here is said."""
    piece = uuid4().hex[:10]
    for name in ("b", "c", "a"):
        door.ask("POST", "/identity_/api/User", token=token, send={"userName": f"{name}-{piece}"})
    path = f"/identity_/api/User/users/default?searchTerm={piece}"
    for query, expected in (("", "bca"), ("&sortBy=UserName", "abc"), ("&sortBy=UserName&sortOrder=desc", "cba")):
        shown = door.ask("GET", path + query, token=token).json["results"]
        assert "".join(user["userName"][0] for user in shown) == expected
    assert problem(door.ask("GET", f"{path}&sortBy=InvitationAccepted", token=token), "sortBy")


def test_the_portal_s_list_of_licences_shows_the_users(door: OpenDoor, token: str) -> None:
    """Of the caller's own organization, whether it is named or not."""
    who = fresh(door)
    for query in (f"searchTerm={who}", f"searchTerm={who}&partitionGlobalId=default"):
        answer = door.ask("GET", f"/portal_/api/identity/UserPartition/licenses?{query}", token=token)
        assert [user["userName"] for user in answer.json["results"]] == [who]
    foreign = door.ask("GET", "/portal_/api/identity/UserPartition/licenses?partitionGlobalId=acme", token=token)
    assert foreign.status == 404


def test_a_user_is_in_one_organization(door: OpenDoor, token: str) -> None:
    """Named by name or GUID; of nobody there is none to tell."""
    who = fresh(door)
    user = stored(door, who)
    assert user is not None
    for name in (who, user.uid.upper()):
        [told] = door.ask("GET", f"/identity_/api/UserPartition/partitions/{name}", token=token).json
        assert (told["name"], len(told["partitionGlobalId"])) == ("default", 36)
    assert door.ask("GET", "/identity_/api/UserPartition/partitions/nobody", token=token).status == 404


def test_the_id_that_a_client_makes_up_is_kept_if_it_is_free(door: OpenDoor, token: str) -> None:
    """On the whole server, not twice in one batch, and in small letters; else the batch fails as a duplicate."""
    guid = str(uuid4())

    def ask(*ids: str) -> Answer:
        users = [{"userName": f"u{uuid4().hex}", "id": one} for one in ids]
        return door.ask("POST", "/identity_/api/User/BulkCreate", token=token, send={"users": users})

    assert [user["id"] for user in ask(guid.upper()).json["users"]] == [guid]
    assert code(ask(guid)) == "DuplicateUserName"
    twice = str(uuid4())
    answer = ask(twice, twice.upper())
    assert (code(answer), answer.json["users"]) == ("DuplicateUserName", [])
    theirs = token_of(door, client_of(door, tenant=2))
    users = {"users": [{"userName": "x", "id": guid}]}
    assert code(door.ask("POST", "/identity_/api/User/BulkCreate", token=theirs, send=users)) == "DuplicateUserName"
    [made] = ask("00000000-0000-0000-0000-000000000000").json["users"]
    assert made["id"] != "00000000-0000-0000-0000-000000000000"


def test_whoever_is_invited_is_mailed_and_accepts_by_setting_a_password(door: OpenDoor, token: str) -> None:
    """Nothing secret is in the answer; what the mail says signs in once, to set a password."""
    who = f"u{uuid4().hex}"
    users = {"users": [{"userName": who, "email": f"{who}@example.com", "bypassBasicAuthRestriction": True}]}
    [made] = door.ask("POST", "/identity_/api/User/InviteUsers", token=token, send=users).json["users"]
    assert (made["invitationAccepted"], made["bypassBasicAuthRestriction"]) == (False, True)
    with door.house.store.reading() as view:
        [mail] = view.outbox.list(1, uid=made["id"])
    secret = door.house.parts.minter.one_time(mail.operation, mail.uid, key_id=mail.derive_id).reveal()
    path = f"/identity_/api/User/{who}"
    assert door.ask("PUT", path, token=token, send={"bypassBasicAuthRestriction": False}).status == 200
    assert door.ask("GET", path, token=token).json["invitationAccepted"] is False
    change = {"oldPassword": secret, "newPassword": GOOD}
    assert door.ask("POST", f"{path}/changepassword", token=token, send=change).status == 200
    assert door.ask("GET", path, token=token).json["invitationAccepted"] is True
    assert door.ask("PUT", path, token=token, send={"invitationAccepted": False}).status == 200
    assert door.ask("GET", path, token=token).json["invitationAccepted"] is False


def test_invitations_are_all_or_none(door: OpenDoor, token: str) -> None:
    """Nobody without an address, nobody with a password, and nobody where one is in the way."""
    one, held = f"u{uuid4().hex}", fresh(door)

    def ask(*users: dict[str, str]) -> Answer:
        return door.ask("POST", "/identity_/api/User/InviteUsers", token=token, send={"users": users})

    assert problem(ask({"userName": one}), "users")
    assert problem(ask({"userName": one, "email": "x@example.com", "password": GOOD}), "users")
    both = ask({"userName": one, "email": "x@example.com"}, {"userName": held, "email": "y@example.com"})
    assert (both.status, code(both), both.json["users"]) == (400, "DuplicateUserName", [])
    assert stored(door, one) is None


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_an_operation_id_must_be_one_short_text(door: OpenDoor, token: str, key: str) -> None:
    """400; two of them cannot both be meant."""
    headers = {"idempotency-key": key}
    assert problem(door.ask("DELETE", "/identity_/api/User/nobody", token=token, headers=headers), "request")


def test_a_repeated_operation_is_answered_alike(door: OpenDoor, token: str) -> None:
    """And done once."""
    who, headers = fresh(door), {"idempotency-key": uuid4().hex}
    path, change = f"/identity_/api/User/{who}", {"password": GOOD}
    for _ in range(2):
        assert door.ask("PUT", path, token=token, headers=headers, send=change).status == 200
    answer = door.ask("PUT", path, token=token, headers=headers, send={"password": OTHER})
    assert (answer.status, code(answer)) == (409, "OperationReused")


async def test_a_busy_directory_says_when_to_come_back(door: OpenDoor) -> None:
    """503 in the vendor's shape."""

    async def busy(request: Request) -> Response:
        raise Busy("too much to do")

    answer = await Door(door.house.gate).open(busy)(Request({"type": "http"}))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
