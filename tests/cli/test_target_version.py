"""`keyturn target add` and `test` with a version: what is saved, what is guessed, what is warned of."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.support.manage_server import KEY, TOKEN, ManageServer, manage_server


@pytest.fixture
def server() -> Iterator[ManageServer]:
    """A stand-in for a MAS 9.1."""
    with manage_server() as running:
        yield running


def run(home: Path, *args: str) -> Result:
    """Run `keyturn target` in this process."""
    environment = {"KEYTURN_HOME": str(home), "T": TOKEN, "NO_COLOR": "1"}
    return CliRunner(env=environment).invoke(cli, ["target", *args])


def add(home: Path, url: str, *more: str) -> Result:
    """Add the target `t`."""
    return run(home, "add", "t", "--kind", "mas", "--url", url, "--token-env", "T", "--no-input", *more)


def test_version_second_host_and_certificate_are_saved_from_where_they_were_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = "https://api.example.com"
    flags = ["--version", "9.1", "--manage-url", "https://m.example.com", "--manage-key-file", "m.key"]
    done = add(tmp_path, url, *flags, "--certificate", "me.pem", "--certificate-key", "me.key")
    assert done.exit_code == 0, done.stderr
    assert tomllib.loads((tmp_path / "config.toml").read_text())["targets"]["t"] == {
        "kind": "mas",
        "url": url,
        "version": "9.1",
        "manage_url": "https://m.example.com",
        "certificate": str(tmp_path / "me.pem"),
        "certificate_key": str(tmp_path / "me.key"),
        "manage_key": {"file": str(tmp_path / "m.key")},
        "token": {"env": "T"},
    }


def test_a_version_that_is_none_is_not_saved(tmp_path: Path) -> None:
    refused = add(tmp_path, "https://api.example.com", "--version", "new")
    assert refused.exit_code == 2
    assert "'new' is no version" in refused.stderr
    assert "fix    numbers with dots, as in 9.1 or 9.1.3" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_guess_is_called_one_and_a_difference_is_warned_of(tmp_path: Path, server: ManageServer) -> None:
    (tmp_path / "m.key").write_text(KEY)
    (tmp_path / "m.key").chmod(0o600)
    add(tmp_path, server.url, "--version", "9.1", "--manage-key-file", str(tmp_path / "m.key"))
    server.about = {"version": "9.1.4"}
    told = run(tmp_path, "test", "t")
    assert told.exit_code == 0, told.stderr
    assert "version 9.1.4, the version is a guess" in told.stdout
    assert told.stderr == ""
    server.about = {"version": "9.0.2"}
    told = run(tmp_path, "test", "t", "--json")
    assert json.loads(told.stdout)["version"] == "9.0.2"
    assert "warning[KT-TGT-012]: the settings say version 9.1, the server seems to be 9.0.2" in told.stderr


def test_without_a_version_the_guess_says_what_to_set(tmp_path: Path, server: ManageServer) -> None:
    add(tmp_path, server.url)
    server.about = {"version": "9.1"}
    assert 'say version = "9.1"' in run(tmp_path, "test", "t").stdout
