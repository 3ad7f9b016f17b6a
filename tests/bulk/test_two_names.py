"""One user under two names: protected users, our own account and repeats are known by either, or nothing is sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Job
from keyturn.bulk.planning.names import MOST, other_id
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.running.naming import ask_names, doubts, unasked
from keyturn.bulk.running.pacing import Pace
from keyturn.core.capabilities import Capabilities
from keyturn.core.users import Handle, User
from tests.bulk.desk import CREATE, RESET, NoBlocklist, job, write
from tests.support.memory_directory import MemoryDirectory, able

NUMBERED = able(handle=Handle.LOGIN, also=Handle.NUMBER)
NAMED = able(handle=Handle.LOGIN, also=Handle.UID)
JOBS = 4


class TwoNamed(MemoryDirectory):
    """Knows users by sign-in name, number and GUID, the sign-in name first.  asked: for whom; mute: it fails for them;
    most_asked: questions at once."""

    def __init__(self, *logins: str, can: Capabilities = NUMBERED, mute: Sequence[str] = ()) -> None:
        super().__init__(logins, can)
        for number, login in enumerate(logins, start=1):
            self.users[login] = replace(self.users[login], number=number, uid=guid(number))
        self.asked: list[str] = []
        self.mute = mute
        self.asking = self.most_asked = 0

    async def find(self, who: str) -> User | None:
        """The user."""
        self.asked.append(who)
        self.asking += 1
        self.most_asked = max(self.most_asked, self.asking)
        await asyncio.sleep(0)
        self.asking -= 1
        self.switches.blind = who in self.mute
        found = await super().find(who)
        others = (user for user in self.users.values() if who in (str(user.number), user.uid))
        return found or next(others, None)


def guid(number: int) -> str:
    """The GUID of the user of this number."""
    return str(UUID(int=number + 0xABC00))


def asked(
    tmp: Path,
    there: TwoNamed,
    whos: Sequence[str],
    *,
    protect: Sequence[str] = (),
    account: str = "",
    login: str = "",
    order: Job = RESET,
    text: str = "",
) -> Plan:
    """The plan of a file, after the directory was asked for what was open."""
    source = read_source(write(tmp, text or "\n".join(["userid", *whos, ""])))
    where = Destination("there", there.capabilities, account, protect, login=login)
    plan = make_plan(source, order, [where], NoBlocklist())
    for doubt in doubts(plan).values():
        names = asyncio.run(ask_names(there, doubt, JOBS, Pace(SystemClock())))
        plan = make_plan(source, order, [replace(where, names=names)], NoBlocklist())
    return plan


def fates(plan: Plan) -> list[str]:
    """The reason of each row; empty for rows that would be sent."""
    return [row.reason for row in plan.rows()]


def texts(plan: Plan) -> list[str]:
    """What is said of each row."""
    return [row.text for row in plan.rows()]


def test_what_can_be_a_number_or_a_guid_is_told_by_its_letters() -> None:
    assert [other_id(who, Handle.NUMBER) for who in ("0", "17", "017", "1a", "-1")] == ["0", "17", "", "", ""]
    upper = guid(1).upper()
    assert [other_id(who, Handle.UID) for who in (upper, "amal", "x" * 36, "17")] == [guid(1), "", "", ""]
    assert other_id("17", None) == ""


def test_a_protected_user_is_left_out_under_the_other_name(tmp_path: Path) -> None:
    """By name in the settings and by number in the file, and the other way round; no row had to be looked up."""
    there = TwoNamed("amal", "bo", "cyd")
    plan = asked(tmp_path, there, ["1", "2"], protect=["bo"])
    assert fates(plan) == ["", "protected"]
    assert texts(plan)[1] == "the target protects bo, which is 2"
    assert there.asked == ["bo"]
    assert fates(asked(tmp_path, there, ["amal", "bo"], protect=["2"])) == ["", "protected"]
    guids = TwoNamed("amal", "bo", can=NAMED)
    assert fates(asked(tmp_path, guids, [guid(1), guid(2).upper()], protect=["bo"])) == ["", "protected"]
    assert fates(asked(tmp_path, guids, ["amal", "bo"], protect=[guid(2)])) == ["", "protected"]


def test_a_pattern_protects_whoever_has_such_a_sign_in_name(tmp_path: Path) -> None:
    """Then each number is looked up, a few at a time; so it is where nobody knows who a protected name is."""
    there = TwoNamed("svc-a", "bo", *(f"u{number}" for number in range(30)))
    plan = asked(tmp_path, there, [str(number) for number in range(1, 33)], protect=["svc-*"])
    assert fates(plan) == ["protected"] + [""] * 31
    assert texts(plan)[0] == "the target protects svc-*; 1 is svc-a"
    assert there.most_asked == JOBS
    assert fates(asked(tmp_path, there, ["2"], protect=["BO"])) == ["protected"]
    assert fates(asked(tmp_path, there, ["2", "99"], protect=["nobody"])) == ["", ""]


def test_our_own_account_is_left_out_under_the_other_name(tmp_path: Path) -> None:
    """Also where its name is written in other letters; the id of a key is nobody's name and costs one question."""
    there = TwoNamed("admin", "bo", can=NAMED)
    plan = asked(tmp_path, there, [guid(1), guid(2)], account="admin", login="admin")
    assert fates(plan) == ["own-account", ""]
    assert "under its other name" in texts(plan)[0]
    assert fates(asked(tmp_path, there, [guid(1), guid(2)], account="key", login="Admin")) == ["own-account", ""]
    there.asked.clear()
    assert fates(asked(tmp_path, there, [guid(1)], account="key")) == [""]
    assert there.asked == ["key"]


