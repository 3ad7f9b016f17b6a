"""Plan files that are none any more: gone, torn by a disk, of another version, or made again by hand with a digest."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keyturn.bulk.record.frozen import is_frozen
from keyturn.crypto.handout import new_identity
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

USERS = "userid,Badge\n007,one\nzoe,two\n"
NOBODY = {"change": 0, "skip": 0, "block": 0}


def frozen(place: Place, *more: str) -> str:
    """A plan file for a file of users."""
    path = str(place.tmp / "q3.plan")
    place.call("plan", "reset", place.file(USERS), "-t", "there", "-o", path, *more)
    return path


def forge(path: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what stands in a plan, and put the digest over it that belongs to it."""
    told = json.loads(Path(path).read_text("utf-8"))
    change(told["plan"])
    text = json.dumps(told["plan"], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    told["digest"] = hashlib.sha256(text.encode()).hexdigest()
    Path(path).write_text(json.dumps(told), "utf-8")


def refused(place: Place, path: str, code: int) -> str:
    """A run of the plan, of which nothing was sent; all that was said."""
    said = place.call("reset", "--plan", path, "--no-input", code=code).output
    assert place.server.passwords == {}
    return said


def test_a_plan_for_other_rows_is_refused_also_with_a_digest_of_its_own(place: Place) -> None:
    """What counts is what the rows of the file come to, not what the plan says of itself."""
    path = frozen(place)
    forge(path, lambda plan: plan.update(rows="0" * 64))
    said = refused(place, path, 8)
    assert "error[KT-PLN-003]" in said
    assert "what becomes of the rows: 2 users change then, 2 now" in said


def test_a_plan_with_one_target_more_names_both_lists(place: Place) -> None:
    """No row of the file goes there."""
    path = frozen(place)
    place.configure(f'[targets.else]\nkind = "mas"\nurl = "{place.server.url}"\ntoken = {{ env = "THERE_TOKEN" }}')
    forge(path, lambda plan: plan["targets"].append({**plan["targets"][0], "name": "else", "counts": NOBODY}))
    said = refused(place, path, 8)
    assert "targets: there, else then, there now" in said


def test_a_plan_in_which_a_name_stands_twice_is_refused(place: Place) -> None:
    """Whoever looks at the file sees the first; the digest would be over the last."""
    path = Path(frozen(place))
    path.write_text(path.read_text("utf-8").replace('"password":', '"password": "same", "password":', 1), "utf-8")
    said = refused(place, str(path), 5)
    assert "error[KT-PLN-001]: q3.plan is no whole plan" in said


def test_a_plan_of_a_later_format_is_not_guessed_at(place: Place) -> None:
    """The number of the format says who can read it."""
    path = Path(frozen(place))
    path.write_text(path.read_text("utf-8").replace('"keyturn_plan": 1', '"keyturn_plan": 2'), "utf-8")
    said = refused(place, str(path), 5)
    assert "error[KT-PLN-002]: q3.plan was made by another version of keyturn" in said
    assert "its format is 2, this version reads 1" in said
    place.call("plan", "reset", place.file(USERS), "-t", "there", "-o", str(path))
    assert json.loads(path.read_text("utf-8"))["keyturn_plan"] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan.update(tomorrow=True),
        lambda plan: plan.pop("default"),
        lambda plan: plan["job"].update(operation="erase"),
        lambda plan: plan["made"].update(at="yesterday"),
        lambda plan: plan.update(targets="there"),
    ],
    ids=["more", "less", "unknown", "wrong", "another kind"],
)
def test_a_plan_with_parts_that_nobody_knows_is_refused(
    place: Place, change: Callable[[dict[str, Any]], object]
) -> None:
    """A part that is not understood may be one that forbids something."""
    path = frozen(place)
    forge(path, change)
    said = refused(place, path, 5)
    assert "error[KT-PLN-002]" in said
    assert "something stands in it that this version does not know, or is missing" in said


def test_an_approval_that_is_no_approval_is_refused(place: Place) -> None:
    """It stands outside of the digest, and is read as strictly."""
    path = Path(frozen(place))
    path.write_text(path.read_text("utf-8").replace('"approvals": []', '"approvals": [{"by": "Berit"}]'), "utf-8")
    assert "error[KT-PLN-002]" in refused(place, str(path), 5)


@pytest.mark.parametrize("text", ["[]", '"q3"', '{"plan": {}}', "userid\n007\n"])
def test_another_file_is_no_plan(place: Place, text: str) -> None:
    """JSON or not."""
    said = refused(place, place.file(text, "other.plan"), 5)
    assert "error[KT-PLN-001]: other.plan is no" in said
    assert "keyturn plan reset FILE -t TARGET -o other.plan" in said


def test_a_plan_in_a_folder_that_is_not_there_cannot_be_written(place: Place) -> None:
    """Nor in place of a folder; either is said, and nothing is left behind."""
    order = ("plan", "reset", place.file(USERS), "-t", "there", "-o")
    before = sorted(place.tmp.iterdir())
    gone = place.call(*order, str(place.tmp / "gone" / "q3.plan"), code=2).output
    assert "error[KT-PLN-006]: the plan cannot be written there" in gone
    folder = place.call(*order, str(place.home), code=2).output
    assert "is a directory" in folder
    assert not is_frozen(place.home)
    assert {path for path in place.tmp.iterdir() if path.suffix in (".plan", ".new")} == set()
    assert set(before) <= set(place.tmp.iterdir())


def test_a_plan_that_went_away_is_missed_by_its_name(place: Place) -> None:
    """Before anything is asked of a target."""
    before = place.server.requests
    said = place.call("plan", "show", str(place.tmp / "gone.plan"), code=5).output
    assert "error[KT-PLN-001]: gone.plan cannot be read" in said
    assert "No such file or directory" in said
    assert place.server.requests == before


def test_a_plan_in_words_says_who_opens_the_handout_and_who_is_protected(place: Place) -> None:
    """All that an approver has to know stands in it."""
    place.configure('protect = ["svc-*", "root"]')
    key = new_identity(place.tmp / "whole")
    told = place.call("plan", "show", frozen(place, "--handout", f"age:{key}")).output
    assert f"handout       sealed for {key}" in told
    assert "protected     svc-*, root" in told


def test_a_plan_with_passwords_from_the_file_speaks_of_no_handout(place: Place) -> None:
    """Somebody has them already."""
    told = place.call("plan", "show", frozen(place, "--password", "column:Badge")).output
    assert "passwords     from the column Badge" in told
    assert "handout" not in told
