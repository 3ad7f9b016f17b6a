"""`keyturn target`: add, list, show, test."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.config.config_file import as_target, put_target
from keyturn.app.house.build import Place
from keyturn.app.keeping.init import make_directory
from keyturn.bulk.planning.cautions import span
from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from keyturn.core.errors import ConfigError
from tests.cli.test_frame import Keyboard
from tests.support.server import served

KEYTURN = Path(sys.executable).with_name("keyturn")
URL = "https://api.test.example.com"
MAS = ("--kind", "mas", "--url", URL)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path))
    return tmp_path


def run(*args: str, stdin: str | None = None) -> Result:
    """Run `keyturn target` in this process."""
    return CliRunner().invoke(cli, ["target", *args], input=stdin)


def saved(home: Path, name: str = "t") -> dict[str, object]:
    """The target as it stands in the config file."""
    table: dict[str, object] = tomllib.loads((home / "config.toml").read_text(encoding="utf-8"))["targets"][name]
    return table


def test_a_target_can_be_added_without_a_question(home: Path) -> None:
    result = run("add", "t", *MAS, "--key-id", "k1", "--token-env", "T", "--production", "--no-input")
    assert result.exit_code == 0, result.stderr
    assert saved(home) == {"kind": "mas", "url": URL, "production": True, "key_id": "k1", "token": {"env": "T"}}
    assert "keyturn target test t" in result.stderr


def test_users_that_no_run_touches_are_named_when_a_target_is_added(home: Path) -> None:
    flags = ("--token-env", "T", "--protect", "masadmin", "--protect", "svc-*", "--no-input")
    assert run("add", "t", *MAS, *flags).exit_code == 0
    assert saved(home)["protect"] == ["masadmin", "svc-*"]


@pytest.mark.parametrize(
    ("flags", "where"),
    [
        (["--token-file", "/run/secrets/t.token"], {"file": "/run/secrets/t.token"}),
        (["--token-command", "op read 'op://it/t'"], {"command": ["op", "read", "op://it/t"]}),
    ],
)
def test_a_secret_is_kept_as_the_place_where_it_is(home: Path, flags: list[str], where: object) -> None:
    assert run("add", "t", *MAS, *flags).exit_code == 0
    assert saved(home)["token"] == where


def test_a_path_is_meant_from_where_it_was_typed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run("add", "t", *MAS, "--token-file", "t.token", "--ca-bundle", "ca.pem", "--no-input")
    assert saved(home)["token"] == {"file": str(elsewhere / "t.token")}
    assert saved(home)["ca_bundle"] == str(elsewhere / "ca.pem")


def test_a_login_has_a_password(home: Path) -> None:
    assert run("add", "t", *MAS, "--username", "marta", "--token-env", "P").exit_code == 0
    assert saved(home) == {"kind": "mas", "url": URL, "username": "marta", "password": {"env": "P"}}


def test_the_file_is_for_its_owner_alone_and_the_first_target_is_the_default(home: Path) -> None:
    run("add", "t", *MAS, "--token-env", "T")
    run("add", "u", *MAS, "--token-env", "T")
    path = home / "config.toml"
    assert path.stat().st_mode & 0o077 == 0
    assert tomllib.loads(path.read_text(encoding="utf-8"))["default_target"] == "t"
    assert sorted(child.name for child in home.iterdir()) == ["config.toml", "state"]


def test_comments_and_order_of_the_owner_are_kept(home: Path) -> None:
    text = '# mine\ndefault_target = "old"\n\n[targets.old]  # do not touch\nkind = "mas"\nurl = "https://old.example.com"\n'
    (home / "config.toml").write_text(text, encoding="utf-8")
    assert run("add", "t", *MAS, "--token-env", "T").exit_code == 0
    assert (home / "config.toml").read_text(encoding="utf-8").startswith(text)
    assert run("add", "t", *MAS, "--token-env", "U", "--replace").exit_code == 0
    assert saved(home)["token"] == {"env": "U"}


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["add", "T x"], "cannot be the name"),
        (["add", "t", *MAS, "--token-env", "T", "--token-file", "f"], "only be in one place"),
        (["add", "t", "--kind", "fax", "--url", URL, "--token-env", "T"], "nobody here speaks"),
        (["add", "t", "--kind", "mas", "--url", "http://a.example.com", "--token-env", "T"], "in clear"),
        (["show", "x"], "no target 'x'"),
        (["test"], "no target was named"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_saved(home: Path, args: list[str], fault: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert fault in result.stderr
    assert list(home.iterdir()) == []


def test_a_target_is_not_written_over_by_accident(home: Path) -> None:
    run("add", "t", *MAS, "--token-env", "T")
    result = run("add", "t", *MAS, "--token-env", "U")
    assert result.exit_code == 2
    assert "--replace" in result.stderr
    assert saved(home)["token"] == {"env": "T"}


@pytest.mark.parametrize(
    ("flags", "missing"),
    [([], "--kind"), (["--kind", "mas"], "--url"), ([*MAS], "--token-env"), (["--kind", "local"], "--data")],
)
def test_without_a_person_a_missing_answer_names_its_flag(home: Path, flags: list[str], missing: str) -> None:
    result = run("add", "t", *flags, "--no-input")
    assert result.exit_code == 8
    assert missing in result.stderr


def test_on_a_terminal_it_asks_only_for_what_no_flag_says(home: Path) -> None:
    keyboard = Keyboard()
    process = subprocess.Popen([KEYTURN, "target", "add", "t", *MAS, "--key-id", "k1"], stdin=keyboard.slave)
    keyboard.type("env T")
    assert process.wait(30) == 0
    keyboard.close()
    assert saved(home) == {"kind": "mas", "url": URL, "key_id": "k1", "token": {"env": "T"}}


@pytest.mark.parametrize(
    ("answers", "table"),
    [
        (
            ["mas", URL, "file /t.token", "k1"],
            {"kind": "mas", "url": URL, "key_id": "k1", "token": {"file": "/t.token"}},
        ),
        (["mas", URL, "env T", ""], {"kind": "mas", "url": URL, "token": {"env": "T"}}),
    ],
)
def test_what_was_answered_is_what_is_saved(
    home: Path, monkeypatch: pytest.MonkeyPatch, answers: list[str], table: dict[str, object]
) -> None:
    keyboard = Keyboard()
    monkeypatch.setattr(sys, "stdin", keyboard.stdin)
    keyboard.type(*answers)
    cli.main(["target", "add", "t"], standalone_mode=False, obj=Frame())
    keyboard.close()
    assert saved(home) == table


def test_on_a_terminal_a_slip_is_asked_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard = Keyboard()
    monkeypatch.setattr(sys, "stdin", keyboard.stdin)
    keyboard.type("max", "mas", "opensesame", "file", "env T", "k1")
    cli.main(["target", "add", "t", "--url", URL], standalone_mode=False, obj=Frame())
    keyboard.close()
    assert saved(home) == {"kind": "mas", "url": URL, "key_id": "k1", "token": {"env": "T"}}
    assert capsys.readouterr().err.count("never the secret itself") == 2


def test_targets_are_listed_and_shown_for_people_and_machines(home: Path) -> None:
    assert "no targets yet" in run("list").stderr
    run("add", "t", *MAS, "--key-id", "k1", "--token-env", "T", "--production")
    make_directory(Place(home / "data"))
    assert "secret" not in run("add", "u", "--kind", "local", "--data", str(home / "data")).stdout
    listed = run("list").stdout
    assert "production" in listed
    assert "default" in listed
    assert [target["name"] for target in json.loads(run("list", "--json").stdout)] == ["t", "u"]
    shown = json.loads(run("show", "t", "--json").stdout)
    assert (shown["key_id"], shown["token"]) == ("k1", "env T")
    assert "token       env T" in run("show").stdout


def test_adding_answers_a_machine_too(home: Path) -> None:
    told = json.loads(run("add", "t", *MAS, "--token-env", "T", "--json").stdout)
    assert told == {"target": "t", "config": str(home / "config.toml")}


@pytest.fixture
def local(home: Path) -> Path:
    """A directory on this machine, as target `t`."""
    make_directory(Place(home / "data"))
    run("add", "t", "--kind", "local", "--data", str(home / "data"))
    return home


def test_a_target_that_answers_is_said_to_be_fine(local: Path) -> None:
    result = run("test", "t")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("ok  t: reached in ")
    told = json.loads(run("test", "--json").stdout)
    assert (told["target"], told["reached"]) == ("t", True)


def test_a_server_that_lets_us_in_says_as_whom_and_for_how_long(home: Path) -> None:
    with served(home) as door:
        key = door.made.key
        token = home / "t.token"
        token.touch(mode=0o600)
        token.write_text(key.token.reveal(), encoding="utf-8")
        run("add", "t", "--kind", "mas", "--url", door.url, "--key-id", key.key.id, "--token-file", str(token))
        result = run("test", "t")
        refused = run("test", "t", "--token-stdin", stdin="not-the-token\n")
    assert "keyturn target show t" in refused.stderr
    assert f"target t, {door.url}" in refused.stderr
    assert f'signed in as "{key.key.id}"' in result.stdout
    assert re.search(r"token good for \d+ min", result.stdout)
    assert refused.exit_code == 4
    assert refused.stderr.startswith("error[KT-AUTH-001]")


def test_a_span_is_said_in_seconds_as_long_as_it_is_short() -> None:
    assert [span(119), span(3600)] == ["119 s", "60 min"]


def test_a_target_that_nobody_listens_at_ends_with_6(home: Path) -> None:
    run("add", "t", "--kind", "mas", "--url", "http://127.0.0.1:9", "--token-env", "T")
    result = run("test", "t", "--token-stdin", stdin="abc\n")
    assert result.exit_code == 6
    assert result.stderr.endswith("Nothing was changed.\n")


def test_plain_http_is_warned_of_each_time(home: Path) -> None:
    url = "http://target.invalid"
    run("add", "t", "--kind", "mas", "--url", url, "--token-env", "T", "--allow-plain-http", "--ca-bundle", "ca.pem")
    assert "warning[KT-CFG-015]" in run("test", "--token-stdin", stdin="abc\n").stderr


def test_a_config_file_that_is_not_toml_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="nothing can be added"):
        put_target(path, "t", {"kind": "mas"}, make_default=True)
    assert path.read_text(encoding="utf-8") == "[x\n"


def test_a_config_file_that_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        put_target(tmp_path, "t", {}, make_default=False)
    with pytest.raises(ConfigError, match="cannot be written"):
        put_target(tmp_path / ("c" * 253), "t", {}, make_default=False)


def test_a_wrong_setting_of_a_target_is_named() -> None:
    with pytest.raises(ConfigError, match="a setting of the target is wrong"):
        as_target({"kind": "mas", "jobs": "many"})
