"""SCIM at our own door: who may come in, what is answered, and what never is."""

import json

import pytest

from keyturn.core.users import USER_RIGHTS, Right, Status
from tests.dialects.scim.kit import (
    GOOD,
    OTHER,
    USER,
    Client,
    events,
    fresh,
    person,
    stored,
    token_of,
)
from tests.support.server import OpenDoor

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PASSWORD_PATHS: list[dict[str, object]] = [
    {"op": "replace", "path": "password", "value": OTHER},
    {"op": "Replace", "value": {"password": OTHER}},
    {"op": "add", "path": f"{USER}:password", "value": OTHER},
]


def signs_in(door: OpenDoor, login: str, password: str) -> bool:
    """One try to sign in at our own door."""
    return door.sign_in(login, password).status == 201


def test_a_whole_user_comes_back_without_the_password(client: Client) -> None:
    """Every attribute of the RFC is kept, those of the enterprise extension too."""
    sent = {
        "schemas": [USER, ENTERPRISE], "userName": fresh(), "externalId": "701984", "displayName": "Babs Jensen",
        "name": {"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara",
                 "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III"},
        "nickName": "Babs", "profileUrl": "https://login.example.com/bjensen", "title": "Tour Guide",
        "userType": "Employee", "preferredLanguage": "en-US", "locale": "en-US", "timezone": "America/Los_Angeles",
        "active": True, "password": GOOD,
        "emails": [{"value": "bjensen@example.com", "type": "work", "primary": True, "display": "at work"},
                   {"value": "babs@jensen.org", "type": "home"}],
        "addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood",
                       "region": "CA", "postalCode": "91608", "country": "USA", "primary": True,
                       "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA"}],
        "phoneNumbers": [{"value": "555-555-5555", "type": "work"}], "ims": [{"value": "someaimhandle", "type": "aim"}],
        "photos": [{"value": "https://photos.example.com/F", "type": "photo"}], "roles": [{"value": "guide"}],
        "entitlements": [{"value": "all"}], "x509Certificates": [{"value": "MIIDQzCCAqygAwIBAgICEAA="}],
        ENTERPRISE: {"employeeNumber": "701984", "costCenter": "4130", "organization": "Universal Studios",
                     "division": "Theme Park", "department": "Tour Operations",
                     "manager": {"value": "26118915", "displayName": "John Smith"}},
    }  # fmt: skip
    answer = client.ask("POST", "/Users", sent)
    assert answer.status == 201, answer
    shown = answer.json
    told = {name: value for name, value in sent.items() if name != "password"}
    # The manager's name is the server's to know, by the schema.
    told[ENTERPRISE] = {**sent[ENTERPRISE], "manager": {"value": "26118915"}}  # type: ignore[dict-item]  # a literal
    assert {name: shown[name] for name in told} == told
    assert shown["meta"]["location"] == answer.headers["location"] == f"{client.door.url}/scim/v2/Users/{shown['id']}"
    assert client.ask("GET", f"/Users/{shown['id']}").json == shown
    assert GOOD not in answer.text
    assert signs_in(client.door, str(sent["userName"]), GOOD)


def test_what_is_removed_is_gone_and_the_rest_stays(client: Client) -> None:
    """Through PATCH as through PUT; what SCIM has no word for stays as other doors put it."""
    uid = client.add(title="Dr", nickName="Al", emails=[{"value": "a@b.example", "type": "work"}])
    assert client.patch(uid, {"op": "remove", "path": 'emails[type eq "work"]'}).status == 204
    assert client.patch(uid, {"op": "replace", "value": {"title": "Prof"}}).status == 204
    shown = client.ask("GET", f"/Users/{uid}").json
    assert ("emails" in shown, shown["title"], shown["nickName"]) == (False, "Prof", "Al")
    again = client.ask("PUT", f"/Users/{uid}", {"schemas": [USER], "userName": shown["userName"], "title": "Dr"})
    assert (again.status, again.json["title"], "nickName" in again.json, again.json["active"]) == (
        200,
        "Dr",
        False,
        True,
    )


def test_a_put_of_what_is_there_changes_nothing(client: Client) -> None:
    """Neither the version nor the audit."""
    uid = client.add(title="Dr")
    shown = client.ask("GET", f"/Users/{uid}").json
    before = len(events(client.door, uid))
    answer = client.ask("PUT", f"/Users/{uid}", shown)
    assert (answer.status, answer.json["meta"]["version"]) == (200, shown["meta"]["version"])
    assert len(events(client.door, uid)) == before


@pytest.mark.parametrize("operation", PASSWORD_PATHS, ids=str)
def test_a_password_is_set_as_a_known_value(client: Client, operation: dict[str, object]) -> None:
    """Temporary, ends what went before, and is told to nobody."""
    uid = client.add(password=GOOD)
    user = stored(client.door, uid)
    assert user is not None
    answer = client.patch(uid, operation)
    assert (answer.status, answer.body) == (204, b"")
    assert not signs_in(client.door, user.login, GOOD)
    assert signs_in(client.door, user.login, OTHER)
    after = stored(client.door, uid)
    assert after is not None
    assert after.must_change
    assert ("password.reset", "changed", "") in events(client.door, uid)


