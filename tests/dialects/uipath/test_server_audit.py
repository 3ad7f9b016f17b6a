"""What the UiPath door turns away by itself is in the audit: who asked, for what, and why not."""

from collections.abc import Iterator

import pytest

from keyturn.core.audit import Event
from keyturn.core.users import Right
from tests.dialects.uipath.kit import GOOD, ask_for_token, client_of, form_of, fresh, token_of
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its UiPath door."""
    with served(tmp_path_factory.mktemp("uipath")) as door:
        yield door


def events(door: OpenDoor) -> list[Event]:
    """All that was audited, oldest first."""
    with door.house.store.reading() as view:
        return [entry.event for entry in view.audit.entries(0, 100_000)]


def told(event: Event) -> tuple[str, str, str, str, str]:
    """What an event says, apart from when and whence."""
    return event.actor, event.verb, event.outcome, event.who, event.reason


def test_a_token_that_is_not_good_is_audited_and_one_that_is_missing_is_not(door: OpenDoor) -> None:
    """Nobody known asked, for nobody knows what."""
    before = len(events(door))
    assert door.ask("GET", "/identity_/api/User/admin", headers={"authorization": "Bearer rubbish"}).status == 401
    assert door.ask("GET", "/identity_/api/User/admin").status == 401
    [event] = events(door)[before:]
    assert told(event) == ("", "session.use", "refused", "", "not-signed-in")
    assert (event.door, event.tenant, event.detail) == ("uipath", 1, "the access token is not good")
    assert event.source
    assert event.request


def test_who_must_change_the_password_first_is_named(door: OpenDoor) -> None:
    """The session is theirs, and is not for this door."""
    who = fresh(door, password=GOOD)
    restricted = door.sign_in(who, GOOD).json["token"]
    assert door.ask("GET", "/identity_/api/User/admin", token=restricted).status == 401
    event = events(door)[-1]
    assert told(event)[1:] == ("session.use", "refused", "", "not-signed-in")
    assert event.actor
    assert event.detail == "the password must be changed first"


@pytest.mark.parametrize("org", ["nowhere", "44444444-4444-4444-8444-444444444444"])
def test_an_organization_that_is_not_the_caller_s_is_audited_with_its_name(door: OpenDoor, org: str) -> None:
    """In the address, as a partition, in a body, at the entrance."""
    made = client_of(door)
    token = token_of(door, made)
    body = {"partitionGlobalId": org, "userName": "x"}
    answers = [
        door.ask("GET", f"/{org}/identity_/api/User/admin", token=token),
        door.ask("GET", f"/identity_/api/User/users/{org}", token=token),
        door.ask("POST", "/identity_/api/User", token=token, send=body),
        ask_for_token(door, form_of(made), f"/{org}/identity_"),
    ]
    assert [answer.status for answer in answers] == [404] * 4
    named = [told(event) for event in events(door) if event.who == org]
    assert named == [(made.key.id, "tenant.read", "refused", org, "no-such-tenant")] * 4


def test_a_missing_scope_is_audited_as_what_it_is(door: OpenDoor) -> None:
    """Reading: once.  Writing: the command too, as not allowed, and never as something that cannot be done here."""
    who, made = fresh(door), client_of(door)
    writer, reader = token_of(door, made, "PM.User.Write"), token_of(door, made, "PM.User.Read")
    before = len(events(door))
    assert door.ask("GET", f"/identity_/api/User/{who}", token=writer).status == 403
    assert door.ask("DELETE", f"/identity_/api/User/{who}", token=reader).status == 403
    read, command, scope = events(door)[before:]
    assert told(read) == (made.key.id, "session.use", "refused", who, "not-allowed")
    assert told(command) == (made.key.id, "user.delete", "refused", who, "not-allowed")
    assert scope.detail == "the token lacks the scope PM.User.Write"


def test_a_list_without_the_right_is_refused_and_audited(door: OpenDoor) -> None:
    """An empty one would say that there is nobody."""
    made = client_of(door, rights=frozenset({Right.CREATE_USERS}))
    weak, before = token_of(door, made), len(events(door))
    for path in ("User/users/default", "UserPartition/users/default", "UserPartition/licenses", "Group/default"):
        answer = door.ask("GET", f"/identity_/api/{path}", token=weak)
        assert (answer.status, [*answer.json]) == (403, ["errorMessage"])
    verbs = ["user.list"] * 3 + ["group.list"]
    assert [told(one) for one in events(door)[before:]] == [
        (made.key.id, verb, "refused", "", "not-allowed") for verb in verbs
    ]


def test_a_session_without_scopes_does_nothing_here_not_even_to_itself(door: OpenDoor) -> None:
    """One's own password may be changed elsewhere; here the scope is missing, and that is what is audited."""
    who = fresh(door)
    admin = door.admin_token()
    before = len(events(door))
    change = {"oldPassword": "a", "newPassword": GOOD}
    answer = door.ask("POST", "/identity_/api/User/admin/changepassword", token=admin, send=change)
    assert answer.status == 403
    assert door.ask("DELETE", f"/identity_/api/User/{who}", token=admin).status == 403
    assert [(one.verb, one.reason) for one in events(door)[before:]] == [("session.use", "not-allowed")] * 2


def test_a_key_without_scopes_that_asks_for_a_token_is_audited(door: OpenDoor) -> None:
    """Its id and token were good."""
    key = client_of(door, ())
    assert ask_for_token(door, form_of(key)).status == 400
    assert told(events(door)[-1]) == (key.key.id, "session.use", "refused", "", "not-allowed")
