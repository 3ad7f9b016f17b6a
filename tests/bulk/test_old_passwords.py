"""Changes with the present password from a column, and what becomes of them when an answer is lost."""

import csv
from pathlib import Path

import pytest

from keyturn.bulk.job import Job, Operation, PasswordChoice
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.running.shares import Speed
from keyturn.core.commands import ChangePassword
from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.journal import RowState
from keyturn.core.secret import Secret
from tests.bulk.desk import Desk, handed, plan_of, write
from tests.support.memory_directory import ABLE, MemoryDirectory, able

ASKS = able(carries=ABLE.carries | {ChangePassword}, needs_old=True)
"""A directory whose changes carry the present password."""

OLD = "column:was"
NEW = "a new pass phrase of mine"
QUICK = Speed(jobs=2, retries=3, timeout=5)
ONCE = Speed(jobs=2, retries=0, timeout=5)


def order(password: str = "generate", operation: str = "reset", *, email: bool = False) -> Job:
    """A job with present passwords."""
    return Job(Operation(operation), PasswordChoice.parse(password), email, old="was")


def there(**passwords: str) -> MemoryDirectory:
    """A directory with these users and passwords."""
    directory = MemoryDirectory(list(passwords), ASKS)
    directory.passwords = {who: Secret(password) for who, password in passwords.items()}
    return directory


def test_a_row_without_its_present_password_is_blocked(tmp_path: Path) -> None:
    """So are a new password that is the present one, and one user with two present ones."""
    lines = ["a,here it is,x", "b,,x", f"c,{NEW},{NEW}", f"a,another,{NEW}", f"d,here it is,{NEW}"]
    path = write(tmp_path, "userid,was,new\n" + "\n".join(lines) + "\n")
    plan = plan_of(path, order("column:new"), capabilities=ASKS)
    reasons = [row.reason for row in plan.rows()]
    assert reasons == ["too-short", "no-old-password", "same-password", "duplicate-differs", ""]
    assert plan.told()["old_password"] == "was"
    assert plan.columns["old_password"].header == "was"
    assert NEW not in str(plan.told())
    assert [caution.code for caution in plan.warnings] == ["KT-IN-022"]


@pytest.mark.parametrize(
    ("job", "capabilities", "why"),
    [
        (order(), ABLE, "without asking for the present ones"),
        (order(operation="create"), ASKS, "a new user has no present password"),
        (order(email=True), ASKS, "is not mailed"),
        (order("target"), ASKS, "carries the new one"),
    ],
)
def test_present_passwords_are_refused_where_they_are_of_no_use(
    tmp_path: Path, job: Job, capabilities: object, why: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError, match=why) as caught:
        plan_of(write(tmp_path, "userid,was\na,b\n"), job, capabilities=capabilities)  # type: ignore[arg-type]  # a table
    assert caught.value.code == "KT-TGT-010"
    assert "--old-password" in caught.value.fix


def test_one_column_cannot_hold_both_passwords(tmp_path: Path) -> None:
    """And a column that is not there is an error of the file."""
    with pytest.raises(ConfigError, match="both the present password and the new one"):
        plan_of(write(tmp_path, "userid,was\na,b\n"), order("column:was"), capabilities=ASKS)
    with pytest.raises(SourceError, match="has no column was") as caught:
        plan_of(write(tmp_path, "userid,pw\na,b\n"), order(), capabilities=ASKS)
    assert caught.value.fix.startswith("--old-password")


async def test_each_user_is_changed_with_the_present_password(tmp_path: Path) -> None:
    """Generated passwords go into the handout; the present ones are in nothing that is left."""
    directory = there(amal="the first of hers", badr="the first of his")
    desk = Desk(tmp_path, directory).begin("userid,was\namal,the first of hers\nbadr,quite another one\n", order())
    summary = await desk.go(QUICK)
    assert summary.states == {RowState.CHANGED: 1, RowState.FAILED: 1}
    assert handed(desk) == {"amal": directory.passwords["amal"]}
    assert all(isinstance(command, ChangePassword) and not command.again for command in directory.log)
    assert directory.passwords["badr"] == Secret("the first of his")
    assert summary.retry is not None
    with summary.retry.open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["userid"], row["was"]) == ("badr", "")
    assert desk.folder is not None
    left = b"".join(path.read_bytes() for path in desk.folder.path.rglob("*") if path.is_file())
    assert b"the first of hers" not in left
    assert b"quite another one" not in left


async def test_a_change_whose_answer_is_lost_is_asked_again_and_settled(tmp_path: Path) -> None:
    """Dropped after the change for one, before it for the other: both end with the new password, known good."""
    directory = there(amal="the first of hers", badr="the first of his")
    directory.switches.lose, directory.switches.miss = {"amal": 1}, {"badr": 1}
    desk = Desk(tmp_path, directory).begin("userid,was\namal,the first of hers\nbadr,the first of his\n", order())
    summary = await desk.go(QUICK)
    assert (summary.exit, summary.states) == (ExitCode.FINE, {RowState.CHANGED: 2})
    assert handed(desk) == directory.passwords
    asked = [(command.who, command.again) for command in directory.log if isinstance(command, ChangePassword)]
    assert sorted(asked) == [("amal", False), ("amal", True), ("badr", False), ("badr", True)]
    assert directory.effects == {"amal": 2, "badr": 1}


async def test_a_resume_settles_a_change_that_was_left_uncertain(tmp_path: Path) -> None:
    """It says again that the change was sent before, and learns which password is valid."""
    directory = there(amal="the first of hers", badr="the first of his", cyd="the first of cyd")
    directory.switches.lose, directory.switches.miss = {"amal": 1, "cyd": 1}, {"badr": 1}
    rows = "".join(f"{who},{was}\n" for who, was in (("amal", "the first of hers"), ("badr", "the first of his")))
    desk = Desk(tmp_path, directory).begin(f"userid,was\n{rows}cyd,the first of cyd\n", order())
    first = await desk.go(ONCE)
    assert (first.exit, first.states) == (ExitCode.UNCERTAIN, {RowState.UNCERTAIN: 3})
    directory.passwords["cyd"] = Secret("somebody else was faster")
    second = await desk.go(ONCE)
    assert second.states == {RowState.CHANGED: 2, RowState.FAILED: 1}
    assert handed(desk) == {who: directory.passwords[who] for who in ("amal", "badr")}
    [failed] = desk.journal.rows([RowState.FAILED])
    assert (failed.who, failed.reason) == ("cyd", "wrong-password")
    assert failed.text == "neither the present password nor the new one is valid"
