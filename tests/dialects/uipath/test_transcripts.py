"""What UiPath's documents and clients say, replayed on both halves: halves that agree can still both be wrong."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest

from keyturn.core.outcomes import Refused
from keyturn.core.permissions import Actor
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Window
from keyturn.dialects.uipath.client import UipathDirectory
from keyturn.dialects.uipath.client_session import UipathSettings
from keyturn.dialects.uipath.wire import WireRequest, read
from keyturn.http.call import Site
from tests.dialects.uipath.kit import client_of, token_of
from tests.support.player import Heard, Say, playing
from tests.support.server import OpenDoor, Person, add_people, served
from tests.support.transcripts import Exchange, read_transcripts, unlike

EXCHANGES = read_transcripts(Path(__file__).parent / "transcripts")
TOKEN = "recorded"
GUID = "5f0a8f6e-2f4e-4c3f-8f0e-000000000001"


def role(exchange: Exchange) -> str:
    """What the client half does in this exchange."""
    return exchange.notes["client"].partition(" ")[0].rstrip(",")


def of(*roles: str) -> list[Exchange]:
    """The exchanges in which the client half plays one of these roles."""
    return [exchange for exchange in EXCHANGES if role(exchange) in roles]


def titles(exchanges: list[Exchange]) -> list[str]:
    """Names for the test report."""
    return [exchange.title for exchange in exchanges]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory under the policy under which UiPath's sample passwords work."""
    with served(tmp_path_factory.mktemp("uipath"), profile="vendor") as door:
        yield door


@pytest.fixture(scope="module")
def values(door: OpenDoor) -> Mapping[str, str]:
    """What the placeholders stand for."""
    made = client_of(door)
    with door.house.store.reading() as view:
        guid = view.tenants.all()[0].guid
    tokens = {"token": token_of(door, made), "reader": token_of(door, made, "PM.User.Read")}
    return {**tokens, "client": made.key.id, "secret": quote(made.token.reveal()), "org": guid}


def people(exchange: Exchange, door: OpenDoor) -> list[Person]:
    """The users that must be there before, without those who are."""
    told = [word.split(" ") for word in exchange.notes.get("users", "").split("; ") if word]
    with door.house.store.reading() as view:
        known = {user.key for user in view.users.page(1, Window(0, 1000)).users}
    return [Person(one[0], one[1].strip("-"), "".join(one[2:])) for one in told if one[0] not in known]


def add_groups(exchange: Exchange, door: OpenDoor) -> None:
    """The groups that must be there before, with their members, without those that are."""
    known = ids(door)
    administration = door.house.administration(Actor("root", "root", 1, ALL_RIGHTS), "test")
    for name, *members in (told.split(" ") for told in exchange.notes.get("groups", "").split("; ") if told):
        if name not in known:
            administration.groups.create(name, frozenset(), [known[member] for member in members], "")


def ids(door: OpenDoor) -> Mapping[str, str]:
    """The GUIDs of users and of groups by name: they, too, are what placeholders stand for."""
    with door.house.store.reading() as view:
        people, groups = view.users.page(1, Window(0, 1000)).users, view.groups.page(1, Window(0, 1000)).groups
    return {user.key: user.uid for user in people} | {group.name: group.uid for group in groups}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=titles(EXCHANGES))
def test_the_server_half_answers_as_the_vendor_does(
    exchange: Exchange, door: OpenDoor, values: Mapping[str, str]
) -> None:
    """Status and shape; an answer is never to be stored."""
    add_people(door.house, people(exchange, door))
    add_groups(exchange, door)
    values = {**values, **ids(door)}
    fill = {name: exchange.filled(text, values) for name, text in exchange.headers.items()}
    body = exchange.filled(exchange.body, values).encode() if exchange.body else None
    answer = door.ask(exchange.method, exchange.filled(exchange.target, values), headers=fill, body=body)
    assert answer.status == exchange.status, answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body == b"" if not exchange.answer else unlike(exchange.answered(), answer.json) == []


def answer_of(exchange: Exchange) -> Say:
    """The recorded answer."""
    return Say(exchange.status, exchange.answered(), exchange.answer_headers)


def below(target: str) -> tuple[str, ...]:
    """The segments of an address that follow `/api`."""
    return tuple(target.partition("?")[0].partition("/api/")[2].split("/"))


