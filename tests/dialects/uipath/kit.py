"""What the tests of this dialect share: clients of a directory, and their tokens."""

from urllib.parse import urlencode

from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey
from keyturn.core.users import ALL_RIGHTS, Right
from tests.support.server import Answer, OpenDoor

SCOPES = ("PM.User", "PM.User.Read", "PM.User.Write")


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
