"""Completion: the shells' scripts, the names of targets, the ids of runs."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from keyturn.cli.completion import (
    complete_columns,
    complete_fields,
    complete_passwords,
    complete_runs,
    complete_targets,
)
from keyturn.cli.frame import Frame, Manners
from keyturn.cli.main import cli


def run(*args: str, **given: str) -> Result:
    """Run keyturn in this process."""
    return CliRunner(env=given).invoke(cli, list(args))


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> click.Context:
    """A command line with two targets and two runs."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text(
        '[targets.maximo]\nkind = "mas"\nurl = "https://a"\n[targets.other]\nkind = "mas"\n', encoding="utf-8"
    )
    for name in ("r7f3k2", "r8xxxx"):
        (tmp_path / "state" / "runs" / name).mkdir(parents=True)
    return click.Context(click.Command("x"), obj=Frame())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_its_script(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_KEYTURN_COMPLETE" in result.stdout


def test_the_shell_is_answered_with_commands() -> None:
    result = run(_KEYTURN_COMPLETE="bash_complete", COMP_WORDS="keyturn re", COMP_CWORD="1")
    assert result.stdout.split() == ["plain,reset", "plain,resume", "plain,restore"]


def test_names_of_targets_are_completed(context: click.Context) -> None:
    parameter = click.Argument(["name"])
    assert [item.value for item in complete_targets(context, parameter, "m")] == ["maximo"]
    assert [item.help for item in complete_targets(context, parameter, "m")] == ["mas https://a"]


def test_ids_of_runs_are_completed(context: click.Context) -> None:
    parameter = click.Argument(["run"])
    assert [item.value for item in complete_runs(context, parameter, "r7")] == ["r7f3k2"]


def test_completion_is_silent_when_nothing_can_be_read(tmp_path: Path) -> None:
    frame = Frame(Manners(config=tmp_path / "missing.toml"))
    context, parameter = click.Context(click.Command("x"), obj=frame), click.Argument(["name"])
    assert complete_targets(context, parameter, "") == []
    assert complete_runs(context, parameter, "") == []


def test_columns_of_the_file_are_completed(context: click.Context, tmp_path: Path) -> None:
    """Where a column is named, as the file on the same line has them; silently none without a file."""
    parameter = click.Option(["--password"])
    assert [item.value for item in complete_passwords(context, parameter, "")] == ["generate", "same", "target"]
    assert complete_columns(context, parameter, "") == []
    (tmp_path / "users.csv").write_text("Badge;user;Start pw\n007;a;x\n", encoding="utf-8")
    context.params["file"] = tmp_path / "users.csv"
    assert [item.value for item in complete_passwords(context, parameter, "col")] == [
        "column:Badge", "column:user", "column:Start pw",
    ]  # fmt: skip
    assert [item.value for item in complete_columns(context, parameter, "column:S")] == ["column:Start pw"]
    assert [item.value for item in complete_fields(context, parameter, "i")] == ["id="]
    assert [item.value for item in complete_fields(context, parameter, "id=B")] == ["id=Badge"]
    context.params["file"] = tmp_path / "missing.csv"
    assert complete_columns(context, parameter, "") == []


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("keyturn reset USERS --password column:B", ["column:Badge"]),
        ("keyturn plan reset USERS -t x --map id=S", ["id=Start pw"]),
        ("keyturn runs rows --outcome not", ["not-tried"]),
        ("keyturn runs rows --verified cannot", ["cannot-tell"]),
        ("keyturn explain kt-in-00", [f"KT-IN-00{number}" for number in range(1, 10)]),
    ],
)
def test_a_line_that_is_being_typed_is_gone_on_with(tmp_path: Path, line: str, offered: list[str]) -> None:
    """As a shell asks: the value that is being typed is not parsed, and what stands before it is."""
    users = tmp_path / "users.csv"
    users.write_text("Badge;user;Start pw\n007;a;x\n", encoding="utf-8")
    words = line.replace("USERS", str(users))
    result = run(_KEYTURN_COMPLETE="zsh_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert result.stdout.replace("\\:", ":").splitlines()[1::3] == offered
