"""`keyturn template`: a header that fits the target, and an example row that its plan takes."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.dialects import DIALECTS
from keyturn.cli.main import cli
from tests.cli.test_target_caps import add, home

__all__ = ["home"]


def run(*args: str) -> Result:
    """Run keyturn in this process."""
    return CliRunner().invoke(cli, list(args))


@pytest.mark.parametrize("operation", ["reset", "create"])
@pytest.mark.parametrize("kind", sorted(DIALECTS))
def test_the_plan_takes_what_the_template_gives(home: Path, kind: str, operation: str) -> None:
    """Every column is understood and no row is blocked."""
    add(kind)
    file = home / "users.csv"
    made = run("template", operation, "-t", "there", "--out", str(file))
    assert made.exit_code == 0, made.output
    assert f"keyturn plan {operation} {file} -t there" in made.stderr
    assert file.read_bytes().startswith(b"\xef\xbb\xbfuserid")
    assert b"\r\n" in file.read_bytes()
    plan = json.loads(run("plan", operation, str(file), "-t", "there", "--offline", "--json").stdout)
    assert plan["counts"] == {"change": 1, "skip": 0, "block": 0}
    assert plan["ignored"] == []
    assert not any(column["guess"] for column in plan["columns"].values())


def test_it_is_printed_as_csv_or_as_json(home: Path) -> None:
    add("mas")
    shown = run("template", "create", "-t", "there")
    header, row = csv.reader(shown.stdout.splitlines())
    assert header == ["userid", "username", "email", "display_name", "given_name", "family_name"]
    told = json.loads(run("template", "create", "-t", "there", "--json").stdout)
    assert told["columns"] == header
    assert list(told["example"].values()) == row
    assert told["next"] == "keyturn plan create users.csv -t there"


def test_passwords_have_columns_and_no_examples(home: Path) -> None:
    """An example that somebody leaves in must not become a password."""
    add("uipath")
    flags = ("--password", "column:Start", "--old-password", "column:Was")
    shown = run("template", "reset", "-t", "there", *flags)
    assert shown.stdout.splitlines() == ["userid,Was,Start", "amal.haddad,,"]
    assert shown.stderr.rstrip().endswith("-t there --password column:Start --old-password column:Was")


def test_it_is_never_written_over_a_file(home: Path) -> None:
    add("mas")
    (home / "users.csv").write_text("mine", "utf-8")
    refused = run("template", "reset", "-t", "there", "--out", str(home / "users.csv"))
    assert refused.exit_code == 2
    assert "error[KT-CFG-039]" in refused.stderr
    assert (home / "users.csv").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("flags", "words"),
    [(["--password", "same"], "what --password says"), (["--old-password", "column:was"], "there cannot do this")],
)
def test_a_file_that_could_not_be_run_is_not_made(home: Path, flags: list[str], words: str) -> None:
    add("mas")
    refused = run("template", "reset", "-t", "there", *flags)
    assert refused.exit_code == 2
    assert words in refused.stderr
