"""A MAS of version 9.1 with the installed command: creation through Manage, resets as before, the version guessed.

What answers is the stand-in of `tests/support/manage_server.py`: recorded exchanges, nothing live.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.canary import leaks
from tests.support.manage_server import KEY, TOKEN, ManageServer, manage_server
from tests.support.server import KEYTURN

USERS = "userid,displayName,email\namal,Amal Haddad,amal@example.com\n007,James Bond,bond@example.com\n"


@dataclass(frozen=True)
class Desk:
    """A home with a target `mas91`, and the stand-in behind it."""

    home: Path
    server: ManageServer

    def run(self, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """The installed command; it ends with `code`."""
        environment = {"PATH": os.environ["PATH"], "KEYTURN_HOME": str(self.home), "NO_COLOR": "1"}
        done = subprocess.run([KEYTURN, *args], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def file(self, text: str) -> str:
        """A file of users."""
        path = self.home / "users.csv"
        path.write_text(text, "utf-8")
        return str(path)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The target is added by the command, its two secrets are in files."""
    for name, secret in (("token", TOKEN), ("manage-key", KEY)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    with manage_server() as server:
        found = Desk(tmp_path, server)
        where = ["--kind", "mas", "--url", server.url, "--version", "9.1", "--no-input"]
        secrets = ["--token-file", str(tmp_path / "token"), "--manage-key-file", str(tmp_path / "manage-key")]
        found.run("target", "add", "mas91", *where, *secrets)
        yield found


def test_a_file_is_created_and_then_reset(desk: Desk) -> None:
    """Every user is made in Manage, gets a local sign-in and the password of the handout; then another one."""
    users = desk.file(USERS)
    created = desk.run("create", users, "-t", "mas91", "--no-input", "--expect", "2", "--output", "jsonl")
    summary = json.loads(created.stdout.splitlines()[-1])
    assert summary["outcomes"]["created"] == 2
    assert sorted(desk.server.people) == ["007", "amal"]
    first = {who: made.passwords for who, made in desk.server.people.items()}
    assert all(len(set_) == 1 for set_ in first.values())
    assert all(len(made.identities) == 1 for made in desk.server.people.values())
    desk.run("reset", users, "-t", "mas91", "--no-input", "--expect", "2")
    clear = [entry["token"] for made in desk.server.people.values() for entry in made.passwords]
    assert len(set(map(str, clear))) == 4
    kept = [path for path in desk.home.rglob("*") if path.is_file() and path.name not in ("token", "manage-key")]
    assert leaks([*map(str, clear), KEY, TOKEN], *(path.read_bytes() for path in kept)) == []


def test_who_is_there_is_skipped_and_a_broken_creation_is_uncertain(desk: Desk) -> None:
    """Exit 9 with what is known of each row; the second run makes nobody twice."""
    desk.run("create", desk.file(USERS), "-t", "mas91", "--no-input", "--expect", "2")
    desk.server.faults["link"] = [400, 400]
    more = desk.file(USERS + "bert,Bert,bert@example.com\n")
    flags = ["--no-input", "--expect", "3", "--retries", "1", "--output", "jsonl"]
    done = desk.run("create", more, "-t", "mas91", *flags, code=9)
    rows = {row["user"]: row for row in map(json.loads, done.stdout.splitlines()) if row["type"] == "row"}
    assert [rows[who]["outcome"] for who in ("amal", "007", "bert")] == ["skipped", "skipped", "uncertain"]
    assert "created, but without a local sign-in" in rows["bert"]["text"]
    assert len(desk.server.people["amal"].passwords) == 1


def test_a_creation_that_was_not_finished_is_not_taken_for_done_when_the_run_is_resumed(desk: Desk) -> None:
    """The user is there, made by us, and without the password of the handout."""
    desk.server.faults["link"] = [400, 400]
    users = desk.file("userid,displayName\nbert,Bert\n")
    flags = ["--no-input", "--expect", "1", "--retries", "1", "--output", "jsonl"]
    begun = desk.run("create", users, "-t", "mas91", *flags, code=9)
    run = json.loads(begun.stdout.splitlines()[0])["run"]
    desk.server.maker = json.loads(desk.run("target", "test", "mas91", "--json").stdout)["account"]
    desk.run("resume", run, "--no-input", code=9)
    assert desk.server.people["bert"].passwords == []


def test_the_version_is_guessed_and_a_difference_is_warned_of(desk: Desk) -> None:
    """What `/about` says is called a guess; the settings decide."""
    assert "a guess" not in desk.run("target", "test", "mas91").stdout
    desk.server.about = {"version": "9.1.4"}
    told = desk.run("target", "test", "mas91")
    assert "version 9.1.4, the version is a guess" in told.stdout
    assert "KT-TGT-012" not in told.stderr
    desk.server.about = {"version": "9.0.2"}
    told = desk.run("target", "test", "mas91", "--json")
    assert json.loads(told.stdout)["version"] == "9.0.2"
    assert "warning[KT-TGT-012]" in told.stderr


def test_a_key_of_manage_that_is_refused_is_exit_4(desk: Desk) -> None:
    """Before any row is sent."""
    (desk.home / "manage-key").write_text("wrong")
    told = desk.run("target", "test", "mas91", code=4)
    assert "Manage" in told.stderr
    desk.run("create", desk.file(USERS), "-t", "mas91", "--no-input", "--expect", "2", code=4)
    assert desk.server.people == {}


def test_what_was_added_says_where_the_secrets_are(desk: Desk) -> None:
    """And holds none of them; what is shown does not either."""
    table = tomllib.loads((desk.home / "config.toml").read_text())["targets"]["mas91"]
    assert table["manage_key"] == {"file": str(desk.home / "manage-key")}
    assert table["version"] == "9.1"
    shown = desk.run("target", "show", "mas91").stdout
    assert f"file {desk.home / 'manage-key'}" in shown
    assert KEY not in shown
