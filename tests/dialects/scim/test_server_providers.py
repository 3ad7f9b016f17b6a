"""What identity providers really send, as others' servers report it: taken as it is meant."""

import pytest

from keyturn.core.users import Status
from keyturn.dialects.scim.wire_mended import mended
from tests.dialects.scim.kit import GOOD, GROUP, PATCH, USER, Client, fresh, stored

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def test_users_are_changed_as_entra_does_it(client: Client) -> None:
    """Capital verbs, truth as text, parts of elements that are not there yet, dotted names, a manager as a bare id."""
    uid = client.add()
    for operation in (
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "a@work.example"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "b@work.example"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "IT"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "M1"},
        {"op": "Replace", "value": {"displayName": "Amal", "name.givenName": "A", f"{ENTERPRISE}:employeeNumber": "7"}},
    ):
        assert client.patch(uid, operation).status == 204, operation
    shown = client.ask("GET", f"/Users/{uid}").json
    assert (shown["active"], shown["displayName"], shown["name"]) == (False, "Amal", {"givenName": "A"})
    assert shown["emails"] == [{"value": "b@work.example", "type": "work"}]
    assert shown[ENTERPRISE] == {"department": "IT", "manager": {"value": "M1"}, "employeeNumber": "7"}
    user = stored(client.door, uid)
    assert user is not None
    assert user.status is Status.DISABLED


def test_groups_are_made_and_emptied_as_entra_does_it(client: Client) -> None:
    """With its own schema, and members to be removed as a value."""
    one, two = client.add(), client.add()
    sent = {"schemas": [GROUP, ADSCIM], "displayName": fresh(), "externalId": "x", "meta": {"resourceType": "Group"}}
    path = f"/Groups/{client.ask('POST', '/Groups', sent).json['id']}"
    for op, members, left in (("Add", [one, two], [one, two]), ("Remove", [one], [two]), ("Remove", [two], [])):
        value = [{"value": uid} for uid in members]
        body = {"schemas": [PATCH], "Operations": [{"op": op, "path": "members", "value": value}]}
        assert client.ask("PATCH", path, body).status == 204
        assert {one["value"] for one in client.ask("GET", path).json.get("members", [])} == set(left)


def test_a_user_is_made_and_stopped_as_okta_does_it(client: Client) -> None:
    """Looked for, made with a password and empty groups, stopped without a path."""
    name = f"{fresh()}@example.com"
    assert client.found(f"filter=userName%20eq%20%22{name}%22&startIndex=1&count=100") == []
    sent = {"schemas": [USER], "userName": name, "name": {"givenName": "O", "familyName": "K"}, "locale": "en-US",
            "emails": [{"primary": True, "value": name, "type": "work"}], "displayName": "O K", "externalId": "00u",
            "groups": [], "password": GOOD, "active": True}  # fmt: skip
    made = client.ask("POST", "/Users", sent)
    assert (made.status, client.door.sign_in(name, GOOD).status) == (201, 201)
    assert client.patch(made.json["id"], {"op": "replace", "value": {"active": False}}).status == 204
    assert client.door.sign_in(name, GOOD).status == 401


@pytest.mark.parametrize(
    "body",
    [
        None, 5, [], {"schemas": "x"}, {"schemas": [5, USER]}, {"Operations": "x"},
        {"Operations": [5, {}, {"path": 5}]},
        {"Operations": [{"op": "add", "path": "manager", "value": {"value": "x"}}]},
    ],
)  # fmt: skip
def test_what_is_not_known_stays_as_it_is(body: object) -> None:
    assert mended(body) == body


def test_a_bulk_request_is_mended_inside() -> None:
    inner = {"Operations": [{"op": "add", "path": "Manager", "value": "x"}]}
    told = mended({"Operations": [{"method": "PATCH", "data": inner}]})
    assert told == {
        "Operations": [
            {"method": "PATCH", "data": {"Operations": [{"op": "add", "path": "Manager", "value": {"value": "x"}}]}}
        ]
    }