def test_a_password_comes_first_and_the_rest_with_it(client: Client) -> None:
    """One PUT: both are done, each audited."""
    uid = client.add()
    user = stored(client.door, uid)
    assert user is not None
    body = {"schemas": [USER], "userName": user.login, "password": GOOD, "title": "Dr", "active": False}
    assert client.ask("PUT", f"/Users/{uid}", body).status == 200
    after = stored(client.door, uid)
    assert after is not None
    assert (after.profile.title, after.status, after.has_password) == ("Dr", Status.DISABLED, True)
    assert [verb for verb, _, _ in events(client.door, uid)] == ["user.create", "password.reset", "user.update"]


def test_a_refused_password_leaves_everything_as_it_was(client: Client) -> None:
    """And says why in words, and in brackets for our own client."""
    uid = client.add(title="Dr")
    answer = client.patch(uid, {"op": "replace", "value": {"password": "x", "title": "Prof"}})
    assert (answer.status, answer.json["scimType"], answer.json["status"]) == (400, "invalidValue", "400")
    assert answer.json["detail"].endswith("[too-short]")
    user = stored(client.door, uid)
    assert user is not None
    assert (user.profile.title, user.has_password) == ("Dr", False)


def test_a_name_that_is_taken_is_said_after_the_password_was_set(client: Client) -> None:
    """The one case of half a change is told as what it is."""
    uid, taken = client.add(), person(client.door)
    answer = client.patch(uid, {"op": "replace", "value": {"password": GOOD, "userName": taken}})
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert answer.json["detail"].startswith("the password was set, but the rest was not")
    user = stored(client.door, uid)
    assert user is not None
    assert user.has_password


@pytest.mark.parametrize(
    "query",
    [
        'filter=password eq "nine green bottles on a wall"', "filter=password pr", 'filter=not (password eq "x")',
        'filter=userName pr and password sw "n"', f'filter={USER}:password eq "x"', "filter=PASSWORD pr",
    ],
)  # fmt: skip
@pytest.mark.proves("AP-15")
def test_a_filter_never_looks_at_a_password(client: Client, query: str) -> None:
    """Not in any spelling, and not by POST; one in an address is called what it is."""
    wanted = query.removeprefix("filter=")
    answers = [
        client.ask("GET", f"/Users?{query.replace(' ', '%20').replace(chr(34), '%22')}"),
        client.ask("POST", "/Users/.search", {"filter": wanted}),
        client.ask("POST", "/.search", {"filter": wanted}),
    ]
    told = [(answer.status, answer.json["scimType"]) for answer in answers]
    assert told == [(403, "sensitive"), (400, "invalidFilter"), (400, "invalidFilter")]


def test_no_list_is_sorted_by_a_password_and_no_answer_shows_one(client: Client) -> None:
    """Asked for by name or not."""
    uid = client.add(password=GOOD)
    assert client.ask("GET", "/Users?sortBy=password").status == 400
    for path in (f"/Users/{uid}?attributes=password", f"/Users/{uid}", "/Users?attributes=password", "/Users"):
        answer = client.ask("GET", path)
        assert GOOD not in answer.text
        assert "password" not in json.dumps(answer.json)


def test_a_stale_version_is_refused_and_a_known_one_saves_the_answer(client: Client) -> None:
    """`If-Match` and `If-None-Match`."""
    uid = client.add()
    tag = client.ask("GET", f"/Users/{uid}").headers["etag"]
    title = {"op": "replace", "path": "title", "value": "Dr"}
    assert client.ask("GET", f"/Users/{uid}", headers={"if-none-match": tag}).status == 304
    assert client.patch(uid, title, headers={"if-match": 'W/"77"'}).status == 412
    assert client.patch(uid, title, headers={"if-match": tag}).status == 204
    assert client.ask("DELETE", f"/Users/{uid}", headers={"if-match": tag}).status == 412
    fresh_tag = client.ask("GET", f"/Users/{uid}").headers["etag"]
    assert client.ask("DELETE", f"/Users/{uid}", headers={"if-match": fresh_tag}).status == 204


def test_a_repeated_creation_is_answered_alike(client: Client) -> None:
    """`Idempotency-Key`, as at our other doors."""
    body, key = {"schemas": [USER], "userName": fresh()}, {"idempotency-key": fresh()}
    first, second = (client.ask("POST", "/Users", body, key) for _ in range(2))
    assert (first.status, second.status, first.json["id"]) == (201, 201, second.json["id"])
    other = client.ask("POST", "/Users", {**body, "userName": fresh()}, key)
    assert (other.status, other.json["detail"].endswith("[operation-reused]")) == (409, True)
    assert client.ask("POST", "/Users", body, {"idempotency-key": "x" * 256}).status == 400


