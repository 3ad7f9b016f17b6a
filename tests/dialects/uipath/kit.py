"""What the tests of this dialect share: clients of a directory, and their tokens."""

from urllib.parse import urlencode
from uuid import uuid4

from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey
from keyturn.core.users import ALL_RIGHTS, Handle, Right, User
from tests.support.server import Answer, OpenDoor, Person, add_people

GOOD = "nine green bottles on a wall"
OTHER = "eight blue kettles on a shelf"
SCOPES = ("PM.User", "PM.User.Read", "PM.User.Write", "PM.Group", "PM.Group.Read", "PM.Group.Write")


def client_of(
    door: OpenDoor, scopes: tuple[str, ...] = SCOPES, rights: frozenset[Right] = ALL_RIGHTS, tenant: int = 1
) -> NewKey:
    """A new client that may ask for these scopes."""
    actor = Actor("root", "root", tenant, ALL_RIGHTS)
    made = door.house.administration(actor, "test").create_key("uipath", "for a test", rights, scopes)
    assert isinstance(made, NewKey)
    return made


def ask_for_token(door: OpenDoor, form: dict[str, str], place: str = "/identity_") -> Answer:
    """One call of the token endpoint."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return door.ask("POST", f"{place}/connect/token", headers=headers, body=urlencode(form).encode())


def form_of(made: NewKey, scope: str = "") -> dict[str, str]:
    """The form of client credentials."""
    form = {"grant_type": "client_credentials", "client_id": made.key.id, "client_secret": made.token.reveal()}
    return form | ({"scope": scope} if scope else {})


def token_of(door: OpenDoor, made: NewKey, scope: str = "") -> str:
    """An access token of a client."""
    answer = ask_for_token(door, form_of(made, scope))
    assert answer.status == 200, answer
    return str(answer.json["access_token"])


def fresh(door: OpenDoor, *, password: str = "", mail: str = "") -> str:
    """The id of a new user."""
    who = f"u{uuid4().hex[:12]}"
    add_people(door.house, [Person(who, mail, password)])
    return who


def stored(door: OpenDoor, who: str, tenant: int = 1) -> User | None:
    """Somebody as our own store keeps them."""
    with door.house.store.reading() as view:
        return view.users.get(tenant, who, Handle.KEY)


def reasons(door: OpenDoor, who: str) -> list[str]:
    """The reasons in the audit of what was asked about somebody."""
    with door.house.store.reading() as view:
        return [one.event.reason for one in view.audit.entries(0, 100_000) if one.event.who == who]


def code(answer: Answer) -> str:
    """The code of the first error of an IdentityResult."""
    body = answer.json
    return str(body.get("result", body)["errors"][0]["code"])
