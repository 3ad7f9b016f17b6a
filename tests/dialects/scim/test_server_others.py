"""People with Basic at `/Me`, many operations at once, groups, and what comes in that cannot be read."""

import base64
from collections.abc import Mapping
from time import monotonic
from typing import cast

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import ResetPassword
from keyturn.core.errors import Busy, StoreError
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.ports import Gate
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Group, Right
from keyturn.dialects.scim.server_asking import Door, say
from keyturn.dialects.scim.server_service import make_service
from keyturn.dialects.scim.wire_user import Unreadable
from tests.dialects.scim.kit import (
    GOOD,
    GROUP,
    OTHER,
    PATCH,
    USER,
    Client,
    events,
    fresh,
    key_of,
    person,
    stored,
    token_of,
)
from tests.support.server import Answer, OpenDoor

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def as_person(door: OpenDoor, who: str, password: str, method: str, path: str, send: object = None) -> Answer:
    """A request of a person with name and password."""
    packed = base64.b64encode(f"{who}:{password}".encode()).decode()
    return door.ask(method, f"/scim/v2{path}", headers={"authorization": f"Basic {packed}"}, send=send)


def new_password(value: str, **more: object) -> Mapping[str, object]:
    """A PATCH that sets a password, and nothing else unless told."""
    return {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"password": value, **more}}]}


def permanent(door: OpenDoor, password: str = GOOD) -> str:
    """Somebody with a password of their own."""
    who = person(door)
    door.house.directory(FOUNDER, "test").execute([ResetPassword(who, Secret(password), permanent=True)])
    return who


def test_people_see_and_change_themselves_and_nobody_else(door: OpenDoor) -> None:
    who = permanent(door)
    me = as_person(door, who, GOOD, "GET", "/Me")
    assert (me.status, me.json["userName"]) == (200, who)
    assert as_person(door, who, GOOD, "GET", "/Users").status == 403
    assert (
        as_person(
            door,
            who,
            GOOD,
            "PATCH",
            "/Me",
            {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "Boss"}]},
        ).status
        == 403
    )
    assert as_person(door, who, GOOD, "PATCH", "/Me", new_password(OTHER)).status == 204
    assert as_person(door, who, GOOD, "GET", "/Me").status == 401
    user = stored(door, me.json["id"])
    assert user is not None
    assert not user.must_change
    assert ("password.change", "changed", "") in events(door, user.uid)


def test_who_must_change_the_password_can_do_that_alone(door: OpenDoor) -> None:
    who = person(door, GOOD)
    for method, path, send in (
        ("GET", "/Me", None), ("GET", "/Users", None), ("PATCH", "/Me", new_password(OTHER, title="x")),
        ("PATCH", "/Me", {"schemas": [PATCH], "Operations": []}), ("PATCH", "/Me", None),
    ):  # fmt: skip
        refused = as_person(door, who, GOOD, method, path, send)
        assert (refused.status, "PATCH /Me" in refused.json["detail"]) == (403, True)
    assert as_person(door, who, GOOD, "PATCH", "/Me", new_password("x")).status == 400
    named = {"schemas": [PATCH], "Operations": [{"op": "Add", "path": "Password", "value": OTHER}]}
    assert as_person(door, who, GOOD, "PATCH", "/Me", named).status == 204
    assert as_person(door, who, OTHER, "GET", "/Me").status == 200


def test_a_wrong_password_and_a_key_are_nobody_at_me(door: OpenDoor) -> None:
    assert as_person(door, permanent(door), "wrong", "GET", "/Me").status == 401
    assert Client(door).ask("GET", "/Me").status == 404


@pytest.mark.parametrize("token", ["", "nonsense", ".", "a.b.c"])
def test_no_token_and_a_wrong_one_are_turned_away(door: OpenDoor, token: str) -> None:
    answer = door.ask("GET", "/scim/v2/Users", token=token)
    assert (answer.status, answer.headers["www-authenticate"][:6], answer.json["status"]) == (401, "Bearer", "401")
    assert door.ask("GET", "/scim/v2/ServiceProviderConfig", token=token).status == 200


