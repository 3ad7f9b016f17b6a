"""The server calls nobody but its relay and its operator's targets: no address that is sent to it is ever opened."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import keyturn
from tests.http.doors import Doors, all_doors, effects


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All doors of one directory."""
    with all_doors(tmp_path_factory.mktemp("egress")) as found:
        yield found


REACHES_OUT = re.compile(
    r"^\s*(import|from) (aiohttp|aiosmtplib|http\.client|socket|smtplib|ftplib|urllib\.request|requests)\b"
    r"|\b(open_connection|create_connection|open_unix_connection)\(",
    re.MULTILINE,
)
MAY_REACH_OUT = {
    "app/demo/proxy.py": "the demonstration's broken network, on loopback",
    "app/serving/serve.py": "the socket that the server listens on",
    "http/call.py": "targets of the operator's settings",
    "mail/relay.py": "the relay of the operator's settings",
}
"""Where anything is in hand that could open a connection, and to whom it does."""


@pytest.mark.proves("CF-2", "V13.2.4")
def test_what_can_open_a_connection_is_in_few_places() -> None:
    source = Path(keyturn.__file__).parent
    found = {path for path in source.rglob("*.py") if REACHES_OUT.search(path.read_text(encoding="utf-8"))}
    assert {path.relative_to(source).as_posix() for path in found} == set(MAY_REACH_OUT)


@pytest.mark.proves("CF-2", "V1.3.6")
def test_no_address_that_is_sent_is_opened(doors: Doors) -> None:
    """In every field, header and parameter that looks as if somebody might fetch it, in many spellings."""
    called: list[str] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as trap:
        trap.settimeout(0.2)
        port = trap.getsockname()[1]
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    trap.accept()[0].close()
                except TimeoutError:
                    continue
                called.append("somebody came")

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            _send_addresses(doors, port)
        finally:
            over.set()
            listener.join()
    assert called == []
    assert "user.create" in effects(doors.door)


def _send_addresses(doors: Doors, port: int) -> None:
    urls = [
        f"http://127.0.0.1:{port}/", f"http://localhost:{port}/x", f"http://2130706433:{port}/", f"//127.0.0.1:{port}/",
        f"http://[::ffff:127.0.0.1]:{port}/", f"http://0x7f.1:{port}/", f"gopher://127.0.0.1:{port}/_x",
        f"ldap://127.0.0.1:{port}/", f"http://a@127.0.0.1:{port}/", f"http://127.0.0.1:{port}#@example.com/",
    ]  # fmt: skip
    scim = next(one for one in doors.hows["scim"].ways.values())["bearer"]
    for number, url in enumerate(urls):
        user = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"u{number}", "profileUrl": url,
            "photos": [{"value": url}], "externalId": url, "meta": {"location": url}, "emails": [{"value": "a@" + url}],
        }  # fmt: skip
        lies = {"referer": url, "origin": url, "x-forwarded-host": f"127.0.0.1:{port}", "x-callback-url": url}
        doors.door.ask("POST", f"/scim/v2/Users?url={url}&callback={url}", token=scim, send=user, headers=lies)
        doors.door.ask("POST", "/scim/v2/Users", token=scim, send=user, headers=lies)
        doors.door.ask("POST", "/keyturn/v1/users", token=doors.door.admin_token(), send={"id": url}, headers=lies)
