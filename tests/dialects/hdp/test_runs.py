"""A run against Hybrid Data Pipeline, from the target to the last row."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from keyturn.core.users import Handle, User
from tests.support.server import OpenDoor, Person, add_people, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory whose policy asks for 15 characters, more than such servers usually take."""
    with served(tmp_path_factory.mktemp("hdp")) as door:
        yield door


def call(tmp_path: Path, *args: str, code: int = 0) -> Result:
    """Run a command; it ends with `code`."""
    environment = {"KEYTURN_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    result = CliRunner(env=environment).invoke(cli, list(args))
    assert result.exit_code == code, result.output
    return result


def stored(door: OpenDoor, login: str) -> User:
    """Somebody as the store keeps them."""
    with door.house.store.reading() as view:
        user = view.users.get(1, login, Handle.LOGIN)
    assert user is not None
    return user


def test_a_run_makes_passwords_that_the_policy_of_the_server_takes(door: OpenDoor, tmp_path: Path) -> None:
    """Read from the server, for the plan, the run and what is left of it when a brake stopped it."""
    secret, sheet, mixed = tmp_path / "secret", tmp_path / "new.csv", tmp_path / "mixed.csv"
    secret.touch(0o600)
    secret.write_text(door.made.password.reveal())
    add = ("--kind", "hdp", "--url", door.url, "--username", door.made.admin, "--token-file", str(secret))
    call(tmp_path, "target", "add", "pipe", *add)
    assert "passwords of 15 to 32 characters" in call(tmp_path, "target", "test", "pipe").output
    sheet.write_text("login\nann\nbob\n")
    plan = call(tmp_path, "plan", "create", str(sheet), "-t", "pipe").output
    assert "16 characters" in plan
    call(tmp_path, "create", str(sheet), "-t", "pipe", "--expect", "2", "--no-input")
    assert stored(door, "ann").must_change
    number = str(stored(door, "bob").number)
    mixed.write_text(f"login\n0{number}\nann\n{number}\n")
    brake = ("--expect", "3", "--no-input", "--max-failures", "1", "-j", "1")
    call(tmp_path, "reset", str(mixed), "-t", "pipe", *brake, code=7)
    before = stored(door, "bob").password_changed
    call(tmp_path, "resume", "--no-input", code=3)
    assert before is not None
    assert stored(door, "bob").password_changed > before  # type: ignore[operator]  # it has one


def test_passwords_of_ones_own_are_judged_by_what_the_server_tells_or_else_by_what_is_usual(
    door: OpenDoor, tmp_path: Path
) -> None:
    """The plan names the rule and where it is from; what the settings of the target say comes first."""
    secret, sheet = tmp_path / "secret", tmp_path / "own.csv"
    secret.touch(0o600)
    secret.write_text(door.made.password.reveal())
    add = ("--kind", "hdp", "--url", door.url, "--username", door.made.admin, "--token-file", str(secret))
    call(tmp_path, "target", "add", "pipe", *add)
    sheet.write_text("login,pw\nann,Spring-2024\n")
    plan = ("plan", "reset", str(sheet), "-t", "pipe", "--password", "column:pw")
    told = call(tmp_path, *plan).output
    assert "pipe takes 15 to 32 characters, as it says itself" in " ".join(told.split())
    usual = call(tmp_path, *plan, "--offline").output
    assert "warning[KT-POL-015]" in usual
    config = tmp_path / "home" / "config.toml"
    config.write_text(config.read_text() + "[targets.pipe.password_rules]\nshortest = 8\nlongest = 12\n")
    assert "warning[KT-POL-015]" in call(tmp_path, *plan).output


def test_a_user_is_one_user_under_name_and_number(door: OpenDoor, tmp_path: Path) -> None:
    """Protected users and our own account are left out by number, too, and nobody gets two passwords."""
    add_people(door.house, [Person("guarded"), Person("twice"), Person("other")])
    secret, sheet = tmp_path / "secret", tmp_path / "users.csv"
    secret.touch(0o600)
    secret.write_text(door.made.password.reveal())
    add = ("--kind", "hdp", "--url", door.url, "--username", door.made.admin, "--token-file", str(secret))
    call(tmp_path, "target", "add", "pipe", *add, "--protect", "guarded")
    guarded, twice, admin = (stored(door, who) for who in ("guarded", "twice", door.made.admin))
    sheet.write_text(f"id\n{guarded.number}\n{admin.number}\ntwice\n{twice.number}\nother\n")
    shown = call(tmp_path, "plan", "reset", str(sheet), "-t", "pipe").output
    assert f"skipped: {twice.number} is the same user as twice of row 4, which is kept   row 5" in shown
    offline = call(tmp_path, "plan", "reset", str(sheet), "-t", "pipe", "--offline").output
    assert "offline, so it was not checked" in offline
    refused = call(tmp_path, "reset", str(sheet), "-t", "pipe", "--offline", "--yes", code=8).output
    assert "pipe must be asked whom the numbers or GUIDs of this file mean" in refused
    assert "2 changed, 3 skipped" in call(tmp_path, "reset", str(sheet), "-t", "pipe", "--yes").output
    assert stored(door, "guarded") == guarded
    assert stored(door, door.made.admin).password_changed == admin.password_changed
    assert stored(door, "twice").version == twice.version + 1
    [handout] = (tmp_path / "home").rglob("handout-*.age")
    told = call(tmp_path, "handout", "open", str(handout), "--json").stdout.splitlines()
    lines = {line["user"]: line["password"] for line in map(json.loads, told)}
    assert lines.keys() == {"twice", "other"}
    assert all(door.sign_in(who, password).status == 201 for who, password in lines.items())


def test_a_target_that_is_not_there_gets_no_number_unasked(door: OpenDoor, tmp_path: Path) -> None:
    """Beside one that is there: names wait for a resume, numbers are blocked."""
    secret, sheet = tmp_path / "secret", tmp_path / "users.csv"
    secret.touch(0o600)
    secret.write_text(door.made.password.reveal())
    for name, url in (("here", door.url), ("gone", "http://127.0.0.1:9")):
        add = ("--kind", "hdp", "--url", url, "--username", door.made.admin, "--token-file", str(secret))
        call(tmp_path, "target", "add", name, *add, "--no-input")
    sheet.write_text("target,id\nhere,nobody\ngone,amal\ngone,7\n")
    [plan] = map(json.loads, call(tmp_path, "plan", "reset", str(sheet), "--json").stdout.splitlines())
    assert [(each["target"], each["change"], each["block"]) for each in plan["targets"]] == [
        ("here", 1, 0), ("gone", 1, 1),
    ]  # fmt: skip
