"""A server that would be open to strangers does not start: each way to get it wrong is refused by name."""

import os
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keyturn.app.config.settings import load
from keyturn.app.house.build import DATABASE, KEYS, Place, open_house
from keyturn.app.keeping.init import make_directory
from keyturn.app.serving.serve import bind
from keyturn.app.serving.starting import front_of, refuse_debugging, refuse_open_files
from keyturn.cli.main import cli
from keyturn.core.errors import KeyturnError
from keyturn.http.front import LOOPBACK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files have other rights there")

URL = "https://id.example.com"


def behind(**how: Any) -> Callable[[Path], object]:
    """Start behind a TLS proxy, listening to everybody."""
    return lambda folder: front_of("0.0.0.0", behind_tls=True, **({"public_url": URL} | how))


def opened_up(name: str, bits: int, *, made: bool = True) -> Callable[[Path], object]:
    """Start with one file of the directory open to others."""

    def start(folder: Path) -> object:
        place = Place(folder / "directory")
        make_directory(place)
        target = place.data / name
        target.chmod(stat.S_IMODE(os.stat(target).st_mode) | bits)
        refuse_open_files(place.data, place.data / DATABASE)
        with closing(open_house(place)):
            return None

    return start


def configured(text: str, mode: int = 0o600) -> Callable[[Path], object]:
    """Start with this config file."""

    def start(folder: Path) -> object:
        path = folder / "config.toml"
        path.write_text(text)
        path.chmod(mode)
        return load(path, {})

    return start


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "plain http for other machines": (lambda folder: bind("0.0.0.0", 0), "KT-CFG-020"),
    "no name to be asked by": (behind(public_url=""), "KT-CFG-026"),
    "any name": (behind(hosts=["*"]), "KT-CFG-026"),
    "a name that is an address": (behind(hosts=["https://id.example.com/"]), "KT-CFG-026"),
    "links in plain http": (behind(public_url="http://id.example.com"), "KT-CFG-020"),
    "links to nowhere": (behind(public_url="https://:99999999"), "KT-CFG-026"),
    "links with a password": (behind(public_url="https://a:b@id.example.com"), "KT-CFG-026"),
    "everybody is a proxy": (behind(proxies=["0.0.0.0/0"]), "KT-CFG-027"),
    "everybody new is a proxy": (behind(proxies=["::/0"]), "KT-CFG-027"),
    "a proxy without a network": (behind(proxies=["proxy.example.com"]), "KT-CFG-027"),
    "a data folder that others write to": (opened_up(".", stat.S_IWGRP), "KT-CFG-028"),
    "a database that others read": (opened_up(DATABASE, stat.S_IROTH), "KT-CFG-028"),
    "a key folder that others read": (opened_up(KEYS, stat.S_IRGRP | stat.S_IXGRP), "KT-CFG-010"),
    "a key that others read": (opened_up(f"{KEYS}/keyring.json", stat.S_IROTH), "KT-CFG-010"),
    "Python that tells too much": (lambda folder: refuse_debugging("0.0.0.0", debugging=True), "KT-CFG-029"),
    "settings that others write": (configured("", 0o666), "KT-CFG-007"),
    "a misspelt setting": (configured("[serve]\nhots = ['x']\n"), "KT-CFG-003"),
}
"""Ways to start, and the code of the refusal."""


@pytest.mark.proves("CF-1", "V13.4.2")
@pytest.mark.parametrize("wrong", WRONG)
def test_what_would_be_open_to_strangers_does_not_start(wrong: str, tmp_path: Path) -> None:
    start, code = WRONG[wrong]
    with pytest.raises(KeyturnError) as refused:
        start(tmp_path)
    assert refused.value.code == code


def test_what_is_as_it_should_be_starts(tmp_path: Path) -> None:
    opened_up(DATABASE, 0)(tmp_path)
    refuse_open_files(tmp_path / "directory", None)
    refuse_open_files(tmp_path / "directory", tmp_path / "nothing here")
    refuse_debugging("127.0.0.1", debugging=True)
    refuse_debugging("0.0.0.0", debugging=False)


def test_a_server_answers_to_its_public_name_and_those_that_it_was_told() -> None:
    front = front_of(
        "0.0.0.0", behind_tls=True, public_url=URL + ":8443/x", hosts=["Ldap.Example.com."], proxies=["10.0.3.0/24"]
    )
    assert front.hosts == LOOPBACK | {"id.example.com", "ldap.example.com"}
    assert [str(each) for each in front.proxies] == ["10.0.3.0/24"]
    assert front.https


def test_on_one_address_that_is_a_name_too() -> None:
    assert front_of("127.0.0.1", behind_tls=False).hosts == LOOPBACK
    assert front_of("192.0.2.5", behind_tls=True).hosts == LOOPBACK | {"192.0.2.5"}
    assert front_of("2001:db8::5", behind_tls=True).hosts == LOOPBACK | {"[2001:db8::5]"}
    assert front_of("127.0.0.1", behind_tls=False, public_url="http://[::1]:8765").hosts == LOOPBACK


@pytest.mark.proves("CF-1")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--host", "0.0.0.0"), "KT-CFG-020"),
        (("--host", "0.0.0.0", "--i-am-behind-tls"), "KT-CFG-026"),
        (("--base-url", "http://id.example.com"), "KT-CFG-020"),
    ],
)
def test_the_command_says_what_is_wrong_and_does_not_start(given: tuple[str, ...], code: str, tmp_path: Path) -> None:
    place = Place(tmp_path / "directory")
    make_directory(place)
    told = CliRunner().invoke(cli, ["serve", "--data", str(place.data), "--port", "0", *given])
    assert told.exit_code == 2
    assert code in told.output
