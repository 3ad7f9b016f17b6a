"""New keys for a directory from the command line of its machine, and the old ones that may go."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.app.house.build import House, Place, open_house
from keyturn.cli.directory.keyring import LABELS
from keyturn.core.commands import Origin
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.crypto.keyfolder import Label, open_key_folder
from tests.cli.directory_kit import CHOSEN, Run, running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test."""
    return running(tmp_path)


@pytest.fixture
def made(run: Run) -> dict[str, Any]:
    """What `keyturn init --json` printed."""
    facts: dict[str, Any] = json.loads(run("init", "--password-stdin", "--json", typed=f"{CHOSEN}\n").stdout)
    return facts


def opened(tmp_path: Path) -> closing[House]:
    return closing(open_house(Place(tmp_path / "directory")))


def long_ago(tmp_path: Path) -> None:
    """Have every key that is not in force been replaced in another year."""
    ring = tmp_path / "directory" / "keys" / "keyring.json"
    facts = json.loads(ring.read_text())
    facts["retired"] = dict.fromkeys(facts["retired"], "2025-01-01T00:00:00+00:00")
    ring.write_text(json.dumps(facts))


def sign_in(house: House, made: dict[str, Any]) -> bool:
    door = house.gate.signing_in
    password = door.with_password("admin", Secret(CHOSEN), door="test", origin=Origin())
    key = door.with_key(made["api_key"]["id"], Secret(made["api_key"]["token"]), door="mas", origin=Origin())
    return isinstance(password, SignedIn) and isinstance(key, SignedIn)


def test_the_labels_of_the_command_are_those_of_the_folder() -> None:
    assert [*LABELS] == [*Label, "all"]


@pytest.mark.proves("ST-2")
def test_new_keys_come_in_force_and_every_way_in_stays_open(run: Run, made: dict[str, Any], tmp_path: Path) -> None:
    folder = open_key_folder(tmp_path / "directory" / "keys")
    with opened(tmp_path) as running:
        before = dict(folder.in_force)
        facts = json.loads(run("key", "rotate", "--json").stdout)["rotated"]
        assert {one["label"]: (one["old"], one["new"]) for one in facts} == {
            label.value: (before[label], folder.in_force[label]) for label in Label
        }
        assert sign_in(running, made)  # by a server that ran all the while
    assert not set(before.values()) & set(folder.in_force.values())
    with opened(tmp_path) as started:
        assert sign_in(started, made)
    assert "chain intact" in run("audit", "verify").stdout


def test_only_the_labels_that_are_named_get_a_new_key(run: Run, made: object, tmp_path: Path) -> None:
    folder = open_key_folder(tmp_path / "directory" / "keys")
    before = dict(folder.in_force)
    shown = run("key", "rotate", "--label", "token", "--label", "audit")
    changed = {label for label in Label if folder.in_force[label] != before[label]}
    assert changed == {Label.TOKEN, Label.AUDIT}
    assert f"token   {folder.in_force[Label.TOKEN]}  in force; {before[Label.TOKEN]} stays" in shown.stdout
    assert "keyturn backup" in shown.stderr


def test_a_rotation_stands_in_the_audit(run: Run, made: object) -> None:
    run("key", "rotate", "--label", "mail")
    entries = json.loads(run("audit", "list", "--json").stdout)["entries"]
    assert [entry["detail"].split()[0] for entry in entries if entry["verb"] == "keyring.rotate"] == ["mail"]


@pytest.mark.proves("ST-2")
def test_a_key_that_something_names_stays_and_says_what_does(run: Run, made: dict[str, Any], tmp_path: Path) -> None:
    run("key", "rotate")
    long_ago(tmp_path)
    facts = json.loads(run("key", "prune", "--json").stdout)
    assert {(one["label"], one["why"]) for one in facts["kept"]} == {
        ("pepper", "passwords: 1"),
        ("verify", "API keys: 1"),
    }
    assert {one["label"] for one in facts["removed"]} == {"derive", "token", "audit", "mail", "factor"}
    with opened(tmp_path) as house:
        assert sign_in(house, made)
    assert "chain intact" in run("audit", "verify").stdout  # by the public half of the key that is gone
    left = json.loads(run("key", "prune", "--json").stdout)
    assert [one["label"] for one in left["kept"]] == ["verify"]
    assert [one["label"] for one in left["removed"]] == ["pepper"]  # renewed by the sign-in
    with opened(tmp_path) as house:
        assert sign_in(house, made)


def test_a_key_that_was_in_force_a_moment_ago_stays_for_an_hour(run: Run, made: object) -> None:
    facts = json.loads(run("key", "rotate", "--label", "derive", "--label", "token", "--prune", "--json").stdout)
    assert facts["removed"] == []
    assert len(facts["kept"]) == 2
    assert all("for an hour" in one["why"] for one in facts["kept"])


def test_prune_says_in_words_what_became_of_each_key(run: Run, made: object, tmp_path: Path) -> None:
    assert "no old keys" in run("key", "prune").stderr
    run("key", "rotate", "--label", "pepper", "--label", "mail")
    long_ago(tmp_path)
    shown = run("key", "prune")
    assert "kept: passwords: 1" in shown.stdout
    assert "deleted" in shown.stdout


def test_digests_of_an_older_version_are_named_before_there_are_two_keys(
    run: Run, made: dict[str, Any], tmp_path: Path
) -> None:
    with opened(tmp_path) as house, house.store.writing() as transaction:
        key = transaction.keys.find(made["api_key"]["id"])
        assert key is not None
        transaction.keys.put(replace(key, digest=key.digest.partition(":")[2]))
    old = open_key_folder(tmp_path / "directory" / "keys").in_force[Label.VERIFY]
    run("key", "rotate", "--label", "verify")
    run("key", "rotate", "--label", "verify")
    with opened(tmp_path) as house:
        with house.store.reading() as view:
            found = view.keys.find(made["api_key"]["id"])
        assert found is not None
        assert found.digest.partition(":")[0] == old
        assert sign_in(house, made)
