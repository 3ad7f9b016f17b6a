"""`keyturn target login`, `logout`, `bind` and `remove`: where the secret of a target is, and where it may go."""

import contextlib
import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.app.config import safe
from keyturn.app.config.settings import load
from keyturn.app.target.targets import prepare
from keyturn.cli.desk.reaching import from_keyring
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret
from tests.app.test_targets import HTTPS, settled
from tests.cli.test_target import KEYTURN, MAS, home, run, saved
from tests.support.safe_box import SafeBox, keyring_in_use, no_keyring

__all__ = ["home"]

ROOT = Path(__file__).parents[2]
CLEAR = "a-token-for-tests"
ENTRY = ("keyturn", "targets.t.token at https://api.test.example.com:443")
KEYED = f'kind = "mas"\nurl = "{HTTPS}"\ntoken = {{ keyring = true }}'


@pytest.fixture
def box() -> Iterator[SafeBox]:
    """A keyring."""
    box = SafeBox()
    with keyring_in_use(box):
        yield box


def added(*more: str) -> None:
    """A target in the config file."""
    result = run("add", "t", *MAS, *(more or ("--token-keyring",)), "--no-input")
    assert result.exit_code == 0, result.stderr


@pytest.mark.proves("RN-14")
def test_a_secret_in_the_keyring_is_for_its_server_alone(home: Path, box: SafeBox) -> None:
    """The next address finds none there, and has to be allowed before it is looked for."""
    added()
    result = run("login", "t", "--token-stdin", stdin=f"{CLEAR}\n")
    assert (result.exit_code, box.kept) == (0, {ENTRY: CLEAR})
    assert CLEAR not in result.output
    target = prepare(load(), "t", safe=from_keyring)
    assert (target.credentials.token, target.credentials.source) == (Secret(CLEAR), "keyring")
    elsewhere = settled(home, KEYED.replace("api.test", "api.other"))
    with pytest.raises(ConfigError) as caught:
        prepare(elsewhere, "t", safe=from_keyring)
    assert caught.value.code == "KT-CFG-016"
    assert run("bind", "t", "--yes").exit_code == 0
    with pytest.raises(ConfigError, match="is missing") as caught:
        prepare(elsewhere, "t", safe=from_keyring)
    assert caught.value.fix == "keyturn target login t"


def test_a_secret_that_was_elsewhere_is_in_the_keyring_then(home: Path, box: SafeBox) -> None:
    """The config file says so, and keeps everything else."""
    added("--key-id", "k1", "--token-env", "T")
    result = run("login", "t", "--token-stdin", stdin=f"{CLEAR}\n")
    assert result.exit_code == 0, result.stderr
    assert (saved(home)["token"], saved(home)["key_id"]) == ({"keyring": True}, "k1")


def test_the_secret_is_asked_for_and_not_shown(home: Path) -> None:
    """A terminal without echo."""
    added("--token-env", "T")
    keyboard, terminal = os.openpty()
    boxed = {"PYTHON_KEYRING_BACKEND": "tests.support.safe_box.SafeBox", "PYTHONPATH": str(ROOT)}
    asked = subprocess.Popen(
        [KEYTURN, "target", "login", "t"], stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, **boxed}, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while b"(hidden):" not in shown:
        shown += os.read(keyboard, 1000)
    os.write(keyboard, f"{CLEAR}\n".encode())
    with contextlib.suppress(OSError):  # the other side hangs up
        while more := os.read(keyboard, 1000):
            shown += more
    assert asked.wait(30) == 0
    assert b"for https://api.test.example.com:443 (hidden):" in shown
    assert CLEAR.encode() not in shown


def test_nobody_is_asked_for_a_secret_that_could_not_be_kept(home: Path) -> None:
    """Without a keyring it is said at once, and before the terminal is looked for."""
    added("--token-env", "T")
    with keyring_in_use(no_keyring()):
        result = run("login", "t")
    assert (result.exit_code, "KT-CFG-017" in result.stderr) == (2, True), result.stderr
    assert "hidden" not in result.stderr


@pytest.mark.proves("RN-14")
def test_a_secret_on_the_command_line_is_refused(home: Path, box: SafeBox) -> None:
    """It is not repeated, and nothing is kept."""
    added()
    result = run("login", "t", "--token", CLEAR)
    assert result.exit_code == 2
    assert "KT-CFG-018" in result.stderr
    assert CLEAR not in result.output
    assert box.kept == {}


