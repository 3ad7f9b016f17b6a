"""Codes: each that can be printed is explained, each that is explained can be printed."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import keyturn
from keyturn.cli.catalogue import Entry, entries, entry
from keyturn.cli.main import cli

SOURCE = Path(keyturn.__file__).parent
CODE = re.compile(r"KT-[A-Z]+-\d{3}")


def run(*args: str) -> Result:
    """Run keyturn in this process."""
    return CliRunner().invoke(cli, ["explain", *args])


def printed() -> set[str]:
    """Every code that stands in the program."""
    return {code for path in SOURCE.rglob("*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}


def test_every_code_that_can_be_printed_is_explained_and_the_other_way_round() -> None:
    assert printed() == {entry.code for entry in entries()}


@pytest.mark.parametrize("known", entries(), ids=lambda known: known.code)
def test_every_code_has_a_title_a_cause_and_a_fix(known: Entry) -> None:
    assert CODE.fullmatch(known.code)
    assert known.title
    assert not known.title.endswith(".")
    assert known.cause.endswith((".", '"'))
    assert known.fix.endswith((".", "`"))
    assert known.exit in {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
    assert entry(known.code) == known


def test_a_code_is_explained_however_it_is_typed() -> None:
    for typed in ("KT-CFG-005", "kt-cfg-005", "[KT-CFG-005]"):
        result = run(typed)
        assert result.exit_code == 0
        assert "Why\n  A config file is copied" in result.output
        assert "exit code 2" in result.output


def test_a_code_that_does_not_exist_is_answered_with_a_near_one() -> None:
    result = run("KT-CFG-0055")
    assert result.exit_code == 2
    assert "keyturn explain KT-CFG-005" in result.stderr
    assert "fix    keyturn explain\n" in run("nonsense").stderr


def test_without_a_code_all_are_listed() -> None:
    assert {line.split()[0] for line in run().output.splitlines()[1:]} == {entry.code for entry in entries()}
    assert len(json.loads(run("--json").stdout)) == len(entries())


def test_a_machine_gets_the_parts() -> None:
    told = json.loads(run("KT-CFG-005", "--json").stdout)
    assert set(told) == {"code", "title", "cause", "fix", "exit"}


@pytest.mark.parametrize("code", ["", "X", "KT-XYZ-001", "KT-CFG-999"])
def test_an_unknown_code_has_an_empty_entry(code: str) -> None:
    assert entry(code) == Entry(code)


def test_a_code_is_known_by_its_short_number() -> None:
    """As people say it to each other."""
    result = CliRunner().invoke(cli, ["explain", "kt-in-7"])
    assert result.stdout.startswith("KT-IN-007: ")
