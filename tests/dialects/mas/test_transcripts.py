"""What IBM's documents and clients say, replayed on both halves: halves that agree can still both be wrong."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from keyturn.core.outcomes import Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Window
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.dialects.mas.wire import WireRequest, read
from keyturn.http.call import Site
from keyturn.http.paths import canonical
from keyturn.http.query import flag, read_query
from tests.support.player import Heard, Player, Say, playing
from tests.support.server import OpenDoor, Person, add_people, served
from tests.support.transcripts import Exchange, read_transcripts, unlike

EXCHANGES = read_transcripts(Path(__file__).parent / "transcripts")
TOKEN = "recorded"


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
    """A directory under the policy under which IBM's sample passwords work."""
    with served(tmp_path_factory.mktemp("mas"), profile="vendor") as door:
        yield door


@pytest.fixture(scope="module")
def values(door: OpenDoor) -> Mapping[str, str]:
    """What the placeholders stand for."""
    key, token = door.made.key.key.id, door.key_token()
    spare = door.ask("POST", "/v1/apikeys", headers={"x-access-token": token}, send={}).json["id"]
    basic = base64.b64encode(f"{key}:{door.made.key.token.reveal()}".encode()).decode()
    admin = {"admin": door.made.admin, "password": door.made.password.reveal()}
    return {"token": token, "basic": basic, "key": key, "spare": spare, **admin}


def people(exchange: Exchange, door: OpenDoor) -> list[Person]:
    """The users that must be there before, without those who are."""
    told = [word.split(" ") for word in exchange.notes.get("users", "").split("; ") if word]
    with door.house.store.reading() as view:
        known = {user.key for user in view.users.page(1, Window(0, 1000)).users}
    return [Person(who, "" if mail == "-" else mail) for who, mail in told if who not in known]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=titles(EXCHANGES))
def test_the_server_half_answers_as_the_vendor_does(
    exchange: Exchange, door: OpenDoor, values: Mapping[str, str]
) -> None:
    """Status and shape; an answer with a token is never to be stored."""
    add_people(door.house, people(exchange, door))
    fill = {name: exchange.filled(text, values) for name, text in exchange.headers.items()}
    body = exchange.filled(exchange.body, values).encode() if exchange.body else None
    answer = door.ask(exchange.method, exchange.filled(exchange.target, values), headers=fill, body=body)
    assert answer.status == exchange.status, answer.body
    assert answer.headers["cache-control"] == "no-store"
    told = json.loads(exchange.filled(exchange.answer, values)) if exchange.answer else None
    assert (answer.json if answer.body else None) is None or told is not None
    assert unlike(told, answer.json) == [] if told is not None else not answer.body
    for name in exchange.notes.get("hides", "").split():
        assert name not in answer.json


def answer_of(exchange: Exchange) -> Say:
    """The recorded answer."""
    return Say(exchange.status, exchange.answered(), exchange.answer_headers)


def meant(exchange: Exchange) -> tuple[str, str, Mapping[str, bool], object]:
    """Method, path, known flags and body of a recorded request."""
    parts = urlsplit("//x/" + exchange.target.lstrip("/"))
    query = read_query(parts.query.encode())
    flags = {name: flag(query, name) for name in ("emailPassword", "validate") if name in query}
    body = exchange.sent()
    if isinstance(body, dict):
        body = {name: part for name, part in body.items() if name not in exchange.notes.get("client-omits", "").split()}
    return exchange.method, canonical(parts.path.encode()), flags, body


def said(heard: Heard, exchange: Exchange) -> tuple[str, str, Mapping[str, bool], object]:
    """The same of what the client half sent; a flag that is false may be left out on either side."""
    parts = urlsplit(heard.target)
    query = read_query(parts.query.encode())
    _, _, flags, _ = meant(exchange)
    sent = {name: flag(query, name) for name in ("emailPassword", "validate")}
    return (
        heard.method,
        canonical(parts.path.encode()),
        {n: v for n, v in sent.items() if v or n in flags},
        heard.sent(),
    )


def directory_at(player: Player) -> MasDirectory:
    """The client half with an access token."""
    return MasDirectory(MasSettings(Site(player.url), token=Secret(TOKEN)))


EXECUTED = of("execute")


@pytest.mark.parametrize("exchange", EXECUTED, ids=titles(EXECUTED))
async def test_the_client_half_sends_what_the_vendor_prints(exchange: Exchange) -> None:
    """The command that the recorded request means goes out as it was recorded; the answer is read as it is meant."""
    method, path, flags, body = meant(exchange)
    segments = tuple(part for part in path.split("/") if part)
    command = read(WireRequest(method, segments, flags, body if isinstance(body, dict) else None))
    async with playing(lambda heard: answer_of(exchange)) as player:
        directory = directory_at(player)
        [outcome] = await directory.execute([command])
        await directory.close()
    [heard] = player.heard
    sent = said(heard, exchange)
    if "client-changes" in exchange.notes:
        assert unlike(body, sent[3]) == []
        sent = (*sent[:3], body)
    assert sent == (method, path, {**flags} if flags else sent[2], body)
    assert heard.headers["x-access-token"] == TOKEN
    expected = exchange.notes["client"].split(" ")[1]
    assert (outcome.reason.value if isinstance(outcome, Refused) else type(outcome).__name__) == expected


READS = of("find", "list", "probe")


@pytest.mark.parametrize("exchange", READS, ids=titles(READS))
async def test_the_client_half_reads_as_the_vendor_s_clients_do(exchange: Exchange) -> None:
    """The same request line, and the answer becomes a user, users or an account."""
    async with playing(lambda heard: answer_of(exchange)) as player:
        directory = directory_at(player)
        who = exchange.target.rpartition("/")[2]
        if role(exchange) == "find":
            user = await directory.find(who)
            assert (user.key if user is not None else None) == (who if exchange.status == 200 else None)
        elif role(exchange) == "list":
            assert (await directory.list(Window())).total == 1
        else:
            await directory.probe()
        await directory.close()
    heard = player.heard[0]
    assert {heard.target for heard in player.heard[1:]} <= {"/about"}
    assert (heard.method, heard.target, heard.headers["x-access-token"]) == (exchange.method, exchange.target, TOKEN)


SIGN_INS = of("sign-in")


@pytest.mark.parametrize("exchange", SIGN_INS, ids=titles(SIGN_INS))
async def test_the_client_half_signs_in_as_the_vendor_says(exchange: Exchange) -> None:
    """An API key as Basic, or a name and a password as JSON; then the token goes into `x-access-token`."""

    def part(heard: Heard) -> Say:
        return Say(200, []) if heard.target == "/workspaces" else answer_of(exchange)

    how = exchange.notes["client"].split(" ")[1]
    async with playing(part) as player:
        if how == "password":
            settings = MasSettings(Site(player.url), username="{{admin}}", password=Secret("{{password}}"))
        else:
            settings = MasSettings(Site(player.url), key_id="a-inst1-abcdefghij", token=Secret("wrong"))
        directory = MasDirectory(settings)
        if how == "refused":
            [outcome] = await directory.execute([read(WireRequest("DELETE", ("v3", "users", "amal")))])
            assert isinstance(outcome, Refused)
            assert outcome.reason.value == "not-signed-in"
        else:
            await directory.probe()
            assert player.heard[1].headers["x-access-token"] == "any text"
        await directory.close()
    first = player.heard[0]
    assert (first.method, first.target) == (exchange.method, exchange.target.partition("?")[0])
    assert first.sent() == exchange.sent()
    if how == "refused":
        assert first.headers["authorization"] == exchange.headers["Authorization"]