def test_tokens_of_other_doors_open_nothing_here(door: OpenDoor) -> None:
    for token in (door.key_token(), door.admin_token(), door.made.key.token.reveal()):
        assert door.ask("GET", "/scim/v2/Users", token=token).status == 401
    pair = f"{door.made.key.key.id}.{door.made.key.token.reveal()}"
    assert door.ask("GET", "/scim/v2/Users", token=pair).status == 401


def test_this_token_opens_no_other_door(door: OpenDoor) -> None:
    made = key_of(door)
    whole, secret = f"{made.key.id}.{made.token.reveal()}", made.token.reveal()
    places = ("/keyturn/v1/users", "/v3/users", "/identity_/api/User/users/default", "/cloudapi/restapi/user")
    for token in (whole, secret):
        assert {door.ask("GET", place, token=token).status for place in places} == {401}
    basic = {"authorization": "Basic " + base64.b64encode(f"{made.key.id}:{secret}".encode()).decode()}
    assert door.ask("GET", "/api/admin/users", headers=basic).status == 401
    session = door.ask("GET", "/v1/authenticate", headers=basic)
    worthless = str(session.json.get("token"))
    assert {door.ask("GET", place, token=worthless).status for place in places} <= {401, 403}


def test_a_revoked_token_is_dead_at_once_and_so_is_a_tenant_s_at_another(door: OpenDoor) -> None:
    made = key_of(door)
    client = Client(door, f"{made.key.id}.{made.token.reveal()}")
    assert client.ask("GET", "/Users?count=1").status == 200
    door.house.administration(FOUNDER, "test").revoke_key(made.key.id)
    assert client.ask("GET", "/Users?count=1").status == 401


def test_many_operations_have_an_outcome_each(door: OpenDoor) -> None:
    client, there, taken = Client(door), Client(door).add(), person(door)
    operations: list[dict[str, object]] = [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": fresh()}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"schemas": [USER], "userName": taken}},
        {"method": "PATCH", "path": f"/Users/{there}", "data": new_password("x")},
        {"method": "PATCH", "path": f"/Users/{there}", "data": new_password(GOOD)},
        {"method": "POST", "path": "/Groups", "bulkId": "c",
         "data": {"schemas": [GROUP], "displayName": fresh(), "members": [{"value": "bulkId:a"}]}},
        {"method": "DELETE", "path": "/Users/nobody"},
        {"method": "DELETE", "path": f"/Users/{there}"},
    ]  # fmt: skip
    answer = client.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": operations}, {"idempotency-key": fresh()})
    assert answer.status == 200
    told = answer.json["Operations"]
    assert [one["status"] for one in told] == ["201", "409", "400", "200", "201", "404", "204"]
    assert told[1]["response"]["scimType"] == "uniqueness"
    assert [verb for verb, outcome, _ in events(door, there) if outcome == "refused"] == ["password.reset"]


def test_a_bulk_request_is_bounded(client: Client) -> None:
    many = [{"method": "DELETE", "path": "/Users/x"}] * 1001
    assert client.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": many}).status == 413
    assert client.ask("POST", "/Bulk", {"schemas": [BULK], "operations": [1] * 29_000}).status == 413
    changes = [{"op": "replace", "path": "displayName", "value": "x"}] * 1001
    assert client.ask("PATCH", f"/Groups/{fresh()}", {"schemas": [PATCH], "Operations": changes}).status == 413
    assert client.ask("POST", "/Bulk", body=b" " * (1024 * 1024 + 1)).status == 413


def _by_kind(count: int) -> dict[str, object]:
    paths = [f'emails[type eq "t{number}"].value' for number in range(count)]
    changes = [{"op": "add", "path": path, "value": f"a{number}@example.com"} for number, path in enumerate(paths)]
    return {"schemas": [PATCH], "Operations": changes}


