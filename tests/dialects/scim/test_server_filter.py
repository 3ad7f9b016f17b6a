"""Filters and orders at the door: what they find, and what cannot be said."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.http.paths import quoted
from tests.dialects.scim.kit import GROUP, USER, Client
from tests.support.server import served

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Amal has everything, Ben is stopped, and `admin` was there before."""
    folder: Path = tmp_path_factory.mktemp("filters")
    with served(folder) as door:
        client = Client(door)
        client.add(
            userName="amal",
            externalId="X1",
            title="Dr",
            nickName="Ami",
            name={"givenName": "Amal", "formatted": "A. U."},
            emails=[{"value": "amal@work.example", "type": "work", "primary": True}, {"value": "a@home.example"}],
            phoneNumbers=[{"value": "+49 1", "display": "by day"}],
            roles=[{"value": "Boss", "primary": True}],
            addresses=[{"country": "AT", "type": "work"}],
            profileUrl="https://example.com/Amal",
            schemas=[USER, ENTERPRISE],
            **{ENTERPRISE: {"department": "IT", "manager": {"value": "M1"}}},
            x509Certificates=[{"value": "aGVsbG8="}],
        )
        ben = client.add(userName="Ben", title="", active=False, emails=[{"value": "ben@home.example"}])
        client.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": ben}]})
        yield client


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('userName eq "AMAL"', ["amal"]),
        ('userName ne "amal"', ["admin", "Ben"]),
        ('userName sw "a"', ["admin", "amal"]),
        ('externalId eq "X1"', ["amal"]),
        ('externalId eq "x1"', []),
        ('userName eq "x" or userName ew "EN"', ["Ben"]),
        ("active eq false", ["Ben"]),
        ("active ne false", ["admin", "amal"]),
        ("not (active eq true)", ["Ben"]),
        ("active pr", ["admin", "amal", "Ben"]),
        ("title pr", ["amal"]),
        ("title eq null", ["admin", "Ben"]),
        ("title ne null", ["amal"]),
        ("name pr", ["amal"]),
        ('name.givenName co "MA"', ["amal"]),
        ('name.formatted eq "a. u."', ["amal"]),
        ('nickName eq "ami"', ["amal"]),
        ("nickName pr", ["amal"]),
        ('emails co "work"', ["amal"]),
        ('emails.value ne "ben@home.example"', ["admin", "amal"]),
        ("emails pr", ["amal", "Ben"]),
        ("emails.type pr", ["amal"]),
        ('emails[type eq "work" and value co "@work"]', ["amal"]),
        ('emails[type eq "work" and value co "@home"]', []),
        ('emails[not (type eq "work")]', ["amal", "Ben"]),
        ("emails[primary eq true]", ["amal"]),
        ('emails[type pr and value ne "x"]', ["amal"]),
        ('phoneNumbers.display eq "BY DAY"', ["amal"]),
        ('roles eq "boss"', ["amal"]),
        ("roles pr", ["amal"]),
        ('roles[value eq "boss" and primary eq true]', ["amal"]),
        ('addresses.country eq "at"', ["amal"]),
        ('groups.display eq "staff"', ["Ben"]),
        ("groups pr", ["Ben"]),
        ('profileUrl eq "https://example.com/Amal"', ["amal"]),
        ('profileUrl eq "https://example.com/amal"', []),
        (f'{ENTERPRISE}:department eq "it"', ["amal"]),
        (f'{ENTERPRISE}:manager.value eq "M1"', ["amal"]),
        (f'{USER}:userName eq "amal"', ["amal"]),
        ('meta.created gt "2020-01-01T00:00:00Z"', ["admin", "amal", "Ben"]),
        ('meta.created lt "2020-01-01T00:00:00"', []),
        ('meta.resourceType eq "User"', ["admin", "amal", "Ben"]),
        ('meta.resourceType ne "User"', []),
        ("meta.location pr", ["admin", "amal", "Ben"]),
        ('userName gt "b"', ["Ben"]),
    ],
)
def test_a_filter_finds_and_counts_those_it_means(people: Client, wanted: str, found: list[str]) -> None:
    answer = people.ask("GET", f"/Users?filter={quoted(wanted)}")
    assert answer.status == 200, answer.body
    names = [one["userName"] for one in answer.json.get("Resources", [])]
    assert (sorted(names, key=str.casefold), answer.json["totalResults"]) == (found, len(found))