def test_removing_active_hides_it_until_it_is_set(client: Client) -> None:
    """And the status stays as it was."""
    uid = client.add(active=False)
    assert client.patch(uid, {"op": "remove", "path": "active"}).status == 204
    assert "active" not in client.ask("GET", f"/Users/{uid}").json
    assert client.patch(uid, {"op": "replace", "path": "title", "value": "Dr"}).status == 204
    user = stored(client.door, uid)
    assert user is not None
    assert (user.status, "active" in client.ask("GET", f"/Users/{uid}").json) == (Status.DISABLED, False)
    assert client.patch(uid, {"op": "replace", "path": "active", "value": True}).status == 204
    assert client.ask("GET", f"/Users/{uid}").json["active"] is True


@pytest.mark.parametrize("rights", [frozenset({Right.AUDIT}), frozenset({Right.MODIFY_USERS})])
def test_who_may_not_see_users_finds_and_changes_nobody(door: OpenDoor, rights: frozenset[Right]) -> None:
    """Lists are refused, and so is every change, with a row in the audit."""
    uid = Client(door).add()
    weak = Client(door, token_of(door, rights))
    assert weak.ask("GET", f"/Users/{uid}").status == 404
    assert [weak.ask("GET", path).status for path in ("/Users", "/Groups", "")] == [403, 403, 403]
    assert weak.ask("POST", "/Users/.search", {}).status == 403
    assert weak.patch(uid, {"op": "replace", "path": "active", "value": False}).status == 403
    assert weak.ask("DELETE", f"/Users/{uid}").status == 403
    assert events(door, uid)[-2:] == [
        ("user.update", "refused", "not-allowed"), ("user.delete", "refused", "not-allowed"),
    ]  # fmt: skip


def test_each_right_opens_its_own_part(door: OpenDoor) -> None:
    """View, create, modify, delete."""
    uid = Client(door).add()
    viewer = Client(door, token_of(door, frozenset({Right.VIEW_USERS})))
    maker = Client(door, token_of(door, frozenset({Right.CREATE_USERS})))
    assert viewer.ask("GET", f"/Users/{uid}").status == 200
    assert viewer.patch(uid, {"op": "replace", "path": "title", "value": "x"}).status == 403
    assert viewer.ask("DELETE", f"/Users/{uid}").status == 403
    assert viewer.ask("POST", "/Users", {"schemas": [USER], "userName": fresh()}).status == 403
    assert maker.ask("POST", "/Users", {"schemas": [USER], "userName": fresh()}).status == 201
    remover = Client(door, token_of(door, frozenset({Right.VIEW_USERS, Right.DELETE_USERS})))
    assert remover.ask("DELETE", f"/Users/{uid}").status == 204


def test_nobody_touches_an_administrator_with_more_rights(door: OpenDoor) -> None:
    """Law 3, whatever the verb."""
    strong = Client(door)
    uid = next(one["id"] for one in strong.ask("GET", "/Users").json["Resources"] if one["userName"] == "admin")
    weaker = Client(door, token_of(door, USER_RIGHTS))
    stop: dict[str, object] = {"op": "replace", "path": "active", "value": False}
    for operation in (*PASSWORD_PATHS, stop):
        assert weaker.patch(uid, operation).status == 403
    assert weaker.ask("DELETE", f"/Users/{uid}").status == 403


def test_a_stranger_and_a_user_elsewhere_look_the_same(door: OpenDoor) -> None:
    """Missing, with a row in the audit where something was to be changed."""
    client, gone = Client(door), "2819c223-7f76-453a-919d-413861904646"
    operation = {"op": "replace", "path": "active", "value": False}
    answers = [
        client.ask("GET", f"/Users/{gone}"),
        client.patch(gone, operation),
        client.ask("DELETE", f"/Users/{gone}"),
    ]
    answers.append(client.ask("GET", f"/Groups/{gone}"))
    answers.append(client.ask("DELETE", f"/Groups/{gone}"))
    assert {answer.status for answer in answers} == {404}
    assert events(door, gone) == [
        ("user.update", "refused", "no-such-user"), ("user.delete", "refused", "no-such-user"),
        ("group.delete", "refused", "no-such-group"),
    ]  # fmt: skip


def test_a_name_asked_for_as_it_is_written_finds_that_user_alone(client: Client) -> None:
    """Providers ask so before each change, and take two for a fault; another spelling finds both."""
    name = f"abc{fresh()}"
    small, large = client.add(userName=name), client.add(userName=name.upper())
    for wanted, found in ((name, [small]), (name.upper(), [large]), (name.title(), [small, large])):
        answer = client.ask("GET", f"/Users?filter=userName%20eq%20%22{wanted}%22")
        assert ([one["id"] for one in answer.json["Resources"]], answer.json["totalResults"]) == (found, len(found))
    assert client.found(f"filter=userName%20eq%20%22{name}%22&startIndex=2") == []
    assert client.found(f"filter=userName%20eq%20%22{name}%22&count=0") == []
    assert client.ask("GET", f"?filter=userName%20eq%20%22{name}%22").json["totalResults"] == 2
