"""`keyturn target add` asks each kind of target for what that kind needs, and saves what can be signed in with."""

import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.config.settings import load
from keyturn.app.dialects import DIALECTS
from keyturn.app.house.build import Place
from keyturn.app.keeping.init import make_directory
from keyturn.app.target.targets import prepare
from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from tests.cli.test_frame import Keyboard

URL = "https://there.example.com"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a secret in the environment and one in a file."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("THERE", "a-secret-for-tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> Result:
    """Run `keyturn target` in this process, without a person."""
    return CliRunner().invoke(cli, ["target", *args, "--no-input"])


def typed(monkeypatch: pytest.MonkeyPatch, answers: list[str], *flags: str) -> None:
    """A person adds the target `t` on a terminal."""
    keyboard = Keyboard()
    monkeypatch.setattr(sys, "stdin", keyboard.stdin)
    keyboard.type(*answers)
    cli.main(["target", "add", "t", *flags], standalone_mode=False, obj=Frame())
    keyboard.close()


def saved(home: Path) -> dict[str, object]:
    """The target as it stands in the config file."""
    text = (home / "home" / "config.toml").read_text(encoding="utf-8")
    table: dict[str, object] = tomllib.loads(text)["targets"]["t"]
    return table


ENV = {"env": "THERE"}
PATIENT = [
    (["mas", URL, "env THERE", "k1"], {"key_id": "k1", "token": ENV}),
    (["hdp", URL, "admin", "env THERE"], {"username": "admin", "password": ENV}),
    (["primavera", URL, "admin", "env THERE"], {"username": "admin", "password": ENV}),
    (["primavera", URL, "", "env THERE"], {"token": ENV}),
    (["scim", URL, "", "env THERE"], {"token": ENV}),
    (["scim", URL, "admin", "env THERE"], {"username": "admin", "password": ENV}),
    (["uipath", URL, "acme", "c-1", "env THERE"], {"tenant": "acme", "key_id": "c-1", "token": ENV}),
]


def test_every_kind_is_tried() -> None:
    """A new vendor needs a row above."""
    assert {answers[0] for answers, _ in PATIENT} == set(DIALECTS)


@pytest.mark.parametrize(("answers", "table"), PATIENT)
def test_each_kind_is_asked_for_what_it_needs_and_can_be_signed_in_to(
    home: Path, monkeypatch: pytest.MonkeyPatch, answers: list[str], table: dict[str, object]
) -> None:
    """What was answered makes a client: nothing is missing of what it signs in with."""
    typed(monkeypatch, answers)
    assert saved(home) == {"kind": answers[0], "url": URL, **table}
    assert prepare(load(), "t").connect().account


@pytest.mark.parametrize("kind", sorted(DIALECTS))
def test_questions_have_examples_of_their_kind(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Whoever slips is asked again, with an example."""
    slips = {"url": ["", "there", "http://there.example.com", URL], "secret": ["", "env THERE"]}
    questions = DIALECTS[kind].form.questions
    answers = [line for each in questions for line in slips.get(each.setting, ["x"])]
    typed(monkeypatch, answers, "--kind", kind)
    asked = capsys.readouterr().err
    assert all(each.words in asked and each.example in asked for each in questions)
    assert f"an answer is needed, as in {questions[0].example}" in asked
    assert f"an address begins with https:// and a host; as in {questions[0].example}" in asked
    assert "in clear; use https://" in asked
    assert "never the secret itself" in asked


def test_a_login_that_is_needed_is_asked_for_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, ["", "admin"], "--kind", "hdp", "--url", URL, "--token-env", "THERE")
    assert saved(home)["username"] == "admin"
    assert "an answer is needed" in capsys.readouterr().err
    refused = run("add", "u", "--kind", "hdp", "--url", URL, "--token-env", "THERE")
    assert refused.exit_code == 8
    assert "say --username" in refused.stderr


def test_without_a_person_what_may_be_left_out_is_left_out(home: Path) -> None:
    assert run("add", "t", "--kind", "uipath", "--url", URL, "--token-env", "THERE").exit_code == 0
    assert saved(home) == {"kind": "uipath", "url": URL, "token": ENV}


def test_a_directory_on_this_machine_is_looked_for_before_it_is_saved(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = run("add", "t", "--kind", "local", "--data", "./nodir")
    assert refused.exit_code == 2
    assert "error[KT-CFG-023]: there is no directory there" in refused.stderr
    assert str(home / "nodir") in refused.stderr
    assert not (home / "home").exists()
    make_directory(Place(home / "directory"))
    typed(monkeypatch, ["local", "nodir", "directory"])
    assert saved(home) == {"kind": "local", "data": str(home / "directory")}
    assert "there is no directory there; keyturn init --data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "flags", "fault", "fix"),
    [
        ("uipath", ["--username", "me"], "a target of kind uipath takes no --username", "it takes --key-id"),
        ("hdp", ["--key-id", "k"], "a target of kind hdp takes no --key-id", "it takes --username"),
        ("scim", ["--key-id", "k"], "a target of kind scim takes no --key-id", "it takes --username"),
        ("local", ["--token-env", "T"], "a target of kind local takes no --token-env", "it takes --data"),
        ("mas", ["--data", "x"], "a target of kind mas takes no --data", "it takes --url, --token-file, --key-id"),
    ],
)
def test_a_flag_that_a_kind_does_not_take_is_refused_with_what_it_wants(
    home: Path, kind: str, flags: list[str], fault: str, fix: str
) -> None:
    refused = run("add", "t", "--kind", kind, *flags)
    assert refused.exit_code == 2
    assert fault in refused.stderr
    assert f"fix    {fix}" in refused.stderr


def test_a_kind_that_there_is_not_is_refused_before_anything_is_asked(home: Path) -> None:
    """Nobody answers four questions in vain."""
    refused = run("add", "t", "--kind", "foo")
    assert refused.exit_code == 2
    assert "nobody here speaks 'foo'" in refused.stderr
    assert "one of mas, hdp, primavera, scim, uipath, local" in refused.stderr


def test_a_choice_that_is_missing_is_told_of_on_one_line(home: Path) -> None:
    """As one reads it, without the breaks and indents of the library."""
    refused = CliRunner().invoke(cli, ["template"])
    assert refused.exit_code == 2
    assert "Choose from: reset, create" in refused.stderr
    assert "\\t" not in refused.stderr
