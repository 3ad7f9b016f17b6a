"""`keyturn runs evidence` on the machine that ran, and on one that has the public key alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from keyturn.cli.main import cli
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

RUN = ("-t", "there", "--yes", "--no-input")


def elsewhere(tmp_path: Path, *args: str) -> tuple[int, str]:
    """The same command in another home."""
    done = CliRunner(env={"KEYTURN_HOME": str(tmp_path / "elsewhere"), "NO_COLOR": "1"}).invoke(cli, list(args))
    return done.exit_code, done.output


@pytest.mark.proves("RN-10", "LG-1")
def test_evidence_is_verified_on_another_machine(place: Place) -> None:
    """With the public key, as text or as a file; and holds no password."""
    place.server.unknown = {"bo"}
    place.call("reset", place.file("userid\nann\nbo\n"), *RUN, code=3)
    path = place.tmp / "evidence.jsonl"
    said = place.call("runs", "evidence", "-o", str(path)).stderr
    public = place.call("runs", "evidence", "--public-key").stdout.strip()
    assert f"--key {public}" in said
    [passwords] = place.server.passwords.values()
    assert passwords[0] not in path.read_text()
    key = place.tmp / "evidence.pub"
    key.write_text(f"{public}\n")
    for given in (public, str(key)):
        code, told = elsewhere(place.tmp, "runs", "evidence", "--verify", str(path), "--key", given)
        assert code == 0
        assert f"intact: run {place.run_folder().name}, reset on there, 2 rows" in told
        assert "1 changed, 1 failed" in told
    code, told = elsewhere(place.tmp, "runs", "evidence", "--verify", str(path))
    assert (code, "warning[KT-RUN-073]" in told) == (0, True)
    facts = json.loads(elsewhere(place.tmp, "runs", "evidence", "--verify", str(path), "--json")[1].splitlines()[0])
    assert facts["facts"]["by"]
    assert facts["facts"]["versions"]["run"] == facts["facts"]["versions"]["evidence"]
    path.write_bytes(path.read_bytes().replace(b"ann", b"bob"))
    code, told = elsewhere(place.tmp, "runs", "evidence", "--verify", str(path), "--key", public)
    assert (code, "error[KT-RUN-072]" in told) == (5, True)
    assert elsewhere(place.tmp, "runs", "evidence", "--verify", str(path) + "x")[0] == 2


def test_a_key_that_is_not_there_is_no_wrong_key(place: Place) -> None:
    """Nobody is told of forged evidence because a file is elsewhere, or is another one."""
    place.call("reset", place.file("userid\nann\n"), *RUN)
    path, odd = place.tmp / "evidence.jsonl", place.tmp / "odd.pub"
    place.call("runs", "evidence", "-o", str(path))
    odd.write_bytes(b"\xff\xfe no key")
    for given in (str(place.tmp / "evidence.pub"), str(odd)):
        code, told = elsewhere(place.tmp, "runs", "evidence", "--verify", str(path), "--key", given)
        assert (code, "error[KT-CFG-070]: that is no public key" in told) == (2, True), told


def test_evidence_goes_into_the_folder_of_the_run_unless_told(place: Place) -> None:
    """Or to stdout; without ids where that is wished for."""
    place.call("reset", place.file("userid\nannika\n"), *RUN)
    folder = place.run_folder()
    [told] = place.lines("runs", "evidence", "--json")
    assert told["evidence"] == str(folder / f"evidence-{folder.name}.jsonl")
    assert (folder / f"evidence-{folder.name}.jsonl").stat().st_mode & 0o777 == 0o600
    place.call("runs", "evidence")
    shown = place.call("runs", "evidence", "-o", "-", "--redact", "ids").stdout
    assert len(shown.splitlines()) == 3
    assert "annika" not in shown


@pytest.mark.proves("V14.2.7")
def test_evidence_without_ids_names_no_protected_user_either(place: Place) -> None:
    """Whom a run did not touch is a user as well; with ids it says whom."""
    place.configure('protect = ["boss", "svc-*"]')
    place.call("reset", place.file("userid\nannika\n"), *RUN, "--verify")
    facts = json.loads(place.call("runs", "evidence", "-o", "-").stdout.splitlines()[0])
    assert (facts["targets"][0]["protect"], facts["verified"]) == (["boss", "svc-*"], {"yes": 1})
    shown = place.call("runs", "evidence", "-o", "-", "--redact", "ids").stdout
    assert "boss" not in shown
    assert "svc" not in shown
