"""The parts of the demo's stage: file, bad network, mailbox, verdict."""

import asyncio
import json
import signal
import smtplib
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from keyturn.app.demo import file as demo_file
from keyturn.app.demo.mailbox import Mailbox
from keyturn.app.demo.proxy import Fault, FaultyProxy
from keyturn.app.demo.stage import Folders, LoopThread, Stage, _stop
from keyturn.app.demo.verdict import judge
from keyturn.core.errors import KeyturnError


def test_the_file_holds_its_traps_on_the_rows_that_are_told(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    demo_file.write(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0].strip() == "userid,name,site"
    ids = {number: line.partition(",")[0] for number, line in enumerate(lines, start=1)}
    assert ids[503] == "ghost42"
    assert (ids[12], ids[640]) == (ids[3], ids[77])
    assert ids[1005].strip() == ""
    assert len(lines) == 1006  # 1,005 rows and what follows the last line end
    assert set(demo_file.ids()) == set(list(ids.values())[1:1004]) - {"ghost42"}
    assert {"007", "000007", "1E5", *(demo_file.BUSY, demo_file.SLOW_DOWN, demo_file.LOST)} <= set(ids.values())


def test_every_sample_user_has_a_mail_address_of_their_own() -> None:
    mails = {demo_file.profile(number, who).mail() for number, who in enumerate(demo_file.ids())}
    assert len(mails) == len(set(demo_file.ids())) == 1000


class Counting:
    """A server that answers every request and counts them."""

    def __init__(self) -> None:
        self.seen: Counter[bytes] = Counter()
        self.answering: list[asyncio.Task[None] | None] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the other side leaves."""
        self.answering.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.seen[head.split(b" ")[1]] += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()


async def test_the_network_breaks_each_chosen_exchange_once() -> None:
    behind = Counting()
    server = await asyncio.start_server(behind.answer, "127.0.0.1", 0)
    faults = {b"/a": Fault.BUSY, b"/b": Fault.SLOW_DOWN, b"/c": Fault.LOST_ANSWER, b"/d": Fault.BUSY}
    proxy = FaultyProxy("127.0.0.1", server.sockets[0].getsockname()[1], faults)
    url = f"http://127.0.0.1:{await proxy.start()}"
    async with aiohttp.ClientSession() as session:

        async def status(path: str) -> int:
            async with session.get(url + path) as response:
                return response.status

        assert [await status("/a?x=1"), await status("/a")] == [503, 200]
        assert [await status("/b"), await status("/b"), await status("/other")] == [429, 200, 200]
        with pytest.raises(aiohttp.ClientError):
            await session.request("POST", f"{url}/c")
        assert await status("/c") == 200
    await proxy.close()
    server.close()
    await asyncio.gather(*(task for task in behind.answering if task is not None))
    assert behind.seen == {b"/a": 1, b"/b": 1, b"/c": 2, b"/other": 1}
    assert proxy.unused == [Fault.BUSY]
    assert proxy.seconds > 0


async def test_what_was_never_opened_can_be_closed(tmp_path: Path) -> None:
    await FaultyProxy("127.0.0.1", 9, {}).close()
    await Mailbox(tmp_path).close()


def test_the_mailbox_keeps_every_mail_and_counts_them_by_address(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    with closing(LoopThread()) as thread:
        port = thread.call(mailbox.start())
        with smtplib.SMTP("127.0.0.1", port) as relay:
            for to in ("a@demo.example", "b@demo.example", "a@demo.example"):
                relay.sendmail("keyturn@demo.example", [to], b"Subject: hello\r\n\r\nbody\r\n")
        assert mailbox.wait(3, 10) == 3
        assert mailbox.wait(4, 0.01) == 3
        thread.call(mailbox.close())
    assert mailbox.addresses() == {"a@demo.example": 2, "b@demo.example": 1}
    assert b"Subject: hello" in (tmp_path / "0003.eml").read_bytes()


def test_a_loop_in_a_thread_ends_what_still_goes_on_in_it() -> None:
    started = threading.Event()

    async def forever() -> None:
        started.set()
        await asyncio.Event().wait()

    with closing(LoopThread()) as thread:
        asyncio.run_coroutine_threadsafe(forever(), thread._loop)
        assert started.wait(10)
    assert not thread._thread.is_alive()


def report(path: Path, **changed: str) -> Path:
    """A report in which everything is as it must be, apart from the rows `r<number>`."""
    lines = []
    for number in range(2, demo_file.BLANK_ROW + 1):
        skipped = number in demo_file.REPEATS or number == demo_file.BLANK_ROW
        outcome = "skipped" if skipped else "failed" if number == demo_file.GHOST_ROW else "changed"
        told = {"type": "row", "row": number, "user": f"u{number}", "reason": "", "attempts": 1}
        outcome = changed.get(f"r{number}", outcome)
        if outcome != "missing":
            lines.append(json.dumps(told | {"outcome": outcome}))
    path.write_text("\n".join([*lines, '{"type": "summary"}']), encoding="utf-8")
    return path


MAILS = {f"user{number}": 1 for number in range(1000)}


def test_a_run_as_expected_has_no_surprise(tmp_path: Path) -> None:
    verdict = judge(report(tmp_path / "r"), 3, MAILS)
    assert verdict.surprises == ()
    assert [verdict.count(outcome) for outcome in ("changed", "failed", "skipped", "uncertain")] == [1000, 1, 3, 0]
    assert verdict.attempts("u5") == (5, 1)
    assert verdict.attempts("nobody") == (0, 0)


@pytest.mark.parametrize(
    ("changed", "code", "mails", "surprise"),
    [
        ({"r4": "uncertain"}, 3, MAILS, "row 4: u4 is uncertain (), expected changed"),
        ({"r12": "changed"}, 3, MAILS, "row 12: u12 is changed (), expected skipped"),
        ({"r503": "missing"}, 3, MAILS, "row 503: is missing, expected failed"),
        ({}, 0, MAILS, "the run ended with exit code 0 in place of 3"),
        ({}, 3, MAILS | {"user7": 2}, "1001 mails came for 1000 people in place of one for each of 1,000"),
    ],
)
def test_every_difference_is_a_surprise(
    tmp_path: Path, changed: dict[str, str], code: int, mails: dict[str, int], surprise: str
) -> None:
    assert judge(report(tmp_path / "r", **changed), code, mails).surprises == (surprise,)


def test_without_a_report_every_row_is_a_surprise(tmp_path: Path) -> None:
    assert len(judge(tmp_path / "none", 3, MAILS).surprises) == 1004


def test_a_stage_that_cannot_be_set_up_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its folder for the server's log is missing, so that no server can be started."""
    stage = Stage(Folders(tmp_path / "missing", tmp_path / "data", tmp_path))
    with pytest.raises(OSError, match=r"server\.log"), stage:
        pass
    assert not any(thread.name == "keyturn-demo" for thread in threading.enumerate())
    assert (stage.unused, stage.seconds) == ([], 0.0)


def test_a_user_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_file, "ids", lambda: ("007", "007"))
    stage = Stage(Folders(tmp_path, tmp_path / "data", tmp_path))
    with pytest.raises(KeyturnError, match="007 could not be made"), stage:
        pass


def test_a_server_that_says_nothing_is_not_waited_for_longer_than_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyturn.app.demo.stage.KEYTURN", (sys.executable, "-c", "import time; time.sleep(600)"))
    monkeypatch.setattr("keyturn.app.demo.stage.PATIENCE", 3.0)
    monkeypatch.setattr(demo_file, "ids", lambda: ())
    stage = Stage(Folders(tmp_path, tmp_path / "data", tmp_path))
    with pytest.raises(KeyturnError, match="did not start"), stage:
        pass


def test_a_server_that_does_not_want_to_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.app.demo.stage.PATIENCE", 0.2)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    stubborn = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    _stop(stubborn)
    assert stubborn.returncode == -signal.SIGKILL
    silent = subprocess.Popen([sys.executable, "-c", "pass"], text=True)
    _stop(silent)
    assert silent.returncode is not None


def test_a_server_that_does_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.app.demo.stage.KEYTURN", (sys.executable, "-c", "import sys; sys.exit('no room')"))
    with (
        pytest.raises(KeyturnError, match="did not start") as caught,
        Stage(Folders(tmp_path, tmp_path / "d", tmp_path)),
    ):
        pass
    assert caught.value.where == "no room"
