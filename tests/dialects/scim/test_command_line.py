"""From the command line: a key is made, a target is added, and a sheet resets passwords through both halves."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.support.server import Person, served


def run(*args: str) -> Result:
    """One command in this process, which succeeds."""
    result = CliRunner().invoke(cli, list(args))
    assert result.exit_code == 0, result.output
    return result


def test_a_sheet_of_user_names_resets_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row known good, nobody else touched, and the handout holds what works."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    names = ["amal", "müller", "007", 'quo"te']
    people = [*map(Person, names), Person("Amal", password="nine green bottles on a wall")]
    with served(tmp_path / "directory", users=people) as door:
        made = run(
            "key", "create", "--data", str(door.house.place.data), "--kind", "scim", "--right", "users", "--json"
        )
        told = json.loads(made.stdout)
        assert list(told) == ["token"]
        secret = tmp_path / "scim.token"
        secret.touch(mode=0o600)
        secret.write_text(told["token"], encoding="utf-8")
        run("target", "add", "idp", "--kind", "scim", "--url", door.url, "--token-file", str(secret))
        assert "takes passwords" in run("target", "test", "idp").stdout
        sheet = tmp_path / "users.csv"
        rows = ["userName", "amal", "müller", "007", '"quo""te"']
        sheet.write_text("\n".join(rows) + "\n", encoding="utf-8")
        assert "4 changed" in run("reset", str(sheet), "-t", "idp", "--yes").stdout
        [handout] = (tmp_path / "home").rglob("handout-*.age")
        lines = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
        assert {line["user"] for line in lines} == set(names)
        for line in lines:
            assert door.sign_in(line["user"], line["password"]).json["must_change"] is True
        assert door.sign_in("Amal", "nine green bottles on a wall").status == 201
