"""At every door that takes a password, all accounts that do not let in look the same: status, heads and body."""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import CreateUser, ResetPassword, SetStatus
from keyturn.core.credentials import Credential, Source
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status
from tests.support.server import Answer, OpenDoor, served

RIGHT, WRONG = "nine green bottles on a wall", "eight blue kettles on a shelf"
STATES: Mapping[str, str] = {
    "nobody": WRONG,
    "locked": RIGHT,
    "disabled": RIGHT,
    "waiting": RIGHT,
    "bare": RIGHT,
    "expired": RIGHT,
    "onetime": WRONG,
    "temporary": WRONG,
    "plain": WRONG,
}
"""By sign-in name: what is given."""


def basic(path: str) -> Callable[[OpenDoor, str, str], Answer]:
    """A call of a door that takes name and password with each."""

    def ask(door: OpenDoor, login: str, password: str) -> Answer:
        pair = base64.b64encode(f"{login}:{password}".encode()).decode()
        return door.ask("GET", path, headers={"authorization": f"Basic {pair}"})

    return ask


def welcome(door: OpenDoor, login: str, password: str) -> Answer:
    """The form for people with a one-time password."""
    new = "seven purple kettles in a row"
    body = urlencode({"login": login, "present": password, "new": new, "again": new}).encode()
    return door.ask("POST", "/", headers={"content-type": "application/x-www-form-urlencoded"}, body=body)


def logininitial(door: OpenDoor, login: str, password: str) -> Answer:
    """The sign-in of MAS."""
    return door.ask("POST", "/logininitial", send={"username": login, "password": password})


DOORS: Mapping[str, Callable[[OpenDoor, str, str], Answer]] = {
    "own": lambda door, login, password: door.sign_in(login, password),
    "mas": logininitial,
    "hdp": basic("/api/admin/users"),
    "primavera": basic("/cloudapi/restapi/user"),
    "scim": basic("/scim/v2/Users"),
    "welcome": welcome,
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with an account in each state."""
    folder: Path = tmp_path_factory.mktemp("alike")
    with served(folder) as open_door:
        house, names = open_door.house, [name for name in STATES if name != "nobody"]
        office = house.directory(FOUNDER, "test")
        office.execute([CreateUser(name, Profile()) for name in names])
        settled = [name for name in names if name not in ("bare", "onetime", "temporary", "expired")]
        office.execute([ResetPassword(name, Secret(RIGHT), permanent=True) for name in settled])
        office.execute([ResetPassword(name, Secret(RIGHT)) for name in ("temporary", "expired")])
        office.execute([ResetPassword("onetime")])
        office.execute([SetStatus("locked", Status.LOCKED), SetStatus("disabled", Status.DISABLED)])
        _age(open_door, "expired")
        for _ in range(5):
            open_door.sign_in("waiting", WRONG)
        yield open_door


def _age(door: OpenDoor, who: str) -> None:
    """Let the time of somebody's temporary password be up."""
    with door.house.store.writing() as transaction:
        [subject] = transaction.users.logins(who)
        assert isinstance(subject.credential, Credential)
        assert subject.credential.source is Source.SUPPLIED
        connection = transaction.connection  # type: ignore[attr-defined]  # time itself cannot be moved here
        past = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1_000_000)
        changed = "UPDATE credentials SET expires = :past WHERE expires IS NOT NULL AND source = 'supplied'"
        connection.exec_driver_sql(f"{changed} AND number = :number", {"past": past, "number": subject.number})


def seen(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a stranger sees of an answer, but for the time of day and the id of the request."""
    heads = sorted((name, value) for name, value in answer.headers.items() if name not in ("date", "x-request-id"))
    return answer.status, heads, answer.body


@pytest.mark.proves("AU-5", "V6.3.8", "R-16")
@pytest.mark.parametrize("name", DOORS)
def test_no_door_tells_why_somebody_is_not_let_in(door: OpenDoor, name: str) -> None:
    answers = {who: seen(DOORS[name](door, who, given)) for who, given in STATES.items()}
    assert answers["plain"][0] in (401, 403)
    assert {who for who, answer in answers.items() if answer != answers["plain"]} == set()
