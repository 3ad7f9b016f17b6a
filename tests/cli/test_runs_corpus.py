"""A corpus of broken and odd files: nothing is sent for a broken one, and one plan is made of all that are read."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.runs_kit import Place, place
from tests.support.corpus import Odd, accepted, broken

__all__ = ["place"]

WHO = ["007", "1E5", "0x1F", "12345678901234567890", "müller", "", "007", "john doe", "{{userid}}", "x%41y"]
FATES = ["~", "~", "~", "~", "~", "blank", "duplicate", "~", "placeholder", "~"]


def lay(place: Place, odd: Odd) -> str:
    """Put a file down."""
    path = place.tmp / odd.file
    path.write_bytes(odd.content)
    return str(path)


@pytest.mark.proves("RN-1")
def test_nothing_is_sent_for_a_file_with_a_fault(place: Place) -> None:
    """Over a hundred of them, each with its code, where it is and what to do; the target hears of none."""
    files = broken()
    assert len(files) >= 60
    assert len({odd.name for odd in files}) == len(files)
    for odd in files:
        result = place.call("--no-input", "reset", lay(place, odd), "-t", "there", "--expect", "1", *odd.flags, code=5)
        told = result.stderr
        assert f"[{odd.code}]" in told or odd.code in told, (odd.name, told)
        assert "fix" in told or "hint" in told, (odd.name, told)
        assert "Nothing was sent." in told, (odd.name, told)
    assert place.server.requests == 0
    assert place.server.reads == 0
    assert not (place.home / "state" / "runs").exists()


def plan_of(place: Place, odd: Odd) -> Mapping[str, Any]:
    """The plan of a file, as a machine reads it."""
    [told] = place.lines("--json", "plan", "reset", lay(place, odd), "-t", "there", "--offline", *odd.flags)
    return told


@pytest.mark.proves("RN-1")
def test_the_same_users_make_the_same_plan_however_they_are_written(place: Place) -> None:
    """Encodings, delimiters, marks, workbooks and JSON: the same counts, the same rows for the same reasons."""
    expected = {"change": 7, "skip": 2, "block": 1}
    for odd in accepted():
        told = plan_of(place, odd)
        assert told["counts"] == expected, odd.name
        reasons = {group["reason"]: group["count"] for group in told["groups"]}
        assert reasons == {"blank": 1, "duplicate": 1, "placeholder": 1}, odd.name


@pytest.mark.proves("RN-1")
def test_every_variant_reaches_the_target_to_the_letter(place: Place) -> None:
    """One of each kind is run: the users that the server sees are those of the file."""
    kinds = {odd.file.rpartition(".")[2]: odd for odd in accepted()}
    assert {"csv", "tsv", "txt", "json", "jsonl", "xlsx"} <= set(kinds)
    wanted = {who for who, fate in zip(WHO, FATES, strict=True) if fate == "~"}
    for odd in kinds.values():
        place.server.passwords.clear()
        place.call("reset", lay(place, odd), "-t", "there", "--expect", "7", "--new-run", *odd.flags, code=3)
        assert set(place.server.passwords) == wanted, odd.name
        assert all(len(values) == 1 for values in place.server.passwords.values())


def test_the_corpus_is_what_it_says() -> None:
    """So that a file that is repaired by accident does not count."""
    assert [odd.name for odd in broken() if not odd.code] == []
    assert [odd.name for odd in accepted() if odd.code] == []
    assert json.loads(next(odd for odd in accepted() if odd.name == "as JSON").content)[0]["userid"] == "007"