@pytest.mark.parametrize(
    "wanted",
    [
        'schemas eq "x"',
        'meta.location eq "x"',
        'meta.version eq "x"',
        "groups.$ref pr",
        'x509Certificates eq "aGVsbG8="',
        'meta.created co "2020"',
        "title lt null",
        "active gt true",
        'emails[display eq "x" and type eq "y"]',
        'meta.resourceType sw "U"',
        'userName[type eq "x"]',
        "emails[type eq",
        'userName like "x"',
        "members pr",
        'emails[password eq "x"]',
        "groups[$ref pr]",
    ],
)
def test_what_cannot_be_said_is_an_invalid_filter(people: Client, wanted: str) -> None:
    answer = people.ask("GET", f"/Users?filter={quoted(wanted)}")
    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter"), answer.body


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sortBy=userName", ["admin", "amal", "Ben"]),
        ("sortBy=userName&sortOrder=descending", ["Ben", "amal", "admin"]),
        ("sortBy=active", ["Ben", "admin", "amal"]),
        ("sortBy=emails", ["amal", "Ben", "admin"]),
        ("sortBy=nickName", ["amal", "admin", "Ben"]),
        ("sortBy=meta.created&count=1&startIndex=2", ["amal"]),
        ("sortBy=name.givenName&sortOrder=descending", ["admin", "Ben", "amal"]),
        ("startIndex=3", ["Ben"]),
        ("count=0", []),
        ("startIndex=0&count=1", ["admin"]),
        (f"sortBy={ENTERPRISE}:department", ["amal", "admin", "Ben"]),
    ],
)
def test_a_list_comes_in_order_and_in_parts(people: Client, query: str, found: list[str]) -> None:
    answer = people.ask("GET", f"/Users?{query}")
    names = [one["userName"] for one in answer.json.get("Resources", [])]
    assert (names, answer.json["totalResults"]) == (found, 3)


@pytest.mark.parametrize(
    "query", ["sortBy=phoneNumbers", "sortBy=meta.version", "sortBy=name", "sortBy=x509Certificates"]
)
def test_what_lists_are_not_sorted_by_is_an_invalid_path(people: Client, query: str) -> None:
    answer = people.ask("GET", f"/Users?{query}")
    assert (answer.status, answer.json["scimType"]) == (400, "invalidPath")


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        ('displayName eq "STAFF"', 1),
        ("members pr", 1),
        ('members.display eq "ben"', 1),
        ('members[value eq "x"]', 0),
        ('meta.resourceType eq "Group"', 1),
        ("externalId pr", 0),
        ("id pr", 1),
    ],
)
def test_groups_are_found_by_name_and_members(people: Client, wanted: str, total: int) -> None:
    answer = people.ask("GET", f"/Groups?filter={quoted(wanted)}")
    assert (answer.status, answer.json["totalResults"]) == (200, total), answer.body


@pytest.mark.parametrize("wanted", ["members.type pr", 'members[type eq "User"]', "displayName[value pr]"])
def test_what_groups_cannot_be_asked_is_an_invalid_filter(people: Client, wanted: str) -> None:
    assert people.ask("GET", f"/Groups?filter={quoted(wanted)}").json["scimType"] == "invalidFilter"


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        ('userName eq "amal"', 1),
        ('displayName eq "staff"', 1),
        ("id pr", 4),
        ("members pr", 1),
        ("emails[value pr]", 2),
        ('not (userName eq "amal")', 3),
        ('meta.resourceType eq "User" and userName eq "ben"', 1),
    ],
)
def test_a_search_at_the_root_finds_users_and_groups(people: Client, wanted: str, total: int) -> None:
    """An attribute that one of the two does not have matches nothing there."""
    answer = people.ask("GET", f"?filter={quoted(wanted)}")
    assert (answer.status, answer.json["totalResults"]) == (200, total), answer.body


def test_a_search_at_the_root_comes_in_parts_over_both(people: Client) -> None:
    names = []
    for start in range(1, 6):
        answer = people.ask("GET", f"?startIndex={start}&count=1")
        names += [one.get("userName", one.get("displayName")) for one in answer.json.get("Resources", [])]
    assert names == ["admin", "amal", "Ben", "Staff"]