def test_what_would_take_the_library_long_is_refused_before_it_begins(client: Client) -> None:
    """Paths with filters are held against all values of a user, again and again, while everybody waits."""
    who = client.add()
    assert client.ask("PATCH", f"/Users/{who}", _by_kind(30)).status == 204
    assert client.ask("PATCH", f"/Users/{who}", _by_kind(31)).status == 413
    few = [{"method": "PATCH", "path": f"/Users/{who}", "data": _by_kind(30)}] * 17
    assert client.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": few}).status == 413
    mails = [{"value": f"m{number}@example.com"} for number in range(201)]
    many = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "emails", "value": mails}]}
    assert client.ask("PATCH", f"/Users/{who}", many).status == 413
    keys = {f'emails[type eq "t{number}"].value': "x" for number in range(31)}
    pathless = {"schemas": [PATCH], "Operations": [{"op": "add", "value": keys}]}
    assert client.ask("PATCH", f"/Users/{who}", pathless).status == 413
    people = [{"value": who}] * 201
    joined = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": people}]}
    assert client.ask("PATCH", f"/Groups/{fresh()}", joined).status == 404


def test_a_group_is_made_changed_and_deleted(client: Client) -> None:
    one, two = client.add(), client.add()
    name = fresh()
    made = client.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "externalId": "E",
                                          "members": [{"value": one}]})  # fmt: skip
    assert made.status == 201
    path = f"/Groups/{made.json['id']}"
    assert client.ask("GET", f"/Users/{one}").json["groups"][0]["value"] == made.json["id"]
    swap = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": two}]},
                                               {"op": "remove", "path": f'members[value eq "{one}"]'}]}  # fmt: skip
    assert client.ask("PATCH", path, swap).status == 204
    shown = client.ask("GET", path).json
    assert ([member["value"] for member in shown["members"]], shown["externalId"]) == ([two], "E")
    assert client.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": name.upper()}).status == 409
    odd = {"schemas": [GROUP], "displayName": fresh(), "members": [{"type": "User"}]}
    assert client.ask("POST", "/Groups", odd).status == 400
    assert client.ask("PATCH", path, swap, {"if-match": 'W/"9"'}).status == 412
    assert client.ask("GET", f"/Users?filter=groups.value%20eq%20%22{made.json['id']}%22").json["totalResults"] == 1
    assert client.ask("DELETE", path).status == 204
    assert client.ask("GET", path).status == 404


