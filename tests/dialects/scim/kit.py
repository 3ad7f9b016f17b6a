"""What the tests of this dialect share: keys that are tokens, requests, and what our own store says."""

from collections.abc import Mapping
from uuid import uuid4

from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey
from keyturn.core.users import ALL_RIGHTS, Handle, Right, User
from tests.support.server import Answer, OpenDoor, Person, add_people

GOOD = "nine green bottles on a wall"
OTHER = "eight blue kettles on a shelf"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def key_of(door: OpenDoor, rights: frozenset[Right] = ALL_RIGHTS, tenant: int = 1) -> NewKey:
    """A new key for this door."""
    actor = Actor("root", "root", tenant, ALL_RIGHTS)
    made = door.house.administration(actor, "test").create_key("scim", "for a test", rights, ("scim",))
    assert isinstance(made, NewKey)
    return made


def token_of(door: OpenDoor, rights: frozenset[Right] = ALL_RIGHTS, tenant: int = 1) -> str:
    """The token of a new key."""
    made = key_of(door, rights, tenant)
    return f"{made.key.id}.{made.token.reveal()}"


class Client:
    """Asks a door with one token."""

    def __init__(self, door: OpenDoor, token: str = "") -> None:
        self.door, self.token = door, token or token_of(door)

    def ask(
        self, method: str, path: str, send: object = None, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """One request below `/scim/v2`."""
        return self.door.ask(method, f"/scim/v2{path}", token=self.token, send=send, headers=headers, body=body or None)

    def add(self, **more: object) -> str:
        """The id of a new user."""
        answer = self.ask("POST", "/Users", {"schemas": [USER], **({"userName": fresh()} | more)})
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def patch(self, uid: str, *operations: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Answer:
        """A PATCH of a user."""
        return self.ask("PATCH", f"/Users/{uid}", {"schemas": [PATCH], "Operations": operations}, headers)

    def found(self, query: str) -> list[str]:
        """The userNames of a search."""
        answer = self.ask("GET", f"/Users?{query}")
        assert answer.status == 200, answer
        return [one["userName"] for one in answer.json.get("Resources", [])]


def fresh() -> str:
    """A userName that no other test uses."""
    return f"u{uuid4().hex[:12]}"


def person(door: OpenDoor, password: str = "") -> str:
    """The userName of somebody who was not made here."""
    who = fresh()
    add_people(door.house, [Person(who, f"{who}@example.com", password)])
    return who


def stored(door: OpenDoor, uid: str, tenant: int = 1) -> User | None:
    """Somebody as our own store keeps them."""
    with door.house.store.reading() as view:
        return view.users.get(tenant, uid, Handle.UID)


def events(door: OpenDoor, who: str) -> list[tuple[str, str, str]]:
    """Verb, outcome and reason of what the audit says of somebody or something."""
    with door.house.store.reading() as view:
        found = [entry.event for entry in view.audit.entries(0, 100_000)]
    return [(one.verb, one.outcome, one.reason) for one in found if who in (one.who, one.target)]
