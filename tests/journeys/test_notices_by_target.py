"""`runs notify` over HTTP, on real servers, and killed in the middle: everybody is told, nobody twice unnamed."""

import json
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.bulk.desk import users, write
from tests.bulk.kit import Kit
from tests.support.fleet import Fleet, fleet
from tests.support.password_server import password_server

COUNT = 12
WHO = [f"user{number:02}" for number in range(COUNT)]
PAST = "2026-01-01T08:00+00:00"


def mailed(here: Fleet) -> Counter[str]:
    """How many mails wait for each user."""
    with here.door.house.store.reading() as view:
        return Counter(mail.login for mail in view.outbox.list(1) if mail.login in WHO)


@pytest.mark.proves("RN-4")
@pytest.mark.parametrize("kind", ["mas", "primavera"])
def test_a_target_over_http_mails_everybody_although_the_notices_are_killed(tmp_path: Path, kind: str) -> None:
    """Once each, but for the one that was on its way where repeats are not known; their passwords stay the same."""
    with fleet(tmp_path, WHO, mail="example.org") as here:
        path = write(tmp_path, "userid\n" + "".join(f"{who}\n" for who in WHO))
        done = here.run("reset", path, "-t", kind, "--expect", str(COUNT), "--no-input", "--notify-at", PAST)
        assert done.code == 0, done.err
        assert mailed(here) == {}
        process = here.kit.start("runs", "notify", "--expect", str(COUNT), "--rate", "20/s")
        until_so_many_are_mailed(here, 4)
        process.kill()
        process.communicate()
        assert 0 < len(mailed(here)) < COUNT
        rest = here.run("runs", "notify", "--yes", "--rate", "1000/s", "--json")
        [told] = rest.lines
        assert set(mailed(here)) == set(WHO), rest.err
        named = {each["user"] for each in told["twice"]}  # type: ignore[attr-defined]  # a list
        assert {who for who, count in mailed(here).items() if count > 1} <= named
        assert len(named) <= 1
        assert told["passed"] == []
        assert kind != "mas" or set(mailed(here).values()) == {1}, "it knows a repeat"
        passwords = {line["user"]: line["password"] for line in here.kit.handed_out()}
        assert all(here.signs_in(who, passwords[who]) for who in WHO[:2])


def until_so_many_are_mailed(here: Fleet, count: int) -> None:
    """Wait for it."""
    end = time.monotonic() + 30
    while len(mailed(here)) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_where_a_target_knows_no_repeat_whoever_may_have_been_told_twice_is_named(tmp_path: Path) -> None:
    """The one whose notice was on its way at the kill, and nobody else."""
    with password_server() as server:
        kit = Kit(tmp_path / "home", server.url).configure()
        done = kit.run(
            "reset", write(tmp_path, users(5)), "-t", "there", "--expect", "5", "--no-input", "--notify-at", PAST
        )
        assert done.code == 0, done.err
        server.delay = 0.2
        before = server.requests
        process = kit.start("runs", "notify", "--expect", "5", "--rate", "1000/s")
        while server.requests < before + 3:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        server.delay = 0
        [told] = kit.run("runs", "notify", "--yes", "--rate", "1000/s", "--json").lines
        assert (told["told"], told["passed"]) == (3, [])
        assert told["twice"] == [{"row": 4, "user": "user000002"}]
        assert {who: len(values) for who, values in server.passwords.items()} == {
            f"user{number:06d}": 3 if number == 2 else 2 for number in range(5)
        }
        assert all(len(set(values)) == 1 for values in server.passwords.values())
        assert "nobody is left to be told" in kit.run("runs", "notify").err


@pytest.mark.proves("RN-13")
def test_notices_stop_cleanly(tmp_path: Path) -> None:
    """The one that is on its way comes back and counts."""
    with password_server() as server:
        kit = Kit(tmp_path / "home", server.url).configure()
        kit.run("reset", write(tmp_path, users(5)), "-t", "there", "--expect", "5", "--no-input", "--notify-at", PAST)
        server.delay = 0.1
        process = kit.start("runs", "notify", "--expect", "5", "--rate", "1000/s", "--json")
        while server.requests < 7:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        told = json.loads(out)
        assert (process.returncode, told["stopped"], told["twice"]) == (130, "stopped by Ctrl-C", []), err
        assert "Next:  keyturn runs notify" in err
        [rest] = kit.run("runs", "notify", "--yes", "--rate", "1000/s", "--json").lines
        assert (told["told"] + rest["told"], rest["twice"]) == (5, [])
        assert {len(values) for values in server.passwords.values()} == {2}
