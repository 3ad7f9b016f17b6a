"""The server from its start to its stop, in this process: signals, mail, checkpoints, log."""

import asyncio
import io
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from keyturn.app.house.build import House, Place, open_house
from keyturn.app.keeping.init import FOUNDER, make_directory
from keyturn.app.serving.housekeeping import checkpoints
from keyturn.app.serving.mail import public_address, relay_of
from keyturn.app.serving.server import Serving, run
from keyturn.cli.main import cli
from keyturn.core.commands import ResetPassword
from keyturn.core.errors import ConfigError, StoreError
from tests.support.mailsink import MailSink
from tests.support.server import Person, add_people


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A new directory."""
    found = Place(tmp_path / "directory")
    make_directory(found)
    return found


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A server takes the log over; give it back."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level


def stop_this_process(address: str) -> None:
    """What an operator's SIGTERM does."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_server_says_where_it_is_and_stops_on_sigterm(place: Place) -> None:
    heard: list[str] = []

    def announce(address: str) -> None:
        heard.append(address)
        stop_this_process(address)

    run(Serving(place, port=0), announce)
    assert len(heard) == 1
    assert heard[0].startswith("http://127.0.0.1:")
    with closing(open_house(place)) as house, house.store.reading() as view:
        assert view.audit.checkpoints()


def test_mail_that_waits_is_sent_by_the_next_server_that_has_a_relay(place: Place) -> None:
    with closing(open_house(place)) as house:
        add_people(house, [Person("amal", "amal@example.com")])
        house.directory(FOUNDER, "test").execute([ResetPassword("amal", notify=True)])
    with MailSink() as sink:

        def stop_when_mailed() -> None:
            sink.wait_for(1)
            stop_this_process("")

        def announce(address: str) -> None:
            threading.Thread(target=stop_when_mailed).start()

        run(Serving(place, port=0, relay=relay_of(f"127.0.0.1:{sink.port}")), announce)
        assert [letter.recipients for letter in sink.received] == [("amal@example.com",)]


def test_links_begin_with_the_address_that_somebody_said(tmp_path: Path) -> None:
    """In this order: the command, what the directory was made with, our own address; behind a proxy that is wrong."""
    said, silent = Place(tmp_path / "said"), Place(tmp_path / "silent")
    make_directory(said, base_url="https://id.example.com")
    make_directory(silent)
    with closing(open_house(said)) as house:
        assert public_address(house, "https://other.example.com", "http://here") == "https://other.example.com"
        assert public_address(house, "", "http://here") == "https://id.example.com"
    with closing(open_house(silent)) as house:
        assert public_address(house, "", "http://here") == "http://here"
    relay = relay_of("127.0.0.1:25")
    with pytest.raises(ConfigError) as refused:
        run(Serving(silent, port=0, relay=relay, behind_tls=True), stop_this_process)
    assert refused.value.code == "KT-CFG-025"


def test_the_command_serves_until_it_is_told_to_stop(place: Place, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]

    def stop_when_it_answers() -> None:
        while True:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
                return stop_this_process("")

    threading.Thread(target=stop_when_it_answers).start()
    home = {"KEYTURN_HOME": str(tmp_path / "home"), "KEYTURN_DATA": str(place.data)}
    result = CliRunner(env=home).invoke(cli, ["serve", "--port", str(port)])
    assert result.exit_code == 0
    assert result.stdout == f"keyturn is ready on http://127.0.0.1:{port}\n"


def test_a_relay_is_host_and_port_or_nothing() -> None:
    assert relay_of("") is None
    with pytest.raises(ConfigError):
        relay_of("localhost:none")


async def test_a_checkpoint_that_cannot_be_kept_is_tried_again(place: Place) -> None:
    """A full disk stops neither the server nor the next round."""
    log = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(log))
    with closing(open_house(place)) as house:
        store = _FailsOnce(house)
        closing_time = asyncio.Event()
        chore = checkpoints(store, house.signer, house.parts.clock, house.threads, every=0.001)  # type: ignore[arg-type]  # only writing is asked of it
        working = asyncio.ensure_future(chore(closing_time))
        await asyncio.to_thread(store.signed.wait, 60)
        closing_time.set()
        await working
        with house.store.reading() as view:
            assert len(view.audit.checkpoints()) == 1
    assert "audit.checkpoint.failed" in log.getvalue()


class _FailsOnce:
    """A store that is full at the first try."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._failed = False
        self.signed = threading.Event()

    def writing(self) -> object:
        if not self._failed:
            self._failed = True
            raise StoreError("the disk is full")
        self.signed.set()
        return self._house.store.writing()
