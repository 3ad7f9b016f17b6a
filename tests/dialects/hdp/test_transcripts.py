"""What Progress's documents print, replayed on both halves: halves that agree can still both be wrong."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.evidence import Evidence
from keyturn.core.outcomes import Refused
from keyturn.core.secret import Secret
from keyturn.core.storage import Tenant
from keyturn.core.users import Window
from keyturn.dialects.hdp.client import HdpDirectory
from keyturn.dialects.hdp.client_people import HdpSettings
from keyturn.dialects.hdp.wire import WireRequest, read
from keyturn.http.call import Site
from tests.support.player import Heard, Player, Say, playing
from tests.support.server import OpenDoor, Person, add_people, served
from tests.support.transcripts import Exchange, read_transcripts, unlike

EXCHANGES = read_transcripts(Path(__file__).parent / "transcripts")
NUMBER = "123"
LISTED = {"users": [{"id": 123, "userName": "somebody", "tenantId": 1}, {"id": 1, "userName": "d2cadmin"}]}
STORED = {"id": 123, "userName": "somebody", "tenantId": 1, "statusInfo": {"status": 1, "accountLocked": False}}


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
    """A directory under the policy under which the sample password works."""
    with served(tmp_path_factory.mktemp("hdp"), profile="vendor") as door:
        yield door


def basic(name: str, password: str) -> str:
    """What follows `Basic `."""
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def values(exchange: Exchange, door: OpenDoor) -> Mapping[str, str]:
    """What the placeholders stand for: users are made who are not there, and named by number."""
    told = [word.partition(" ") for word in exchange.notes.get("users", "").split("; ") if word]
    with door.house.store.reading() as view:
        known = {user.login for user in view.users.page(1, Window(0, 1000)).users}
    people = [Person(who, password=password or "tempsecret0") for who, _, password in told if who not in known]
    add_people(door.house, people)
    with door.house.store.reading() as view:
        numbers = {user.login: str(user.number) for user in view.users.page(1, Window(0, 1000)).users}
    return {**numbers, **tenants(exchange, door), "basic": basic(door.made.admin, door.made.password.reveal())}


def tenants(exchange: Exchange, door: OpenDoor) -> Mapping[str, str]:
    """The numbers of the tenants that are named; they are made when they are not there."""
    administration = door.house.administration(FOUNDER, "test")
    known = {tenant.name: str(tenant.number) for tenant in administration.tenants.all()}
    for name in [name for name in exchange.notes.get("tenants", "").split("; ") if name and name not in known]:
        made = administration.tenants.create(name, {"profile": "vendor"})
        assert isinstance(made, Tenant)
        known[name] = str(made.number)
    return known


@pytest.mark.parametrize("exchange", EXCHANGES, ids=titles(EXCHANGES))
def test_the_server_half_answers_as_the_vendor_does(exchange: Exchange, door: OpenDoor) -> None:
    """Status and shape, and where the page prints a sentence, the sentence."""
    fill = values(exchange, door)
    headers = {name: exchange.filled(text, fill) for name, text in exchange.headers.items()}
    body = exchange.filled(exchange.body, fill).encode() or None
    answer = door.ask(exchange.method, exchange.filled(exchange.target, fill), headers=headers, body=body)
    assert answer.status == exchange.status, answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (answer.status == 401)
    assert ("location" in answer.headers) == ("location" in exchange.notes)
    told = exchange.answered()
    assert unlike(told, answer.json) == [] if told is not None else not answer.body
    assert "exactly" not in exchange.notes or told == answer.json
    for name in exchange.notes.get("hides", "").split():
        assert f'"{name}"' not in answer.text


def directory_at(player: Player, tenant: str = "") -> HdpDirectory:
    """The client half with a login."""
    return HdpDirectory(HdpSettings(Site(player.url), "d2cadmin", Secret("x"), tenant))


def around(exchange: Exchange) -> "Mapping[tuple[str, str], Say]":
    """What the target answers besides the recorded call: the list of users, and the user as it is."""
    return {
        ("GET", "/api/admin/users"): Say(200, LISTED),
        ("GET", f"/api/admin/users/{NUMBER}"): Say(200, STORED),
        (exchange.method, exchange.filled(exchange.target, dict.fromkeys(_names(exchange), NUMBER))): Say(
            exchange.status, exchange.answered(), exchange.answer_headers
        ),
    }


def _names(exchange: Exchange) -> list[str]:
    return [*(word.partition(" ")[0] for word in exchange.notes.get("users", "").split("; ")), "basic"]


EXECUTED = of("execute")


@pytest.mark.parametrize("exchange", EXECUTED, ids=titles(EXECUTED))
async def test_the_client_half_sends_what_the_vendor_prints(exchange: Exchange) -> None:
    """The command that the recorded request means goes out as it was recorded; the answer is read as it is meant."""
    target = exchange.filled(exchange.target, dict.fromkeys(_names(exchange), NUMBER))
    sent = exchange.sent()
    command = read(WireRequest(exchange.method, tuple(target.strip("/").split("/")), sent))  # type: ignore[arg-type]  # JSON
    said = dict(around(exchange))
    if isinstance(sent, dict) and exchange.answer and "id" in json.loads(exchange.answer):
        number = NUMBER if exchange.method == "PUT" else "7"
        key = (exchange.method, target)
        said[key] = Say(exchange.status, {**json.loads(exchange.answer), "id": int(number)})
    async with playing(lambda heard: said[heard.method, heard.target]) as player:
        directory = directory_at(player)
        [outcome] = await directory.execute([command])
        await directory.close()
    heard = player.heard[-1]
    assert (heard.method, heard.target) == (exchange.method, target)
    assert unlike(sent, heard.sent()) == []
    assert heard.headers["authorization"] == f"Basic {basic('d2cadmin', 'x')}"
    expected = exchange.notes["client"].split(" ")[1]
    assert (outcome.reason.value if isinstance(outcome, Refused) else type(outcome).__name__) == expected


READS = of("find", "list", "probe")


@pytest.mark.parametrize("exchange", READS, ids=titles(READS))
async def test_the_client_half_reads_what_the_vendor_prints(exchange: Exchange) -> None:
    """The same request line, and the answer becomes a user, users or an account."""
    said = dict(around(exchange))
    if role(exchange) == "find":
        target = f"/api/admin/users/{NUMBER}"
        said["GET", target] = Say(200, {**json.loads(exchange.answer), "id": 123})

    def part(heard: Heard) -> Say:
        return said.get((heard.method, heard.target), Say(404, {}))

    async with playing(part) as player:
        directory = directory_at(player, "default" if "tenant" in exchange.notes["client"] else "")
        if role(exchange) == "find":
            user = await directory.find("somebody")
            assert user is not None
            assert (user.login, user.number) == ("cleo", 123)
        elif role(exchange) == "list":
            assert [user.number for user in (await directory.list(Window())).users] == [1]
        else:
            assert (await directory.probe()).account == "d2cadmin"
        await directory.close()
    target = exchange.filled(exchange.target, dict.fromkeys(_names(exchange), NUMBER))
    assert (exchange.method, target) in [(heard.method, heard.target) for heard in player.heard]


async def test_the_client_half_reads_back_how_a_password_stands_as_the_vendor_prints_it() -> None:
    """The very call, and what 2 means."""
    [exchange] = of("read")
    target = f"/api/admin/users/{NUMBER}/passwordinfo"
    said = {"/api/admin/users": Say(200, LISTED), target: Say(200, exchange.answered())}
    async with playing(lambda heard: said[heard.target]) as player:
        directory = directory_at(player)
        [seen] = await directory.read_back(["somebody"])
        await directory.close()
    assert isinstance(seen, Evidence)
    assert seen.must_change is True
    assert player.heard[-1].target == exchange.filled(exchange.target, dict.fromkeys(_names(exchange), NUMBER))


async def test_the_client_half_reads_the_policy_without_a_password() -> None:
    """And takes its lengths for its own."""
    [exchange] = of("policy")
    said = {"/api/mgmt/user": Say(200, {"userId": 1}), exchange.target: Say(200, exchange.answered())}
    async with playing(lambda heard: said[heard.target]) as player:
        directory = directory_at(player)
        assert (await directory.probe()).note == "passwords of 8 to 32 characters"
        await directory.close()
    usual = directory.capabilities.usual
    assert usual is not None
    assert (usual.shortest, usual.longest, usual.classes) == (8, 32, 0)
    assert "authorization" not in player.heard[-1].headers
