"""From the command line: a client is made, a target is added, and a sheet resets passwords through both halves."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.support.server import Person, served


def run(*args: str, code: int = 0) -> Result:
    """One command in this process; it ends with `code`."""
    result = CliRunner().invoke(cli, list(args))
    assert result.exit_code == code, result.output
    return result


def test_a_sheet_of_user_names_resets_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row known good, nobody else touched, and the handout holds what works."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    people = [
        Person("amal"),
        Person("müller"),
        Person("007"),
        Person("bystander", password="nine green bottles on a wall"),
    ]
    with served(tmp_path / "directory", users=people) as door:
        place = ("--data", str(door.house.place.data))
        client = json.loads(run("key", "create", *place, "--kind", "uipath", "--json").stdout)
        secret = tmp_path / "uipath.secret"
        secret.touch(mode=0o600)
        secret.write_text(client["client_secret"], encoding="utf-8")
        run("target", "add", "uipath", "--kind", "uipath", "--url", door.url, "--tenant", "default",
            "--key-id", client["client_id"], "--token-file", str(secret))  # fmt: skip
        assert f'signed in as "{client["client_id"]}"' in run("target", "test", "uipath").stdout
        sheet = tmp_path / "users.csv"
        sheet.write_text("userName\namal\nmüller\n007\n", encoding="utf-8")
        assert "3 changed" in run("reset", str(sheet), "-t", "uipath", "--yes").stdout
        [handout] = (tmp_path / "home").rglob("handout-*.age")
        lines = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
        assert {line["user"] for line in lines} == {"amal", "müller", "007"}
        for line in lines:
            assert door.sign_in(line["user"], line["password"]).json["must_change"] is True
        assert door.sign_in("bystander", "nine green bottles on a wall").status == 201
