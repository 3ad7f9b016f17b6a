"""Tenants at the door: the token says which, and nothing of another one is ever seen or told from what is missing."""

import pytest

from keyturn.core.storage import Tenant
from tests.dialects.scim.kit import GROUP, PATCH, USER, Client, fresh, token_of
from tests.support.server import OpenDoor


@pytest.fixture
def other(door: OpenDoor) -> Client:
    """Somebody with all rights in another tenant, where administrators' passwords are refused."""
    with door.house.store.writing() as transaction:
        settings = {"known_values": "refuse"}
        transaction.tenants.put(Tenant(7, "other", "77777777-7777-4777-8777-777777777777", settings))
    return Client(door, token_of(door, tenant=7))


def test_the_same_name_may_be_in_two_tenants_and_neither_sees_the_other(client: Client, other: Client) -> None:
    name = fresh()
    here, there = client.add(userName=name), other.add(userName=name)
    query = f"filter=userName%20eq%20%22{name}%22"
    assert client.ask("GET", f"/Users?{query}").json["Resources"][0]["id"] == here
    assert other.ask("GET", f"/Users?{query}").json["Resources"][0]["id"] == there
    assert client.ask("GET", f"/Users?filter=id%20eq%20%22{there}%22").json["totalResults"] == 0
    stop = {"op": "replace", "path": "active", "value": False}
    for answer in (client.ask("GET", f"/Users/{there}"), client.patch(there, stop),
                   client.ask("DELETE", f"/Users/{there}")):  # fmt: skip
        assert (answer.status, answer.json["detail"]) == (404, "there is no such user [no-such-user]")
    assert other.ask("GET", f"/Users/{there}").json["active"] is True


def test_nobody_of_another_tenant_becomes_a_member(client: Client, other: Client) -> None:
    there = other.add()
    group = {"schemas": [GROUP], "displayName": fresh()}
    assert client.ask("POST", "/Groups", {**group, "members": [{"value": there}]}).status == 400
    made = client.ask("POST", "/Groups", group).json["id"]
    assert other.ask("GET", f"/Groups/{made}").status == 404
    join = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": there}]}]}
    assert client.ask("PATCH", f"/Groups/{made}", join).status == 400
    assert other.ask("PATCH", f"/Groups/{made}", join).status == 404


def test_a_tenant_that_refuses_known_values_refuses_them_here(other: Client) -> None:
    refused = other.ask("POST", "/Users", {"schemas": [USER], "userName": fresh(), "password": "nine green bottles"})
    assert (refused.status, refused.json["detail"].endswith("[policy]")) == (400, True)