def test_one_user_under_two_names_is_changed_once(tmp_path: Path) -> None:
    """Whichever comes first is kept, and the plan names both."""
    there = TwoNamed("amal", "bo")
    plan = asked(tmp_path, there, ["amal", "1", "2", "bo", "2", "99"])
    assert fates(plan) == ["", "two-names", "", "two-names", "duplicate", ""]
    assert texts(plan)[1] == "1 is the same user as amal of row 2, which is kept"
    assert texts(plan)[3] == "bo is the same user as 2 of row 4, which is kept"
    assert sorted(there.asked) == ["1", "2", "99"]
    guids = TwoNamed("amal", can=NAMED)
    assert fates(asked(tmp_path, guids, ["amal", guid(1).upper(), "bo"])) == ["", "two-names", ""]
    assert fates(asked(tmp_path, guids, [guid(1).upper(), guid(1)])) == ["", "duplicate"]
    assert guids.asked == [guid(1)]


def test_two_passwords_for_one_user_under_two_names_are_an_error(tmp_path: Path) -> None:
    text = "userid,pw\namal,one password of mine\n1,quite another password\n"
    plan = asked(tmp_path, TwoNamed("amal"), [], order=job(password="column:pw"), text=text)
    assert fates(plan) == ["", "duplicate-differs"]
    assert texts(plan)[1] == "row 2, amal, is the same user with another password"


def test_a_sign_in_name_that_several_have_takes_no_number_for_another(tmp_path: Path) -> None:
    """As where an administrator sees several tenants: the numbers stay two users."""
    there = TwoNamed("amal", "bo")
    there.users["bo"] = replace(there.users["bo"], login="amal")
    assert fates(asked(tmp_path, there, ["1", "2", "amal", "1"])) == ["", "", "", "duplicate"]


def test_what_the_target_does_not_answer_blocks_the_rows_that_it_matters_for(tmp_path: Path) -> None:
    """And never those of which nothing is open."""
    there = TwoNamed("amal", "bo", "cyd", mute=["2"])
    plan = asked(tmp_path, there, ["amal", "1", "2", "cyd"])
    assert fates(plan) == ["", "two-names", "not-looked-up", ""]
    assert texts(plan)[2].endswith("or the user of another row: nobody answers")
    assert fates(asked(tmp_path, there, ["amal", "cyd"], protect=["2"])) == ["not-looked-up"] * 2
    there.mute = ["bo", "2"]
    assert fates(asked(tmp_path, there, ["1", "2"], protect=["bo"])) == ["", "not-looked-up"]
    there.mute = ["key"]
    assert fates(asked(tmp_path, there, ["1", "2"], account="key")) == ["", ""]
    assert there.asked[-2:] == ["1", "2"]


def test_more_ids_than_can_be_looked_up_are_blocked_with_a_way_out(tmp_path: Path) -> None:
    """Numbers beside names; a file of numbers alone needs no look and stays whole."""
    there = TwoNamed("amal")
    numbers = [str(number) for number in range(1, MOST + 3)]
    plan = asked(tmp_path, there, ["amal", *numbers])
    assert fates(plan) == [""] + ["too-many-ids"] * (MOST + 2)
    assert texts(plan)[1].endswith("write all ids of this target in one way, as sign-in names")
    assert there.asked == []
    assert asked(tmp_path, there, numbers).change == MOST + 2
    assert asked(tmp_path, there, ["amal", *numbers[2:]]).change == MOST + 1


@pytest.mark.parametrize("can", [NUMBERED, NAMED, able()])
def test_nothing_is_asked_where_nothing_is_open(tmp_path: Path, can: Capabilities) -> None:
    """Names alone, new users, and targets that know one name."""
    there = TwoNamed("amal", can=can)
    asked(tmp_path, there, ["amal", "bo", "{{id}}"], protect=["bo", "svc-*"], account="key")
    asked(tmp_path, there, ["amal", "2", guid(2)], order=CREATE)
    assert there.asked == []


def test_rows_of_other_targets_leave_nothing_open(tmp_path: Path) -> None:
    text = "target,userid\nthere,amal\nelsewhere,7\nthere,\n,\n"
    there = TwoNamed("amal")
    assert fates(asked(tmp_path, there, [], text=text)) == ["", "unknown-target", "empty-id", "blank"]
    assert there.asked == []


def test_a_target_that_cannot_be_asked_gets_no_row_that_it_matters_for(tmp_path: Path) -> None:
    """Its ids are blocked; so are its sign-in names where a protected user is known by the other name alone."""
    source = read_source(write(tmp_path, "userid\namal\n7\n"))
    for protect, reasons in (((), ["", "not-looked-up"]), (("8",), ["not-looked-up", "not-looked-up"])):
        where = Destination("there", NUMBERED, "key", protect)
        doubt = doubts(make_plan(source, RESET, [where], NoBlocklist()))["there"]
        names = unasked(doubt, "nobody answers")
        plan = make_plan(source, RESET, [replace(where, names=names)], NoBlocklist())
        assert fates(plan) == reasons
