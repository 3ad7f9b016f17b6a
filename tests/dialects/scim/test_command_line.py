"""From the command line: a key is made, a target is added, and a sheet resets passwords through both halves."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from keyturn.core.users import Handle
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


def test_a_user_is_one_user_under_name_and_guid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protected users and our own account are left out by GUID, too, and nobody gets two passwords."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    people = [Person("guarded"), Person("twice"), Person("other")]
    with served(tmp_path / "directory", users=people) as door:
        secret, sheet, admin = tmp_path / "secret", tmp_path / "users.csv", door.made.admin
        secret.touch(mode=0o600)
        secret.write_text(door.made.password.reveal(), encoding="utf-8")
        run("target", "add", "idp", "--kind", "scim", "--url", door.url, "--username", admin,
            "--token-file", str(secret), "--protect", "guarded")  # fmt: skip
        with door.house.store.reading() as view:
            found = {who: view.users.get(1, who, Handle.LOGIN) for who in ("guarded", "twice", admin)}
        guid = {who: user.uid for who, user in found.items() if user is not None}
        rows = [guid["guarded"].upper(), guid[admin], guid["twice"], "twice", "other"]
        sheet.write_text("\n".join(["userName", *rows, ""]), encoding="utf-8")
        shown = run("plan", "reset", str(sheet), "-t", "idp").stdout
        assert f"twice is the same user as {guid['twice']} of row 4, which is kept" in shown
        assert "2 changed, 3 skipped" in run("reset", str(sheet), "-t", "idp", "--yes").stdout
        with door.house.store.reading() as view:
            assert view.users.get(1, "guarded", Handle.LOGIN) == found["guarded"]
        assert door.sign_in(admin, door.made.password.reveal()).status == 201
        [handout] = (tmp_path / "home").rglob("handout-*.age")
        lines = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
        assert [line["user"] for line in lines] == [guid["twice"], "other"]
        assert door.sign_in("twice", lines[0]["password"]).status == 201
