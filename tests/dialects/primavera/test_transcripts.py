"""What Oracle's documents say, replayed on both halves: halves that agree can still both be wrong."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.core.commands import Command, UpdateUser
from keyturn.core.errors import Unreachable
from keyturn.core.outcomes import Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Window
from keyturn.dialects.primavera.client import PrimaveraDirectory
from keyturn.dialects.primavera.client_session import PrimaveraSettings
from keyturn.dialects.primavera.wire import API, WireRequest, read
from keyturn.dialects.primavera.wire_answer import values_of
from keyturn.http.call import Site
from tests.support.player import Heard, Player, Say, playing
from tests.support.server import Answer, OpenDoor, Person, add_people, served
from tests.support.transcripts import Exchange, read_transcripts, unlike

EXCHANGES = read_transcripts(Path(__file__).parent / "transcripts")
JOB = "95733"
"""The number that the vendor prints for a job."""

BASIC = base64.b64encode(b"ADMIN:recorded").decode()


def role(exchange: Exchange) -> str:
    """What the client half does in this exchange."""
    return exchange.notes["client"].partition(" ")[0]


def of(*roles: str) -> list[Exchange]:
    """The exchanges in which the client half plays one of these roles."""
    return [exchange for exchange in EXCHANGES if role(exchange) in roles]


def titles(exchanges: list[Exchange]) -> list[str]:
    """Names for the test report."""
    return [exchange.title for exchange in exchanges]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory under the policy under which Oracle's sample passwords work."""
    with served(tmp_path_factory.mktemp("primavera"), profile="vendor") as door:
        yield door


@pytest.fixture(scope="module")
def values(door: OpenDoor) -> Mapping[str, str]:
    """What the placeholders stand for."""
    pair = f"{door.made.admin}:{door.made.password.reveal()}".encode()
    return {"basic": base64.b64encode(pair).decode(), "token": door.admin_token()}


def people(exchange: Exchange, door: OpenDoor) -> list[Person]:
    """The users that must be there before, without those who are."""
    told = [word.split(" ") for word in exchange.notes.get("users", "").split("; ") if word]
    with door.house.store.reading() as view:
        known = {user.key for user in view.users.page(1, Window(0, 1000)).users}
    return [Person(who, "" if mail == "-" else mail) for who, mail in told if who not in known]


@pytest.fixture(scope="module")
def heard(door: OpenDoor, values: Mapping[str, str]) -> Callable[[str], Answer]:
    """What the server half answers to an exchange, which is asked once: a user is not made twice."""
    known: dict[str, Answer] = {}

    def hear(title: str) -> Answer:
        exchange = titled(title)
        if title not in known:
            add_people(door.house, people(exchange, door))
            fill = {name: exchange.filled(value, values) for name, value in exchange.headers.items()}
            target = exchange.target
            if "after" in exchange.notes:
                target = target.replace(JOB, str(hear(before(exchange).title).json))
            body = exchange.body.encode() or None
            known[title] = door.ask(exchange.method, target, headers=fill, body=body)
        return known[title]

    return hear


def titled(title: str) -> Exchange:
    """The exchange of this name."""
    return next(exchange for exchange in EXCHANGES if exchange.title == title)


def before(exchange: Exchange) -> Exchange:
    """The exchange that made the job which this one asks for."""
    return titled(f"jobs: {exchange.notes['after']}")


def told_by(exchange: Exchange) -> object:
    """The recorded answer as one value: the page prints objects in a row, without brackets."""
    told = values_of(exchange.answer.encode()) or []
    return told[0] if len(told) == 1 else told


@pytest.mark.parametrize("exchange", EXCHANGES, ids=titles(EXCHANGES))
def test_the_server_half_answers_as_the_vendor_does(exchange: Exchange, heard: Callable[[str], Answer]) -> None:
    """Status and shape as they are printed; the real answer may hold more."""
    answer = heard(exchange.title)
    assert answer.status == exchange.status, answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith(exchange.answer_headers["Content-Type"])
    assert ("location" in answer.headers) == ("Location" in exchange.answer_headers)
    assert answer.headers.get("www-authenticate") == exchange.answer_headers.get("www-authenticate")
    if exchange.answer_headers["Content-Type"] != "application/json":
        assert answer.text.splitlines() == exchange.answer.splitlines()
    else:
        assert unlike(told_by(exchange), answer.json) == []


def answer_of(exchange: Exchange) -> Say:
    """The recorded answer, byte for byte."""
    return Say(exchange.status, headers=exchange.answer_headers, text=exchange.answer.encode())


def directory_at(player: Player) -> PrimaveraDirectory:
    """The client half with name and password."""
    return PrimaveraDirectory(PrimaveraSettings(Site(player.url), "ADMIN", Secret("recorded")))


