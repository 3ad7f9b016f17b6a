"""One answer in ten is lost on its way, after the change: what is known of each user, and who signs in with what."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from keyturn.app.demo.proxy import Fault, FaultyProxy
from tests.bulk.desk import users, write
from tests.bulk.kit import Done, Kit
from tests.support.counting_server import CountingServer, counting_server

ROWS = 200
LOST = frozenset(f"user{number:06d}" for number in random.Random(4).sample(range(ROWS), ROWS // 10))


@pytest.fixture
def server() -> Iterator[CountingServer]:
    """A server that knows no repeat."""
    with counting_server() as found:
        yield found


async def through_the_proxy(tmp: Path, server: CountingServer, *more: str) -> tuple[Kit, Done]:
    """Reset everybody through a proxy that loses the answers of some."""
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    assert parts.port is not None
    faults = {f"/v3/users/{who}/password".encode(): Fault.LOST_ANSWER for who in LOST}
    proxy = FaultyProxy(parts.hostname, parts.port, faults)
    kit = Kit(tmp / "home", f"http://127.0.0.1:{await proxy.start()}").configure()
    flags = ("--expect", str(ROWS), "--no-input", "-j", "16", "--max-failures", "100%")
    try:
        done = await asyncio.to_thread(kit.run, "reset", write(tmp, users(ROWS)), "-t", "there", *flags, *more)
        assert proxy.unused == []
        return kit, done
    finally:
        await proxy.close()


def states(kit: Kit) -> dict[str, str]:
    """What the journal says of each user."""
    return {str(line["user"]): str(line["outcome"]) for line in kit.run("runs", "rows", "--output", "jsonl").lines}


@pytest.mark.proves("RN-3", "RN-4", "R-4")
async def test_with_passwords_of_our_own_every_user_has_one_and_it_is_handed_out(
    tmp_path: Path, server: CountingServer
) -> None:
    """What was lost is sent again with the same password."""
    kit, done = await through_the_proxy(tmp_path, server)
    assert done.code == 0
    assert set(states(kit).values()) == {"changed"}
    assert {who for who, values in server.effects.items() if len(values) > 1} == LOST
    assert all(len(set(values)) == 1 for values in server.effects.values())
    assert {line["user"]: line["password"] for line in kit.handed_out()} == server.given


@pytest.mark.proves("RN-3", "RN-4", "R-4")
async def test_without_a_second_try_exactly_the_lost_are_uncertain_and_handed_out_as_such(
    tmp_path: Path, server: CountingServer
) -> None:
    """The password in the handout is the one in force."""
    kit, done = await through_the_proxy(tmp_path, server, "--retries", "0")
    assert done.code == 9
    assert {who for who, state in states(kit).items() if state == "uncertain"} == LOST
    handed = kit.handed_out()
    assert {line["user"] for line in handed if line["state"] == "uncertain"} == LOST
    assert {line["user"]: line["password"] for line in handed} == server.given


@pytest.mark.proves("RN-3", "R-4")
async def test_where_the_server_makes_them_exactly_the_lost_are_uncertain_and_nobody_is_reset_twice(
    tmp_path: Path, server: CountingServer
) -> None:
    """Done and failed are said of nobody of whom they are not known."""
    kit, done = await through_the_proxy(tmp_path, server, "--password", "target")
    assert done.code == 9
    told = states(kit)
    assert {who for who, state in told.items() if state == "uncertain"} == LOST
    assert {who for who, state in told.items() if state == "changed"} == server.effects.keys() - LOST
    assert all(len(values) == 1 for values in server.effects.values())
    handed = {line["user"]: line["password"] for line in kit.handed_out()}
    assert handed == {who: password for who, password in server.given.items() if who not in LOST}