def directory_at(url: str, exchange: Exchange) -> UipathDirectory:
    """The client half with an access token, pointed at the organization of the recorded address."""
    prefix = exchange.target.partition("/api/")[0]
    return UipathDirectory(UipathSettings(Site(url + prefix), secret=Secret(TOKEN)))


EXECUTED = of("execute")


@pytest.mark.parametrize("exchange", EXECUTED, ids=titles(EXECUTED))
async def test_the_client_half_sends_what_the_vendor_prints(exchange: Exchange) -> None:
    """The command that the recorded request means goes out as it was recorded; the answer is read as it is meant."""
    fill: defaultdict[str, str] = defaultdict(lambda: GUID)
    target, sent_body = exchange.filled(exchange.target, fill), exchange.filled(exchange.body, fill)
    exchange = replace(exchange, target=target, body=sent_body)
    body = exchange.sent()
    [command] = read(WireRequest(exchange.method, below(exchange.target), body if isinstance(body, dict) else None))
    async with playing(lambda heard: answer_of(exchange)) as player:
        directory = directory_at(player.url, exchange)
        [outcome] = await directory.execute([command])
        await directory.close()
    [heard] = player.heard
    assert (heard.method, heard.target) == (exchange.method, exchange.target)
    sent = heard.sent()
    if isinstance(sent, dict) and isinstance(body, dict) and "partitionGlobalId" in body:
        # The organization is a setting of the target and not of the command; here it stands in the address alone.
        sent = {**sent, "partitionGlobalId": body["partitionGlobalId"]}
    assert sent == body
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    expected = exchange.notes["client"].split(" ")[1]
    assert (outcome.reason.value if isinstance(outcome, Refused) else type(outcome).__name__) == expected


FOUND = of("find")


@pytest.mark.parametrize("exchange", FOUND, ids=titles(FOUND))
async def test_the_client_half_finds_as_the_vendor_s_clients_do(exchange: Exchange) -> None:
    """The same request line, and the answer becomes a user or nobody."""
    async with playing(lambda heard: answer_of(exchange)) as player:
        directory = directory_at(player.url, exchange)
        user = await directory.find(below(exchange.target)[-1])
        await directory.close()
    assert [(heard.method, heard.target) for heard in player.heard] == [(exchange.method, exchange.target)]
    assert (user.login if user is not None else None) == ("nora" if exchange.status == 200 else None)


LISTED = of("list")


@pytest.mark.parametrize("exchange", LISTED, ids=titles(LISTED))
async def test_the_client_half_lists_as_the_vendor_s_clients_do(exchange: Exchange) -> None:
    """With the organization in the address and as the partition."""
    async with playing(lambda heard: answer_of(exchange)) as player:
        settings = UipathSettings(Site(player.url), secret=Secret(TOKEN), organization=GUID)
        directory = UipathDirectory(settings)
        users = await directory.list(Window(0, 100, "olga-list"))
        await directory.close()
    assert (users.total, [user.login for user in users.users]) == (1, ["olga-list"])
    assert player.heard[0].target == exchange.filled(exchange.target, {"org": GUID})


SIGN_INS = of("sign-in", "sign-in-refused")


@pytest.mark.parametrize("exchange", SIGN_INS, ids=titles(SIGN_INS))
async def test_the_client_half_signs_in_as_the_vendor_says(exchange: Exchange) -> None:
    """The same form to the same address, without a scope: all that the client may have."""

    def part(heard: Heard) -> Say:
        return answer_of(exchange) if heard.method == "POST" else Say(200, {"totalCount": 0, "results": []})

    form = parse_qs(exchange.body)
    async with playing(part) as player:
        client = UipathSettings(
            Site(player.url), form["client_id"][0], Secret(form["client_secret"][0]), organization="acme"
        )
        directory = UipathDirectory(client)
        [outcome] = await directory.execute(read(WireRequest("DELETE", ("User", GUID))))
        await directory.close()
    first, *rest = player.heard
    assert (first.method, first.target) == (exchange.method, exchange.target)
    assert first.headers["content-type"] == exchange.headers["Content-Type"]
    assert parse_qs(first.body.decode()) == {name: text for name, text in form.items() if name != "scope"}
    if role(exchange) == "sign-in-refused":
        assert isinstance(outcome, Refused)
        assert (outcome.reason.value, rest) == ("not-signed-in", [])
    else:
        assert rest[0].headers["authorization"] == "Bearer any text"
