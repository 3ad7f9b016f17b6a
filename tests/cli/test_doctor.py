"""`keyturn doctor`: what makes runs fail is said before one does."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.config.settings import load
from keyturn.app.run.doctor import Grade, look_over
from keyturn.bulk.record.facts import FINISHED, RUNNING
from keyturn.bulk.record.folder import BEGUN, RunFolder, make_run_folder
from keyturn.cli.main import cli
from keyturn.store.journal import open_journal
from tests.support.certificate import make_certificate
from tests.support.safe_box import SafeBox, keyring_in_use, no_keyring
from tests.support.server import OpenDoor, served

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A server to be asked."""
    with served(tmp_path_factory.mktemp("doctor")) as door:
        yield door


def ask(*args: str) -> Result:
    """Run it in this process."""
    with keyring_in_use(no_keyring()):
        return CliRunner().invoke(cli, ["doctor", *args])


def seen(home: Path, now: datetime = NOW, **given: str) -> dict[str, list[tuple[str, str]]]:
    """Texts and ways out by grade."""
    found: dict[str, list[tuple[str, str]]] = {str(grade): [] for grade in Grade}
    for each in look_over(load(given={"KEYTURN_HOME": str(home), **given}), now):
        found[each.grade].append((each.text, each.more))
    return found


def run_of(home: Path, state: str, age: timedelta) -> RunFolder:
    """A run that began so long ago."""
    folder = make_run_folder(home / "state" / "runs", NOW - age)
    with closing(open_journal(folder.journal, create=True)) as journal:
        journal.note({"state": state, "target": "there"})
    return folder


def test_a_machine_without_anything_is_well(home: Path) -> None:
    """Nothing is made by looking, and the first step is named."""
    result = ask()
    assert (result.exit_code, list(home.iterdir())) == (0, [])
    assert "keyturn target add NAME" in result.stdout
    assert "no keyring" in result.stdout
    with keyring_in_use(SafeBox()):
        assert "keyring: box of a test" in CliRunner().invoke(cli, ["doctor"]).stdout


def test_each_target_is_asked_and_what_is_wrong_is_a_problem(home: Path, door: OpenDoor) -> None:
    """One that lets us in, one that does not know us, one that nobody can sign in to: exit 2."""
    secret = home / "password"
    secret.write_text(door.made.password.reveal())
    secret.chmod(0o600)
    (home / "config.toml").write_text(
        f"""
        [targets.good]
        kind = "hdp"
        url = "{door.url}"
        username = "{door.made.admin}"
        password = {{ file = "password" }}
        [targets.stranger]
        kind = "hdp"
        url = "{door.url}"
        username = "nobody"
        password = {{ file = "password" }}
        [targets.open]
        kind = "hdp"
        url = "http://hdp.example.com"
        """,
        "utf-8",
    )
    result = ask("--json")
    grades = {each["text"].partition(":")[0]: each["grade"] for each in json.loads(result.stdout)}
    assert (grades["good"], grades["stranger"], grades["open"]) == ("ok", "problem", "problem")
    assert result.exit_code == 2
    assert door.made.password.reveal() not in result.output
    offline = ask("--offline")
    assert "good: reached" not in offline.stdout
    assert "problem  open: " in offline.stdout


def test_runs_that_are_not_finished_and_old_handouts_are_named(home: Path) -> None:
    """With the command that goes on, or that deletes."""
    left = run_of(home, RUNNING, timedelta(hours=1))
    old = run_of(home, FINISHED, timedelta(days=41))
    old.handout.touch()
    run_of(home, FINISHED, timedelta(days=1)).handout.touch()
    assert seen(home)["note"][1:] == [
        (f"run {left.run} on there is not finished", f"keyturn resume {left.run}"),
        (f"{old.handout.name} is 41 days old", f"keyturn handout shred {old.run}"),
    ]


def test_a_run_that_cannot_be_looked_at_says_why(home: Path) -> None:
    """One that another process works on is a note, a damaged journal a problem."""
    held = run_of(home, RUNNING, timedelta(hours=1))
    damaged = run_of(home, RUNNING, timedelta(hours=2))
    with closing(sqlite3.connect(damaged.journal)) as file:
        file.execute("PRAGMA user_version = 99")
    (damaged.path / BEGUN).unlink()
    with closing(open_journal(held.journal)):
        found = seen(home)
    assert (f"run {held.run} is under way in another process", "") in found["note"]
    [(text, _)] = found["problem"]
    assert text.startswith(f"the journal of run {damaged.run} cannot be read")


def test_a_clock_before_the_newest_run_is_wrong(home: Path) -> None:
    """Waits, reports and one-time secrets go by it."""
    run_of(home, FINISHED, timedelta())
    assert seen(home, NOW - timedelta(hours=1))["warning"][0][0].startswith("the clock of this machine stands before")
    assert seen(home)["warning"] == []


def test_keys_that_others_can_read_are_a_problem(home: Path) -> None:
    key = home / "keys" / "runner.key"
    key.parent.mkdir(mode=0o700)
    key.touch(mode=0o600)
    assert seen(home)["problem"] == []
    (key.parent / "evidence.pub").touch(mode=0o644)  # the half of a pair that everybody may have
    assert seen(home)["problem"] == []
    key.chmod(0o644)
    assert seen(home)["problem"] == [(f"other users of this machine can read {key}", f"chmod 600 {key}")]


def test_secrets_in_variables_and_proxies_are_said(home: Path) -> None:
    """Neither is an error, both surprise people."""
    table = '[targets.t]\nkind = "mas"\nurl = "https://api.example.com"\ntoken = { env = "T" }\n'
    (home / "config.toml").write_text(table, "utf-8")
    found = seen(home, HTTPS_PROXY="http://proxy.example.com:3128")
    assert found["warning"] == [
        ("t: the secret comes from T, which every child process can read", "keyturn explain KT-CFG-019")
    ]
    assert "HTTPS_PROXY is set" in found["note"][0][0]


@pytest.mark.parametrize(
    ("days", "grade", "word"), [(400, "ok", ""), (20, "warning", "ends"), (-1, "problem", "ended")]
)
def test_certificates_that_end_are_said_in_time(home: Path, days: int, grade: str, word: str) -> None:
    """Those that a target is trusted by, and the one that we show."""
    made = make_certificate(home / "made").certificate  # for an hour from now on; it is looked at from other days
    table = f'kind = "mas"\nurl = "https://api.example.com"\ntoken = {{ file = "t" }}\nca_bundle = "{made}"\n'
    (home / "config.toml").write_text(f"[targets.t]\n{table}", "utf-8")
    today = datetime.now(UTC) - timedelta(days=days)
    told = [text for text, _ in seen(home, today)[grade] if "certificate of ca_bundle" in text]
    assert bool(told) == bool(word)
    assert all(word in text for text in told)
    made.write_text("nothing")
    assert "it holds no certificate" in seen(home)["problem"][0][0]
    made.unlink()
    assert "No such file" in seen(home)["problem"][0][0]


def test_letters_that_a_terminal_cannot_show_are_said(home: Path) -> None:
    """Names with accents would be question marks."""
    result = CliRunner(charset="latin-1").invoke(cli, ["doctor", "--offline"])
    assert "names with accents cannot be shown in" in result.stdout
