"""One password for all: judged before anything is sent, kept for a resume, in nothing that is left."""

from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.bulk.job import Job, Operation, PasswordChoice, column_of
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.same import SAME, opened, sealed
from keyturn.bulk.running.shares import Speed
from keyturn.core.capabilities import Usual
from keyturn.core.errors import ConfigError, KeyFolderError
from keyturn.core.journal import RowState
from keyturn.core.secret import Secret
from keyturn.crypto.runkeys import RunKeys
from tests.bulk.desk import RESET, Desk, crowd, plan_of, users, write
from tests.support.memory_directory import able

ONE = "seven yellow taxis in the rain"


def same(operation: str = "reset", value: str = ONE) -> Job:
    """An order with one password for all."""
    return Job(Operation(operation), PasswordChoice.parse("same", Secret(value)))


@pytest.mark.parametrize("operation", ["reset", "create"])
async def test_everybody_gets_the_one_password_and_nothing_is_handed_out(tmp_path: Path, operation: str) -> None:
    """Whoever typed it knows it."""
    directory = crowd(3 if operation == "reset" else 0)
    desk = Desk(tmp_path, directory).begin(users(3), same(operation))
    summary = await desk.go(Speed(jobs=2))
    assert (summary.exit, summary.handouts, summary.done) == (ExitCode.FINE, (), 3)
    assert list(directory.passwords.values()) == [Secret(ONE)] * 3
    assert desk.folder is not None
    assert all(ONE.encode() not in path.read_bytes() for path in desk.folder.path.rglob("*") if path.is_file())


def test_the_plan_warns_of_it_and_never_shows_it(tmp_path: Path) -> None:
    """The digest is the same whatever the password is."""
    plan = plan_of(write(tmp_path, users(2)), same())
    assert [caution.code for caution in plan.warnings] == ["KT-POL-012"]
    assert plan.told()["password"] == "same"
    assert ONE not in f"{plan}{plan.told()}"
    assert plan.digest == plan_of(write(tmp_path, users(2)), same(value=ONE[::-1])).digest


@pytest.mark.parametrize(
    ("value", "why"), [("brief", "there takes 15 to 128 characters"), ("correct horse battery", "try first")]
)
def test_a_password_that_the_target_would_refuse_stops_before_anything(tmp_path: Path, value: str, why: str) -> None:
    """Once for all, and not row by row."""
    with pytest.raises(ConfigError) as caught:
        plan_of(write(tmp_path, users(2)), same(value=value))
    assert caught.value.code == "KT-POL-013"
    assert why in caught.value.why
    assert caught.value.fix == "choose another one; [targets.there.password_rules] says what there takes"
    assert value not in f"{caught.value}{caught.value.why}"


def test_a_short_one_that_the_target_takes_is_warned_of(tmp_path: Path) -> None:
    """Once, with how many get it."""
    plan = plan_of(write(tmp_path, users(1)), same(value="Autumn+27"), capabilities=able(usual=Usual(6, 35)))
    assert [caution.code for caution in plan.warnings] == ["KT-POL-012", "KT-POL-015"]
    assert plan.warnings[1].text.startswith("1 user gets a password of fewer than 15 characters")


def test_nobody_gets_their_own_name_as_the_password(tmp_path: Path) -> None:
    """That row alone is blocked."""
    plan = plan_of(write(tmp_path, f"userid\na\n{ONE.upper()}\n"), same())
    assert [row.reason for row in plan.rows()] == ["", "too-common"]
    rows = "userid,email,given_name,family_name\na,amal.h@acme.example,Amal,Haddad\nb,b@acme.example,Bo,Haddad\n"
    plan = plan_of(write(tmp_path, rows), same(value="Haddad-Amal-1987!"))
    assert [(row.who, row.reason) for row in plan.rows()] == [("a", "too-common"), ("b", "")]


def test_it_opens_with_the_key_of_its_run_alone() -> None:
    """Sealed as a fact; an order without one has no such fact."""
    keys, order = RunKeys(b"k" * 32), same()
    facts = sealed(order, keys)
    assert ONE.encode().hex() not in facts[SAME]
    asked = replace(order, password=PasswordChoice.parse("same"))
    assert opened(asked, facts, keys).password.value == Secret(ONE)
    with pytest.raises(KeyFolderError):
        opened(asked, facts, RunKeys(b"q" * 32))
    assert sealed(RESET, keys) == {}
    assert opened(RESET, {}, keys) is RESET


async def test_rows_that_are_left_get_the_same_one_later(tmp_path: Path) -> None:
    """A lost answer is repeated with it, too."""
    directory = crowd(2)
    directory.switches.lose = {"user000000": 1}
    desk = Desk(tmp_path, directory).begin(users(2), same())
    first = await desk.go(Speed(jobs=1, retries=0))
    assert first.states == {RowState.UNCERTAIN: 1, RowState.CHANGED: 1}
    second = await desk.go(Speed(jobs=1))
    assert second.states == {RowState.CHANGED: 2}
    assert directory.passwords["user000000"] == Secret(ONE)


def test_what_is_not_understood_is_not_repeated() -> None:
    """Somebody may have typed a password there."""
    for text in ("hunter2hunter2", "same:hunter2hunter2", "column:", "generate:16"):
        with pytest.raises(ConfigError, match="not understood") as caught:
            PasswordChoice.parse(text)
        assert "hunter2" not in f"{caught.value}{caught.value.fix}{caught.value.where}"
    with pytest.raises(ConfigError, match="--old-password"):
        column_of("hunter2hunter2", "--old-password")
    assert (column_of("", "--x"), column_of("column:a:b", "--x")) == ("", "a:b")


def test_a_pinned_order_comes_back_whole(tmp_path: Path) -> None:
    """From its facts, the one password aside."""
    facts = Facts({"operation": "reset", "password": "same", "email": "no", "rendering": "runner-1:16", "old": "was"})
    assert facts.job == replace(same(), old="was")
    assert facts.job.password.value is None
    assert plan_of(write(tmp_path, users(1)), same(), capabilities=able(longest=40)).change == 1
