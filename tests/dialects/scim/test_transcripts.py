"""What the RFCs print, replayed on both halves: halves that agree can still both be wrong."""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.core.commands import Command, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Refused
from keyturn.core.permissions import Actor
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Profile, Status, Window
from keyturn.dialects.scim.client import ScimDirectory
from keyturn.dialects.scim.client_session import ScimSettings
from keyturn.dialects.scim.wire import read_creation
from keyturn.dialects.scim.wire_user import read_profile
from keyturn.http.call import Site
from tests.dialects.scim.kit import GOOD, USER, token_of
from tests.support.player import Heard, Say, playing
from tests.support.server import OpenDoor, Person, add_people, served
from tests.support.transcripts import Exchange, read_transcripts, unlike

EXCHANGES = read_transcripts(Path(__file__).parent / "transcripts")
GUID = "2819c223-7f76-453a-919d-413861904646"


def of(role: str) -> list[Exchange]:
    """The exchanges in which the client half plays this role."""
    return [exchange for exchange in EXCHANGES if exchange.notes["client"].split(" ")[0] == role]


def titles(exchanges: list[Exchange]) -> list[str]:
    """Names for the test report."""
    return [exchange.title for exchange in exchanges]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory of their own: these users have the names that the RFC prints."""
    with served(tmp_path_factory.mktemp("rfc")) as door:
        yield door


@pytest.fixture(scope="module")
def values(door: OpenDoor) -> Mapping[str, str]:
    """What the placeholders stand for."""
    return {"token": token_of(door), "basic": base64.b64encode(f"self:{GOOD}".encode()).decode()}


def add_those(exchange: Exchange, door: OpenDoor) -> None:
    """The users and groups that must be there before, without those that are."""
    known = ids(door)
    told = [word.split(" ", 2) for word in exchange.notes.get("users", "").split("; ") if word]
    add_people(door.house, [Person(w[0], w[1].strip("-"), "".join(w[2:])) for w in told if w[0] not in known])
    known = ids(door)
    administration = door.house.administration(Actor("root", "root", 1, ALL_RIGHTS), "test")
    for name, *members in (told.split(" ") for told in exchange.notes.get("groups", "").split("; ") if told):
        if name not in known:
            administration.groups.create(name, frozenset(), [known[member] for member in members], "")


def ids(door: OpenDoor) -> Mapping[str, str]:
    """The ids of users and of groups by name."""
    with door.house.store.reading() as view:
        people, groups = view.users.page(1, Window(0, 1000)).users, view.groups.page(1, Window(0, 1000)).groups
    return {user.key: user.uid for user in people} | {group.name: group.uid for group in groups}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=titles(EXCHANGES))
def test_the_server_half_answers_as_the_rfc_prints(
    exchange: Exchange, door: OpenDoor, values: Mapping[str, str]
) -> None:
    """Status and shape; an answer is never to be stored."""
    add_those(exchange, door)
    values = {**values, **ids(door)}
    fill = {name: exchange.filled(text, values) for name, text in exchange.headers.items()}
    body = exchange.filled(exchange.body, values).encode() if exchange.body else None
    answer = door.ask(exchange.method, exchange.filled(exchange.target, values), headers=fill, body=body)
    assert answer.status == exchange.status, answer.body
    assert answer.headers["cache-control"] == "no-store"
    if not exchange.answer:
        assert answer.body == b""
        return
    assert answer.headers["content-type"] == "application/scim+json"
    assert unlike(json.loads(exchange.filled(exchange.answer, values)), answer.json) == []


def command_of(exchange: Exchange) -> Command:
    """What a recorded request asks for, in our words."""
    sent = exchange.sent()
    body = sent if isinstance(sent, dict) else {}
    match exchange.method:
        case "POST":
            return read_creation(body)
        case "PUT":
            return UpdateUser("bjensen", read_profile(body, Profile()))
        case "DELETE":
            return DeleteUser("bjensen")
    [one] = body["Operations"]
    if one["path"] == "password":
        return ResetPassword("bjensen", Secret(one["value"]))
    return SetStatus("bjensen", Status.ACTIVE if one["value"] else Status.DISABLED)


EXECUTED = of("execute")


@pytest.mark.parametrize("exchange", EXECUTED, ids=titles(EXECUTED))
async def test_the_client_half_sends_what_the_rfc_prints(exchange: Exchange) -> None:
    """The command goes out as it was recorded, to the id that the name was found to have; the answer is read."""
    fill: defaultdict[str, str] = defaultdict(lambda: GUID)
    texts = (exchange.filled(text, fill) for text in (exchange.target, exchange.body, exchange.answer))
    target, sent, answered = texts
    exchange = replace(exchange, target=target, body=sent, answer=answered)
    sent_body = exchange.sent()
    told = sent_body if isinstance(sent_body, dict) else {}
    there = {"schemas": [USER], "id": GUID, "userName": "bjensen"}

    def part(heard: Heard) -> Say:
        if heard.method == "GET":
            return Say(200, {"totalResults": 1, "Resources": [there]})
        return Say(exchange.status, exchange.answered(), exchange.answer_headers)

    async with playing(part) as player:
        directory = ScimDirectory(ScimSettings(Site(player.url), Secret("recorded")))
        [outcome] = await directory.execute([command_of(exchange)])
        await directory.close()
    heard = player.heard[-1]
    assert (heard.method, heard.target) == (exchange.method, exchange.target)
    assert heard.headers["authorization"] == "Bearer recorded"
    # What the RFC's requests leave out because it is the default is said; whoever is replaced keeps the name.
    wanted = {**told, "userName": "bjensen"} if exchange.method == "PUT" else told
    assert unlike(wanted, heard.sent() or {}) == []
    expected = exchange.notes["client"].split(" ")[1]
    assert (outcome.reason.value if isinstance(outcome, Refused) else type(outcome).__name__) == expected


FOUND = of("find")


@pytest.mark.parametrize("exchange", FOUND, ids=titles(FOUND))
async def test_the_client_half_finds_as_the_rfc_says(exchange: Exchange) -> None:
    """The same request line, and the answer becomes a user."""
    async with playing(lambda heard: Say(exchange.status, exchange.answered(), exchange.answer_headers)) as player:
        directory = ScimDirectory(ScimSettings(Site(player.url), Secret("recorded")))
        user = await directory.find("bjensen")
        await directory.close()
    [heard] = player.heard
    assert (heard.method, heard.target) == (exchange.method, exchange.target)
    assert heard.headers["accept"] == exchange.headers["Accept"]
    assert user is not None
    assert (user.login, user.uid) == ("bjensen", "any text")
