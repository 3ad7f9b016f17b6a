"""From the command line: a client is made, a target is added, and a sheet resets passwords through both halves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.dialects.uipath.kit import stored
from tests.support.player import CUT, Heard, Say, playing
from tests.support.server import OpenDoor, Person, served
from tests.support.threads import in_a_thread


def run(*args: str, code: int = 0) -> Result:
    """One command in this process; it ends with `code`."""
    result = CliRunner().invoke(cli, list(args))
    assert result.exit_code == code, result.output
    return result


class BadLine:
    """Loses the first change of each password, one before its effect and the next after it; keeps no operation id."""

    def __init__(self, door: OpenDoor) -> None:
        self._door = door
        self.lost: list[str] = []
        self.changes = 0

    def __call__(self, heard: Heard) -> Say:
        """Pass a call on, or lose it."""
        changes = heard.target.endswith("/changepassword")
        self.changes += changes
        first = changes and heard.target not in self.lost
        if first:
            self.lost.append(heard.target)
            if len(self.lost) % 2:
                return Say(CUT)
        kept = {name: text for name, text in heard.headers.items() if name in ("authorization", "content-type")}
        answer = self._door.ask(heard.method, heard.target, headers=kept, body=heard.body or None)
        return Say(CUT) if first else Say(answer.status, text=answer.body)


@contextmanager
def laid(line: BadLine) -> Iterator[str]:
    """The address of a bad line, which hears in a thread of its own."""
    with in_a_thread(playing(line)) as player:
        yield player.url


def add_target(tmp_path: Path, door: OpenDoor, url: str, *more: str) -> str:
    """A target at this address, and the id of its client."""
    client = json.loads(run("key", "create", "--data", str(door.house.place.data), "--kind", "uipath", "--json").stdout)
    secret = tmp_path / "uipath.secret"
    secret.touch(mode=0o600)
    secret.write_text(client["client_secret"], encoding="utf-8")
    run("target", "add", "uipath", "--kind", "uipath", "--url", url, "--tenant", "default",
        "--key-id", client["client_id"], "--token-file", str(secret), *more)  # fmt: skip
    return str(client["client_id"])


def test_changes_whose_answers_are_lost_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is known good in the end, and the handout holds what works; for each at most one wrong one is sent."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    present = {name: f"the present password of {name}" for name in ("amal", "badr", "cyd", "dora")}
    people = [Person(name, password=password) for name, password in present.items()]
    with served(tmp_path / "directory", users=people) as door:
        line = BadLine(door)
        with laid(line) as url:
            add_target(tmp_path, door, url)
            sheet = tmp_path / "users.csv"
            rows = "".join(f"{name},{password}\n" for name, password in present.items())
            sheet.write_text(f"userName,was\n{rows}", encoding="utf-8")
            told = run("reset", str(sheet), "-t", "uipath", "--old-password", "column:was", "--yes").stdout
        assert "4 changed" in told
        assert (len(line.lost), line.changes) == (4, 2 * 2 + 2 * 3)
        [handout] = (tmp_path / "home").rglob("handout-*.age")
        lines = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
        assert {line["user"] for line in lines} == present.keys()
        for one in lines:
            assert door.sign_in(one["user"], one["password"]).json["must_change"] is False


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
        client = add_target(tmp_path, door, door.url)
        assert f'signed in as "{client}"' in run("target", "test", "uipath").stdout
        sheet = tmp_path / "users.csv"
        sheet.write_text("userName\namal\nmüller\n007\n", encoding="utf-8")
        assert "3 changed" in run("reset", str(sheet), "-t", "uipath", "--yes").stdout
        [handout] = (tmp_path / "home").rglob("handout-*.age")
        lines = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
        assert {line["user"] for line in lines} == {"amal", "müller", "007"}
        for line in lines:
            assert door.sign_in(line["user"], line["password"]).json["must_change"] is True
        assert door.sign_in("bystander", "nine green bottles on a wall").status == 201


def test_a_user_is_one_user_under_name_and_guid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protected users are left out by GUID, too, and nobody gets two passwords."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    people = [Person("guarded"), Person("twice")]
    with served(tmp_path / "directory", users=people) as door:
        add_target(tmp_path, door, door.url, "--protect", "guarded")
        before = stored(door, "guarded")
        guarded, twice = (user.uid for user in (before, stored(door, "twice")) if user is not None)
        sheet = tmp_path / "users.csv"
        sheet.write_text("\n".join(["userName", guarded, "twice", twice, twice.upper(), ""]), encoding="utf-8")
        shown = run("reset", str(sheet), "-t", "uipath", "--yes").stdout
        assert "1 changed, 3 skipped" in shown
        assert stored(door, "guarded") == before
        [handout] = (tmp_path / "home").rglob("handout-*.age")
        [line] = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
        assert door.sign_in("twice", line["password"]).status == 201