def test_a_machine_without_a_keyring_is_told_the_other_ways(home: Path) -> None:
    """No fall-back to a readable file in silence."""
    with keyring_in_use(no_keyring()):
        added()
        result = run("login", "t", "--token-stdin", stdin=f"{CLEAR}\n")
        assert safe.keeper() == ""
    assert result.exit_code == 2
    assert "this machine has no keyring" in result.stderr
    for other in ("file =", "env =", "command =", "credential =", "--token-stdin"):
        assert other in result.stderr
    assert CLEAR not in result.output


@pytest.mark.parametrize("command", [("logout", "t"), ("login", "t", "--token-stdin")])
def test_a_locked_keyring_is_said_without_its_words(home: Path, box: SafeBox, command: tuple[str, ...]) -> None:
    added()
    box.locked = True
    result = run(*command, stdin=f"{CLEAR}\n")
    assert result.exit_code == 2
    assert "KeyringLocked; it may be locked" in result.stderr
    assert "secret-of-the-box" not in result.output
    with pytest.raises(ConfigError, match="cannot be used"):
        prepare(load(), "t", safe=from_keyring)


def test_logging_out_takes_the_secret_out(home: Path, box: SafeBox) -> None:
    added()
    run("login", "t", "--token-stdin", stdin=f"{CLEAR}\n")
    assert json.loads(run("logout", "t", "--json").stdout) == {"target": "t", "removed": ["token"]}
    assert box.kept == {}
    assert "was not in the keyring" in run("logout", "t").stdout


def test_an_empty_secret_is_none(box: SafeBox) -> None:
    with pytest.raises(ConfigError, match="no secret was given"):
        safe.keep("x", Secret(""))
    with pytest.raises(ConfigError, match="not one line"):
        safe.keep("x", Secret("two\nlines"))
    assert box.kept == {}


def test_a_target_on_this_machine_has_no_secret(home: Path) -> None:
    (home / "config.toml").write_text('[targets.here]\nkind = "local"\ndata = "x"\n', "utf-8")
    for command in (("login", "here"), ("logout", "here"), ("bind", "here")):
        assert run(*command).exit_code == 2


def test_a_changed_address_is_shown_before_it_is_allowed(home: Path) -> None:
    """Without somebody to ask and without --yes nothing changes."""
    added("--token-env", "T")
    settled(home, f'kind = "mas"\nurl = "{HTTPS}:8443"\ntoken = {{ env = "T" }}')
    refused = run("bind", "t")
    assert refused.exit_code == 8
    assert "https://api.test.example.com:443  ->  https://api.test.example.com:8443" in refused.stderr
    assert json.loads(run("bind", "t", "--yes", "--json").stdout)["servers"] == ["https://api.test.example.com:8443"]
    assert "goes to https://api.test.example.com:8443" in run("bind", "t").stdout


def test_a_removed_target_is_gone_with_its_secret(home: Path, box: SafeBox) -> None:
    """The default that pointed to it goes as well; other targets stay."""
    added()
    assert run("add", "u", *MAS, "--token-env", "T", "--no-input").exit_code == 0
    run("login", "t", "--token-stdin", stdin=f"{CLEAR}\n")
    assert run("remove", "t").exit_code == 8
    assert run("remove", "t", "--yes").exit_code == 0
    assert box.kept == {}
    left = tomllib.loads((home / "config.toml").read_text("utf-8"))
    assert list(left["targets"]) == ["u"]
    assert "default_target" not in left
    assert json.loads(run("remove", "u", "--yes", "--json").stdout) == {"target": "u", "removed": True}
    assert run("remove", "t", "--yes").exit_code == 2


def test_systemd_hands_a_credential_over(tmp_path: Path) -> None:
    """`LoadCredential=`: a file in a folder that the service manager names; nobody else can read it."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    kept = folder / "mas-token"
    kept.write_text(f"{CLEAR}\n", "utf-8")
    kept.chmod(0o400)
    table = f'kind = "mas"\nurl = "{HTTPS}"\ntoken = {{ credential = "mas-token" }}'
    target = prepare(settled(tmp_path, table, CREDENTIALS_DIRECTORY=str(folder)))
    assert (target.credentials.token, target.credentials.source) == (Secret(CLEAR), "credential mas-token")
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        prepare(settled(tmp_path, table))
    assert "LoadCredential=mas-token" in caught.value.fix


def test_only_secrets_of_targets_may_be_in_the_keyring(tmp_path: Path) -> None:
    """The server's own database is opened by a service, which has no desktop."""
    with pytest.raises(ConfigError, match="is missing") as caught:
        prepare(settled(tmp_path, KEYED))
    assert "only the secrets of targets" in caught.value.why
