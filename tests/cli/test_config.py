"""`keyturn config`: which settings hold, and where each comes from."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli

CONFIG = """
default_target = "t"
[runs]
confirm_above = 10
report = ["html"]
[targets.t]
kind = "mas"
url = "https://api.example.com"
token = { file = "token" }
jobs = 4
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a config file."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    return tmp_path


def run(*args: str, **given: str) -> Result:
    """Run `keyturn config` in this process."""
    return CliRunner(env=given).invoke(cli, ["config", *args])


def shown(*args: str, **given: str) -> dict[str, tuple[Any, str]]:
    """Value and origin by setting."""
    told = json.loads(run("show", "--json", *args, **given).stdout)
    return {each["setting"]: (each["value"], each["origin"]) for each in told}


def test_every_setting_says_where_it_comes_from(home: Path) -> None:
    """The environment goes before the file, the file before the code; of a secret there is the place alone."""
    found = shown(KEYTURN_RUNS_CONFIRM_ABOVE="7", KEYTURN_TARGET_T_RATE="5/s", KEYTURN_TARGET_T_TOKEN_FILE="/other")
    assert found["runs.confirm_above"] == (7, "environment KEYTURN_RUNS_CONFIRM_ABOVE")
    assert found["runs.report"] == (["html"], "config file")
    assert found["runs.max_failures"] == ("5%", "default")
    assert found["default_target"] == ("t", "config file")
    assert found["targets.t.jobs"] == (4, "config file")
    assert found["targets.t.rate"] == ("5/s", "environment KEYTURN_TARGET_T_RATE")
    assert found["targets.t.token"] == ("file /other", "environment KEYTURN_TARGET_T_TOKEN_FILE")
    assert shown(KEYTURN_DEFAULT_TARGET="u")["default_target"][1] == "environment KEYTURN_DEFAULT_TARGET"


def test_a_variable_for_what_comes_from_the_file_alone_has_no_effect(home: Path) -> None:
    """Where secrets are sent to is not for the environment to say."""
    found = shown(KEYTURN_TARGET_T_URL="https://evil.example")
    assert found["targets.t.url"] == ("https://api.example.com", "config file")


def test_what_was_given_can_be_looked_at_alone(home: Path) -> None:
    assert set(shown("--given")) == {
        "default_target", "runs.confirm_above", "runs.report", "targets.t.kind", "targets.t.url", "targets.t.token",
        "targets.t.jobs",
    }  # fmt: skip
    lines = run("show", "--given", "--origin").stdout.splitlines()
    assert lines[2].split() == ["runs.confirm_above", "10", "config", "file"]
    assert "origin" not in run("show").stdout


def test_the_paths_are_told(home: Path) -> None:
    assert run("path").stdout == f"{home / 'config.toml'}\n"
    assert json.loads(run("path", "--json").stdout)["state"] == str(home / "state")


def test_every_target_that_cannot_be_used_is_named_at_once(home: Path) -> None:
    """One that is wrong does not hide the next; nothing is fetched and nothing is sent."""
    assert run("check").stdout.endswith("1 target\n")
    assert run("check").exit_code == 0
    bad = '[targets.a]\nkind = "nothing"\n[targets.b]\nkind = "mas"\nurl = "http://api.example.com"\n'
    (home / "config.toml").write_text(CONFIG + bad, "utf-8")
    result = run("check")
    assert result.exit_code == 2
    assert "targets.a.kind: nobody here speaks 'nothing'" in result.stdout
    assert "targets.b.url: passwords would cross the network in clear" in result.stdout
    assert [each["target"] for each in json.loads(run("check", "--json").stdout)["faults"]] == ["a", "b"]


def test_editors_get_a_schema(home: Path) -> None:
    """It knows the tables and refuses names that there are not."""
    told = json.loads(run("schema").stdout)
    assert {"RunSettings", "TargetSettings"} <= set(told["$defs"])
    assert told["$defs"]["TargetSettings"]["additionalProperties"] is False
