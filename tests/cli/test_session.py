"""`keyturn session`: who is signed in to a directory on this machine, and ending it."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.app.house.build import Place, open_house
from keyturn.core.commands import Origin
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from tests.cli.directory_kit import CHOSEN, Run, running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test with its administrator signed in twice."""
    call = running(tmp_path)
    call("init", "--password-stdin", typed=f"{CHOSEN}\n")
    password = Secret(CHOSEN)
    with closing(open_house(Place(tmp_path / "directory"))) as house:
        for number in (1, 2):
            origin = Origin(source=f"192.0.2.{number}")
            signed = house.gate.signing_in.with_password("admin", password, door="keyturn", origin=origin)
            assert isinstance(signed, SignedIn)
    return call


def sessions(run: Run) -> list[dict[str, str]]:
    """Who is signed in, for machines."""
    found: list[dict[str, str]] = json.loads(run("session", "list", "admin", "--json").stdout)["sessions"]
    return found


@pytest.mark.proves("V7.4.5")
def test_sessions_are_listed_and_ended_one_or_all(run: Run) -> None:
    assert [one["source"] for one in sessions(run)] == ["192.0.2.1", "192.0.2.2"]
    assert "192.0.2.2" in run("session", "list", "admin").stdout
    first = sessions(run)[0]["id"]
    assert "admin is signed out" in run("session", "end", "admin", "--session", first).stderr
    assert [one["source"] for one in sessions(run)] == ["192.0.2.2"]
    assert json.loads(run("session", "end", "admin", "--json").stdout) == {"id": "admin", "outcome": "ended"}
    assert sessions(run) == []
    assert "was not signed in" in run("session", "end", "admin").stderr
    assert "KT-TGT-030" in run("session", "list", "ghost", code=3).stderr
