"""`--server-validate`: the target judges each creation beforehand, on a real server, and makes nobody."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.keeping.init import FOUNDER
from keyturn.cli.main import cli
from keyturn.core.commands import DeleteUser
from keyturn.core.outcomes import Changed
from tests.support.server import STANDING, OpenDoor, Person, served

FILE = "userid,password\namal,nine green bottles on a wall\nberit,eight blue kettles on a shelf\n"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenDoor]:
    """A directory behind a target `there`: one user is in it, and the id of one who was deleted is held."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    with served(tmp_path / "data", users=[Person("amal"), Person("gone")]) as found:
        assert found.house.directory(FOUNDER, "test").execute([DeleteUser("gone")]) == [Changed("gone")]
        monkeypatch.setenv("THERE", found.made.key.token.reveal())
        target = ("--kind", "mas", "--url", found.url, "--key-id", found.made.key.key.id, "--token-env", "THERE")
        assert run("target", "add", "there", *target, "--no-input").exit_code == 0
        yield found


def run(*args: str, code: int = 0) -> Result:
    """Run keyturn in this process."""
    result = CliRunner().invoke(cli, list(args))
    assert result.exit_code == code, result.output
    return result


def users_of(door: OpenDoor) -> set[str]:
    """Who is there."""
    answer = door.ask("GET", "/v3/users", headers={"x-access-token": door.key_token()})
    return {user["id"] for user in answer.json}


def write(tmp_path: Path, text: str) -> str:
    """A file of users."""
    path = tmp_path / "users.csv"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.proves("RN-11")
def test_what_the_target_would_not_create_is_blocked_with_its_reason_and_nobody_is_made(
    door: OpenDoor, tmp_path: Path
) -> None:
    """Who is there already is skipped; that an id is held for somebody who was deleted, only the target knows."""
    before = users_of(door)
    file = write(tmp_path, "userid\namal\nberit\ngone\n")
    shown = run("plan", "create", file, "-t", "there", "--server-validate").stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "looked up asked for 3 users, 3 reads and 2 checks of creations, wrote nothing" in lines
    assert "- 1 exists already row 2" in lines
    assert "x 1 the target would not create it row 4" in lines
    assert any(line.startswith("x 1 blocked:") and line.endswith("row 4") for line in lines)
    assert users_of(door) == before


def test_a_frozen_plan_keeps_what_the_target_judged(door: OpenDoor, tmp_path: Path) -> None:
    """It is run as it was found: nothing is sent for the row that was refused."""
    plan = str(tmp_path / "new.plan")
    file = write(tmp_path, "userid\nberit\ngone\n")
    run("plan", "create", file, "-t", "there", "--server-validate", "-o", plan)
    told = json.loads(Path(plan).read_text("utf-8"))["plan"]["lookup"]
    assert (told["checked"], list(told["refused"].values())) == (2, ["3"])
    done = run("create", "--plan", plan, "--no-input", "--expect", "1", code=3)
    assert "1 created, 1 failed" in done.stdout
    assert "berit" in users_of(door)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("plan", "reset"), "--server-validate is about the creation of users"),
        (("create",), "--server-validate asks the target, --offline does not"),
    ],
)
def test_where_it_means_nothing_it_is_refused(
    door: OpenDoor, tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    """Before anything is sent."""
    offline = ("--offline",) if command == ("create",) else ()
    file = write(tmp_path, FILE)
    assert words in run(*command, file, "-t", "there", "--server-validate", *offline, code=2).stderr


def test_a_target_that_cannot_judge_says_so(door: OpenDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to do instead."""
    monkeypatch.setenv("THERE", STANDING.reveal())
    target = ("--kind", "hdp", "--url", door.url, "--username", door.made.admin, "--token-env", "THERE", "--replace")
    run("target", "add", "there", *target, "--no-input")
    shown = run("plan", "create", write(tmp_path, FILE), "-t", "there", "--server-validate", code=2).stderr
    assert "there cannot check this beforehand" in shown
    assert "--lookup asks for each user" in shown
