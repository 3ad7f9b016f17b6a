"""`keyturn target caps`: what can be asked of a target, from what is known and from what it tells."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.dialects import DIALECTS
from keyturn.app.house.build import Place
from keyturn.app.keeping.init import make_directory
from keyturn.cli.main import cli
from keyturn.cli.target.abilities import ABILITIES
from tests.support.server import served

ENDS = dict.fromkeys(("hdp", "primavera", "scim"), "--username")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the secret of its targets in the environment."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("THERE", "a-secret-for-tests")
    return tmp_path


def run(*args: str) -> Result:
    """Run keyturn in this process."""
    return CliRunner().invoke(cli, list(args))


def add(kind: str, url: str = "http://127.0.0.1:1", who: str = "me") -> None:
    """A target `there`."""
    args = ("--kind", kind, "--url", url, ENDS.get(kind, "--key-id"), who, "--token-env", "THERE", "--replace")
    assert run("target", "add", "there", *args, "--tenant", "default", "--no-input").exit_code == 0


@pytest.mark.parametrize("kind", sorted(DIALECTS))
def test_every_kind_tells_what_it_can_without_a_request(home: Path, kind: str) -> None:
    """The port that it points to is closed."""
    add(kind)
    shown = run("target", "caps", "there")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[0].strip() == f"there ({kind})"
    assert all(words in shown.stdout for words, _ in ABILITIES.values())
    told = json.loads(run("target", "caps", "there", "--json").stdout)
    assert (told["target"], told["kind"]) == ("there", kind)
    assert told["commands"]["password.reset"] is True
    assert set(told["abilities"]) == set(ABILITIES)
    assert 8 <= told["generated_length"] <= 16
    assert "a-secret-for-tests" not in shown.output


def test_settings_of_the_target_count(home: Path) -> None:
    """Users that it protects, and rules under which no safe password fits."""
    add("hdp")
    config = home / "home" / "config.toml"
    rules = 'protect = ["svc-*"]\n[targets.there.password_rules]\nshortest = 4\nlongest = 6\n'
    config.write_text(config.read_text("utf-8") + rules, "utf-8")
    shown = run("target", "caps", "there").stdout
    assert "none fits" in shown
    assert "svc-*" in shown
    assert json.loads(run("target", "caps", "there", "--json").stdout)["generated_length"] is None


def test_a_directory_on_this_machine_has_no_limits(home: Path) -> None:
    make_directory(Place(home / "directory"))
    assert (
        run("target", "add", "here", "--kind", "local", "--data", str(home / "directory"), "--no-input").exit_code == 0
    )
    shown = run("target", "caps", "here").stdout
    assert "longest password" in shown
    assert "not known" in shown


def test_online_it_shows_what_the_target_itself_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One harmless read; a target that is not there ends with 6."""
    add("mas")
    assert run("target", "caps", "there", "--online").exit_code == 6
    with served(tmp_path / "data") as door:
        monkeypatch.setenv("THERE", door.made.key.token.reveal())
        add("mas", door.url, door.made.key.key.id)
        shown = run("target", "caps", "there", "--online")
        told = json.loads(run("target", "caps", "there", "--online", "--json").stdout)
    assert "the target says: account" in shown.stdout
    assert told["told"]["account"] == door.made.key.key.id
