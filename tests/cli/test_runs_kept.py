"""What a run keeps for the sittings to come: its brakes, the look of its passwords, and runs of an older keyturn."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.bulk.record.facts import Facts
from keyturn.store.journal import open_journal
from tests.cli.runs_kit import Place, Typing, place, typing
from tests.cli.test_runs_resume import MANY, ask, stopped
from tests.cli.towns_kit import Towns, towns

__all__ = ["place", "towns", "typing"]


def test_a_resume_keeps_the_brakes_that_the_run_was_begun_with(place: Place) -> None:
    """Unless they are said again."""
    stopped(place)
    place.server.unknown = {f"u{number:03}" for number in range(30)}
    assert "(limit 1)" in place.call("resume", "--no-input", code=7).stderr
    done = place.call("resume", "--no-input", "--max-failures", "2", code=7)
    assert "2 rows failed (limit 2)" in done.stderr


def test_a_resume_without_a_name_passes_over_a_damaged_run(place: Place) -> None:
    """And says so; by its name it is an error."""
    run = stopped(place)
    begun = place.run_folder() / "begun"
    newer = begun.parent.with_name("rzzzzzz")
    shutil.copytree(begun.parent, newer)
    (newer / "begun").write_text("2099-01-01T00:00:00+00:00", "ascii")
    (newer / "journal.db").write_bytes(b"nothing of the kind" * 1000)
    place.call("resume", "rzzzzzz", "--no-input", code=1)
    done = place.call("resume", "--no-input", code=3)
    assert "warning[KT-RUN-034]: run rzzzzzz is passed over" in done.stderr
    assert f"run {run}: " in done.stderr


def test_progress_after_a_resume_counts_what_was_left(place: Place) -> None:
    """And nothing that was done before."""
    stopped(place)
    events = place.lines("resume", "--no-input", "--output", "jsonl", code=3)
    last = [event for event in events if event["type"] == "progress"][-1]
    assert last["done"] == last["total"] == sum(last["outcomes"].values()) < 30


RULES = "password_rules = { shortest = 15, longest = 20 }"


def test_passwords_look_the_same_in_every_sitting_of_a_run(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the rules changed meanwhile: else the handout would not hold what was set."""
    place.configure(RULES)
    stopped(place)
    place.configure("password_rules = { shortest = 8, longest = 12 }")
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing("28\n")
    assert ask(place, "resume") == 3
    handed = place.lines("handout", "open", place.run_folder().name)
    assert {line["user"]: [line["password"]] for line in handed} == place.server.passwords
    assert {len(line["password"]) for line in handed} == {16}


def as_of_the_first_format(folder: Path, file: Path) -> None:
    """Rewrite a journal as an earlier keyturn wrote it, of a file whose column `target` meant nothing to it."""
    with closing(open_journal(folder / "journal.db")) as journal:
        [pin] = Facts(journal.facts()).pins
    old = {
        "kind": pin.address.kind, "url": pin.address.url, "account": pin.address.account,
        "policy": "Rules(shortest=15, longest=20, classes=0)", "capabilities": pin.capabilities,
        "protect": json.dumps(pin.protect), "rendering": pin.rendering,
        "columns": json.dumps({"id": "userid"}), "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }  # fmt: skip
    with closing(sqlite3.connect(folder / "journal.db")) as raw, raw:
        raw.execute("ALTER TABLE facts DROP COLUMN mark")
        raw.execute("DELETE FROM facts WHERE name IN ('targets', 'default', 'flags')")
        raw.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(old.items()))
        for later in ("mark", "noticed", "proof", "verified", "target"):
            raw.execute(f"ALTER TABLE rows DROP COLUMN {later}")
        raw.execute("PRAGMA user_version = 1")


def test_a_run_of_the_first_format_goes_on_as_it_was_confirmed(place: Place) -> None:
    """Its target is that of all rows, whatever its file says under `target`; nothing is asked, nothing done twice."""
    place.configure(RULES)
    run = stopped(place)
    file = place.tmp / "users.csv"
    file.write_text(MANY.replace("\n", ",elsewhere\n").replace("userid,elsewhere", "userid,target"), "utf-8")
    as_of_the_first_format(place.run_folder(), file)
    assert "there" in place.call("runs", "rows", run, "--output", "jsonl").stdout
    assert "29 changed, 1 failed" in place.call("resume", "--no-input", "-j", "1", code=3).stdout
    assert all(len(values) == 1 for values in place.server.passwords.values())
    assert {row["target"] for row in place.lines("runs", "rows", run, "--json")} == {"there"}


def test_an_unfinished_run_over_the_same_targets_is_found_again(towns: Towns) -> None:
    """By the file and all of its targets."""
    towns.towns["west"].signed_out = True
    again = ("reset", towns.many(2), "--expect", "6", "--no-input")
    towns.call(*again, code=4)
    assert "is unfinished, 2 rows left" in towns.call(*again, code=8).stderr
    shown = towns.call("plan", *again[:2], "--offline").stdout
    assert shown.count("(offline: not asked)") == 3