def test_nobody_joins_a_group_by_way_of_someone_who_lacks_its_rights(door: OpenDoor) -> None:
    group = door.house.administration(FOUNDER, "test").groups.create(fresh(), frozenset({Right.KEYS}), (), "")
    uid, weaker = Client(door).add(), Client(door, token_of(door, USER_RIGHTS))
    join = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": uid}]}]}
    assert isinstance(group, Group)
    assert weaker.ask("PATCH", f"/Groups/{group.uid}", join).status == 403
    assert Client(door, token_of(door, ALL_RIGHTS)).ask("PATCH", f"/Groups/{group.uid}", join).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "scim_type"),
    [
        ("POST", "/Users", b"{", 400, "invalidSyntax"),
        ("POST", "/Users", b'{"userName":"a","userName":"b"}', 400, "invalidSyntax"),
        ("POST", "/Users", b"", 400, "invalidSyntax"),
        ("POST", "/Users", b"[]", 400, "invalidSyntax"),
        ("POST", "/Users", b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}', 400, "invalidValue"),
        ("POST", "/Users", b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","foo":1}', 400,
         "invalidSyntax"),
        ("POST", "/Users", b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x",'
                           b'"emails":[{"type":"work"}]}', 400, "invalidValue"),
        ("GET", "/Users?filter=" + "(" * 41, b"", 400, "invalidSyntax"),
        ("GET", "/Users?filter=" + "x" * 4001, b"", 400, "invalidSyntax"),
        ("GET", "/Users?filter=userName", b"", 400, "invalidFilter"),
        ("GET", "/Users?filter=nothing%20pr", b"", 400, "invalidFilter"),
        ("GET", "/Users?filter=title%20gt%20null", b"", 400, "invalidFilter"),
        ("GET", "/Users?sortBy=ims", b"", 400, "invalidPath"),
        ("GET", "?sortBy=id", b"", 501, None),
        ("GET", "/Users?count=1&count=2", b"", 400, "invalidSyntax"),
        ("GET", "/Nothing", b"", 404, None),
        ("PUT", "/Users", b"{}", 405, None),
        ("GET", "/Bulk", b"", 405, None),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_the_shape_of_scim(
    client: Client, method: str, path: str, body: bytes, status: int, scim_type: str | None
) -> None:
    answer = client.ask(method, path, body=body, headers={"content-type": "application/scim+json"})
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/scim+json"
    assert (answer.json["status"], answer.json.get("scimType")) == (str(status), scim_type)


def test_another_media_type_is_refused(client: Client) -> None:
    assert client.ask("POST", "/Users", headers={"content-type": "text/xml"}, body=b"{}").status == 415


def test_a_creation_that_is_repeated_after_the_deletion_shows_nobody(client: Client) -> None:
    body, key = {"schemas": [USER], "userName": fresh()}, {"idempotency-key": fresh()}
    made = client.ask("POST", "/Users", body, key)
    assert client.ask("DELETE", f"/Users/{made.json['id']}").status == 204
    assert client.ask("POST", "/Users", body, key).status == 404


@pytest.mark.parametrize(
    ("error", "status", "logged"),
    [(Busy("full"), 503, False), (StoreError("gone"), 503, False), (Unreadable("x must be a text"), 400, False),
     (ZeroDivisionError("a secret"), 500, True)],
)  # fmt: skip
def test_what_breaks_inside_of_a_bulk_request_is_told_and_only_mistakes_are_logged(
    error: Exception, status: int, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The library swallows what one operation raises; the log must not."""
    told = make_service().error_of(error)
    assert (told.status, "secret" in str(told.detail)) == (status, False)
    assert bool(caplog.records) == logged


def test_who_is_to_wait_is_told_how_long() -> None:
    door = Door(cast(Gate, object()))
    answer = door.refuse(Refused("", Reason.BUSY, retry_after=7))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert say(429, "slowly").headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "value", [["tell nobody this"], {"value": "tell nobody this"}, [["tell nobody this"]], 77777],
)  # fmt: skip
@pytest.mark.parametrize("path", ["password", None, "name"])
def test_what_cannot_be_a_password_is_not_repeated(client: Client, value: object, path: str | None) -> None:
    """The model library would quote what it cannot read."""
    operation: dict[str, object] = {"op": "replace", "value": value if path else {"password": value}}
    answer = client.patch(client.add(), operation | ({"path": path} if path else {}))
    assert answer.status == 400
    assert all(piece not in answer.text for piece in ("nobody this", "77777", "input_value"))
    sent = {"schemas": [USER], "userName": fresh(), "password": value}
    made = client.ask("POST", "/Users", sent)
    assert made.status == 400
    assert all(piece not in made.text for piece in ("nobody this", "77777"))


def test_a_list_is_over_far_behind_its_end(client: Client) -> None:
    assert client.ask("GET", "/Users?startIndex=99999999999999999999&count=1").json["itemsPerPage"] == 0


def test_hundreds_of_addresses_are_a_matter_of_a_moment(client: Client) -> None:
    emails = [{"value": f"a{n}@example.com", "display": "d", "type": "t"} for n in range(200)]
    uid = client.add(emails=emails)
    began = monotonic()
    assert client.ask("GET", f"/Users/{uid}").json["emails"] == emails
    assert monotonic() - began < 10
    one_more = {"op": "add", "path": "emails", "value": [{"value": "one@example.com"}]}
    answer = client.ask("PATCH", f"/Users/{uid}", {"schemas": [PATCH], "Operations": [one_more]})
    assert (answer.status, "more than 200 values" in answer.json["detail"]) == (400, True)


@pytest.mark.parametrize("name", ["schemas", "emails"])
@pytest.mark.parametrize("value", [b"1", b"{}", b'""'])
def test_a_body_of_very_many_values_is_refused_before_each_is_judged(client: Client, name: str, value: bytes) -> None:
    """Judging hundreds of thousands would take many seconds, and tell each one."""
    many = b",".join([value] * 200_000)
    begun = monotonic()
    body = b'{"userName":"x","%s":[%s]}' % (name.encode(), many)
    answer = client.ask("POST", "/Users", headers={"content-type": "application/scim+json"}, body=body)
    assert (answer.status, answer.json["schemas"]) == (413, ["urn:ietf:params:scim:api:messages:2.0:Error"])
    assert monotonic() - begun < 2