EXECUTED = of("execute")


@pytest.mark.parametrize("exchange", EXECUTED, ids=titles(EXECUTED))
async def test_the_client_half_sends_what_the_vendor_prints(exchange: Exchange) -> None:
    """The commands that the recorded request means go out as it was recorded; the answer is read as it is meant."""
    commands = commands_of(exchange)
    async with playing(lambda heard: answer_of(exchange)) as player:
        directory = directory_at(player)
        outcomes = await directory.execute(commands)
        await directory.close()
    [heard] = player.heard
    assert (heard.method, heard.target, heard.headers["authorization"]) == (
        exchange.method,
        exchange.target,
        f"Basic {BASIC}",
    )
    assert unlike(exchange.sent(), heard.sent()) == []
    assert [type(outcome).__name__ for outcome in outcomes] == exchange.notes["client"].split(" ")[1:]


READ_ONLY = {"statusInfo", "locked", "createdBy", "createdDate", "updatedDate", "pwdExpired", "pwdCantChange"}
"""What a client may leave out, because the target only tells it."""


def sent_in(exchange: Exchange) -> object:
    """What the vendor prints, without what is only told."""
    body: Any = exchange.sent()
    if "modified" not in body:
        return body
    return {"modified": [{n: v for n, v in each.items() if n not in READ_ONLY} for each in body["modified"]]}


def listed(exchange: Exchange) -> Say:
    """The list of users that stands behind an exchange."""
    return Say(200, [json.loads(exchange.notes["listed"])])


def commands_of(exchange: Exchange) -> list[Command]:
    """The commands that a recorded request means."""
    path = tuple(exchange.target.removeprefix(API).strip("/").split("/"))
    return [
        replace(each, version=None) if isinstance(each, UpdateUser) else each
        for each in read(WireRequest(exchange.method, path, exchange.sent()))
    ]


JOBS = of("job")


@pytest.mark.parametrize("exchange", JOBS, ids=titles(JOBS))
async def test_the_client_half_asks_for_a_job_until_it_is_done(exchange: Exchange) -> None:
    """The change goes out as it is printed, is accepted as it is printed, and its result is read."""
    asked = before(exchange)

    def part(heard: Heard) -> Say:
        if heard.target.endswith("/user"):
            return listed(exchange) if heard.method == "GET" else answer_of(asked)
        return answer_of(exchange)

    async with playing(part) as player:
        directory = directory_at(player)
        outcomes = await directory.execute(commands_of(asked))
        await directory.close()
    change, look = player.heard[-2:]
    assert (change.method, change.target) == (asked.method, asked.target)
    assert unlike(sent_in(asked), change.sent()) == []
    assert (look.method, look.target) == (exchange.method, exchange.target)
    assert [type(outcome).__name__ for outcome in outcomes] == exchange.notes["client"].split(" ")[1:]


UNLOCKS = of("unlock")


@pytest.mark.parametrize("exchange", UNLOCKS, ids=titles(UNLOCKS))
async def test_the_client_half_unlocks_as_the_vendor_prints_it(exchange: Exchange) -> None:
    """After it has read in the list who is locked."""
    async with playing(lambda heard: listed(exchange) if heard.method == "GET" else answer_of(exchange)) as player:
        directory = directory_at(player)
        outcomes = await directory.execute(commands_of(exchange))
        await directory.close()
    call = player.heard[-1]
    assert (call.method, call.target, call.sent()) == (exchange.method, exchange.target, exchange.sent())
    assert [type(outcome).__name__ for outcome in outcomes] == exchange.notes["client"].split(" ")[1:]


READS = of("list", "probe", "refused")


@pytest.mark.parametrize("exchange", READS, ids=titles(READS))
async def test_the_client_half_reads_as_the_vendor_s_clients_do(exchange: Exchange) -> None:
    """The same request line and headers, and the answer becomes users, an account or a refusal."""
    async with playing(lambda heard: answer_of(exchange)) as player:
        directory = directory_at(player)
        if role(exchange) == "list":
            assert (await directory.list(Window())).total == 1
        elif role(exchange) == "probe":
            assert (await directory.probe()).account == "ADMIN"
        else:
            with pytest.raises(Unreachable):
                await directory.probe()
            [outcome] = await directory.execute(read(WireRequest("POST", ("user",), {"deleted": ["X"]})))
            assert isinstance(outcome, Refused)
        await directory.close()
    [heard] = player.heard
    assert (heard.method, heard.target) == (exchange.method, exchange.target)
    assert (heard.headers["accept"], heard.headers["version"]) == ("application/json", "2")
