"""A recorded request is believed to be a call of a dialect only when the same order makes the same command."""

from typing import Any

import pytest

from keyturn.app.postman.recognising import Known, recognise
from keyturn.bulk.job import Operation
from tests.dialects.postman.kit import collection, item, prepared

MAS = "https://mas.example.com/v3/users/{{userid}}/password?emailPassword=true"
BEARER = {"auth": {"type": "bearer", "bearer": [{"key": "token", "value": "t-1"}]}, "header": []}
BASIC = {
    "auth": {"type": "basic", "basic": [{"key": "username", "value": "adm"}, {"key": "password", "value": "p-1"}]},
    "header": [],
}
COLUMNS = ("userid", "pw", "old", "name", "mail")


def known(method: str, url: str, body: str, **more: Any) -> Known | None:
    """What a request is recognised as."""
    return recognise(prepared(collection(item(method, url, body, **more)), COLUMNS))


def told(found: Known | None) -> tuple[object, ...]:
    """In a few words: kind, address, password, present password, mail."""
    assert found is not None
    job = found.job
    return found.kind, found.recognised.url, dict(found.columns), str(job.password), job.old, job.email


@pytest.mark.parametrize(
    ("method", "url", "body", "more", "expected"),
    [
        ("POST", MAS, '{"token": "NewUserPasswordHere1c"}', {},
         ("mas", "https://mas.example.com", {"id": "userid"}, "same", "", True)),
        ("POST", MAS.replace("true", "false"), '{"token": "{{pw}}"}', {},
         ("mas", "https://mas.example.com", {"id": "userid"}, "column:pw", "", False)),
        ("POST", MAS, "{}", {}, ("mas", "https://mas.example.com", {"id": "userid"}, "target", "", True)),
        ("POST", "https://u.example/acme/t/identity_/api/User/{{userid}}/changepassword",
         '{"oldPassword": "{{old}}", "newPassword": "{{pw}}"}', BEARER,
         ("uipath", "https://u.example/acme/t/identity_", {"id": "userid"}, "column:pw", "old", False)),
        ("PUT", "https://u.example/identity/api/User/{{userid}}", '{"password": "{{pw}}"}', BEARER,
         ("uipath", "https://u.example/identity", {"id": "userid"}, "column:pw", "", False)),
        ("PUT", "https://h.example:8443/api/admin/users/{{userid}}/resetpassword", '{"newPassword": "{{pw}}"}', BASIC,
         ("hdp", "https://h.example:8443", {"id": "userid"}, "column:pw", "", False)),
        ("PUT", "https://p.example/bank/cloudapi/restapi/user/manual-reset-pwd/true",
         '[{"password": ["P", "a", "s", "s", "1"], "loginId": "{{userid}}"}]', BASIC,
         ("primavera", "https://p.example/bank", {"id": "userid"}, "same", "", True)),
        ("PATCH", "https://s.example/scim/v2/Users/{{userid}}",
         '{"Operations": [{"op": "replace", "value": {"password": "{{pw}}"}}]}', BEARER,
         ("scim", "https://s.example/scim/v2", {"id": "userid"}, "column:pw", "", False)),
    ],
)  # fmt: skip
def test_the_calls_of_the_vendors_how_tos_are_orders(
    method: str, url: str, body: str, more: dict[str, Any], expected: tuple[object, ...]
) -> None:
    """Each through its own dialect's words; the id and the passwords come from the columns that say them."""
    assert told(known(method, url, body, **more)) == expected


def test_a_creation_is_one_when_columns_say_all_of_it() -> None:
    """And none when it says more than a file can."""
    url = "https://mas.example.com/v3/users?emailPassword=true"
    body = '{"id": "{{userid}}", "displayName": "{{name}}", "token": "{{pw}}"%s}'
    more = ', "entitlement": {"application": "BASE"}'
    assert known("POST", url, body % more) is None
    scim = "https://s.example/scim/v2/Users"
    body = '{"schemas": [], "userName": "{{userid}}", "displayName": "{{name}}", "password": "{{pw}}"}'
    found = known("POST", scim, body, **BEARER)
    assert found is not None
    assert (found.job.operation, found.columns) == (Operation.CREATE, {"id": "userid", "display_name": "name"})


@pytest.mark.parametrize(
    ("method", "url", "body", "more"),
    [
        ("POST", MAS, '{"tokn": "x"}', {}),
        ("POST", MAS, '{"token": "{{pw}}-2026"}', {}),
        ("POST", MAS.replace("{{userid}}", "u-{{userid}}"), "{}", {}),
        ("POST", MAS + "&dry=1", "{}", {}),
        ("PUT", MAS, "{}", {}),
        ("POST", MAS, "{}", {"header": []}),
        ("POST", MAS, "{}", {"header": [{"key": "x-access-token", "value": "{{pw}}"}]}),
        ("POST", MAS, "{}", {"header": [{"key": "x-access-token", "value": "t"}, {"key": "x-tenant", "value": "7"}]}),
        ("DELETE", "https://mas.example.com/v3/users/{{userid}}", "", {}),
    ],
)
def test_what_an_order_would_not_do_in_the_same_way_is_sent_as_it_stands(
    method: str, url: str, body: str, more: dict[str, Any]
) -> None:
    """Put together ids and passwords, other queries and headers, no sign-in, another call."""
    assert known(method, url, body, **more) is None


def test_a_test_that_wants_another_status_than_the_dialect_is_kept() -> None:
    """200 is what both take for success; with 204 only the request itself does what is asked."""

    def tested(status: int) -> Known | None:
        event = [{"listen": "test", "script": {"exec": [f"pm.test('x', () => pm.response.to.have.status({status}));"]}}]
        one = {**item("POST", MAS, "{}"), "event": event}
        return recognise(prepared(collection(one), COLUMNS))

    assert tested(200) is not None
    assert tested(204) is None
