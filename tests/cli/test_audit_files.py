"""The audit leaves the house as files that others prove, narrowed to what was asked for, and safe on a terminal."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.audit.hostile import NAMES

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, as somebody with a home of their own."""
    home = {"KEYTURN_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}

    def call(*arguments: str, code: int = 0) -> Result:
        result = CliRunner(env=home).invoke(cli, list(arguments))
        assert result.exit_code == code, result.output
        return result

    call("init", "--json", "--data", str(tmp_path / "d"))
    return call


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    """Which directory."""
    return ["--data", str(tmp_path / "d")]


def key_of(tmp_path: Path) -> Path:
    """The public key as the auditor has it."""
    [found] = (tmp_path / "d" / "keys").glob("audit.*.pub")
    copy = tmp_path / found.name
    copy.write_bytes(found.read_bytes())
    return copy


@pytest.mark.proves("LG-3")
def test_an_auditor_with_the_file_and_the_public_key_finds_a_changed_byte(
    run: Run, place: list[str], tmp_path: Path
) -> None:
    file, key = tmp_path / "audit.jsonl", str(key_of(tmp_path))
    assert run("audit", "export", *place, "-o", str(file)).stderr == f"written to {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (
        "chain intact, 4 records, last checkpoint at record 4" in run("audit", "verify", str(file), "--key", key).stdout
    )
    assert json.loads(run("audit", "verify", str(file), "--key", key, "--json").stdout)["intact"] is True
    file.write_bytes(file.read_bytes().replace(b'"created"', b'"changed"', 1))
    broken = run("audit", "verify", str(file), "--key", key, code=1).stdout
    assert broken.startswith("chain broken at record 1: the record was changed after it was written")


def test_a_part_of_the_trail_says_so_and_proves_nothing(run: Run, place: list[str], tmp_path: Path) -> None:
    file = tmp_path / "part.jsonl"
    run("audit", "export", *place, "--verb", "user.create", "--tenant", "default", "-o", str(file))
    first, *_ = file.read_text().splitlines()
    assert json.loads(first) == {"filtered": {"tenant": "default", "verb": "user.create"}}
    told = run("audit", "verify", str(file), "--key", str(key_of(tmp_path)), code=1).stdout
    assert told.startswith(
        "nothing is proven: this export was narrowed to a part of the trail, and a part proves nothing"
    )


def test_an_export_is_narrowed_like_the_list(run: Run, place: list[str]) -> None:
    run("user", "create", "amal", *place)

    def verbs(*flags: str) -> list[str]:
        lines = run("audit", "export", *place, "--format", "ocsf", *flags).stdout.splitlines()
        return [json.loads(line)["metadata"]["event_code"] for line in lines]

    everything = verbs()
    assert verbs("--until", "0s") == everything
    assert verbs("--since", "0s") == verbs("--until", "2020-01-01") == []
    assert verbs("--who", "amal") == ["user.create"]
    assert verbs("--actor", "init") == everything[:-1]
    assert run("audit", "list", *place, "--until", "1d").stderr == "no entries\n"


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["missing.jsonl", "--key", "audit.abcd2345.pub"], "KT-CFG-050", "this is no public key"),
        (["missing.jsonl"], "KT-CFG-050", "the key that signed is needed"),
        (["--key", "audit.abcd2345.pub"], "KT-CFG-002", "--key goes with a FILE"),
    ],
)
def test_what_cannot_be_proven_ends_with_a_code(run: Run, flags: list[str], code: str, said: str) -> None:
    told = run("audit", "verify", *flags, code=2).stderr
    assert (code in told, said in told) == (True, True), told


def test_a_file_that_cannot_be_read_or_written_ends_with_a_code(run: Run, place: list[str], tmp_path: Path) -> None:
    missing = str(tmp_path / "no" / "file.jsonl")
    assert "KT-CFG-050" in run("audit", "verify", missing, "--key", str(key_of(tmp_path)), code=2).stderr
    assert "KT-CFG-050" in run("audit", "export", *place, "-o", missing, code=2).stderr


@pytest.mark.proves("LG-5", "V16.4.1")
def test_no_name_moves_the_cursor_or_turns_the_line_around(run: Run, place: list[str]) -> None:
    """Terminals obey control characters, and right-to-left marks show one name as another."""
    names = [name for name in NAMES if "\0" not in name and "\ud800" not in name]
    for name in names[:: len(names) // 25]:
        run("user", "lock", *place, "--", name, code=3)
    assert "the newest 2; --count shows more" in run("audit", "list", *place, "--count", "2").stderr
    listed = run("audit", "list", *place).stdout.splitlines()
    assert len(listed) == 1 + 4 + len(names[:: len(names) // 25])
    assert all(line.isprintable() for line in listed)
