"""Planning: what would change, what is left out, what is blocked, and why."""

import json
from pathlib import Path

import pytest

from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Job, PasswordChoice, Rules, length_for
from keyturn.bulk.planning.passwords import judge_for
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.planning.screening import Fate
from keyturn.core.capabilities import Capabilities, Usual
from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.journal import RowState
from keyturn.core.users import Handle
from tests.bulk.desk import CREATE, RESET, NoBlocklist, job, plan_of, write
from tests.support.memory_directory import ABLE, able


def fates(plan: Plan) -> dict[int, str]:
    """Row number to reason; `change` for rows that would change."""
    return {row.number: row.reason or "change" for row in plan.rows()}


@pytest.mark.proves("RN-1")
def test_every_trap_of_a_sheet_has_its_fate(tmp_path: Path) -> None:
    """Ordinary odd ids change; blanks, repeats, placeholders and hidden letters do not."""
    lines = ["007", "1E5", " padded ", "007", "", "{{userid}}", "a\u200bb", "svc-x", "john doe", "null", "<id>", "me"]
    path = write(tmp_path, "userid,n\n" + "".join(f'"{line}",\n' if line else ",\n" for line in lines) + ',"x"\n')
    plan = plan_of(path, protect=["SVC-*"], account="Me")
    assert list(fates(plan).values()) == [
        "change", "change", "change", "duplicate", "blank", "placeholder", "invisible-character", "protected",
        "change", "placeholder", "placeholder", "own-account", "empty-id",
    ]  # fmt: skip
    assert plan.counts == {"change": 4, "skip": 4, "block": 5}
    assert plan.trimmed == 1
    states = {row.state for row in plan.rows()}
    assert states == {RowState.NOT_TRIED, RowState.SKIPPED, RowState.FAILED}
    hidden = next(group for group in plan.groups if group.reason == "invisible-character")
    assert "U+200B zero width space" in hidden.text


@pytest.mark.proves("AZ-8", "RN-11")
def test_our_own_account_is_left_out_by_every_name_that_it_has(tmp_path: Path) -> None:
    """What it signs in with may be another name than the one that the target then tells."""
    destination = Destination("there", ABLE, "AH000117", login="Amal")
    plan = make_plan(
        read_source(write(tmp_path, "userid\nah000117\namal\nbadr\n")), RESET, [destination], NoBlocklist()
    )
    assert list(fates(plan).values()) == ["own-account", "own-account", "change"]


def test_a_plan_is_the_same_each_time_and_another_one_for_other_rows(tmp_path: Path) -> None:
    """The digest can be confirmed and compared."""
    one = plan_of(write(tmp_path, "userid\na\nb\n"))
    again = plan_of(write(tmp_path, "userid\na\nb\n", "other.csv"))
    other = plan_of(write(tmp_path, "userid\nb\na\n"))
    assert one.digest == again.digest != other.digest
    told = json.loads(json.dumps(one.told()))
    assert told["counts"] == {"change": 2, "skip": 0, "block": 0}


def test_a_column_that_a_flag_names_is_not_told_of_as_ignored(tmp_path: Path) -> None:
    """Only what nobody reads is."""
    path = write(tmp_path, "userid,Start,Now,Note\na,a new pass phrase of mine,the old phrase of mine,x\n")
    assert plan_of(path).source.matched.ignored == ("Start", "Now", "Note")
    assert plan_of(path, job(password="column:Start")).source.matched.ignored == ("Now", "Note")


@pytest.mark.proves("RN-1")
def test_digits_that_a_sheet_has_lost_stop_the_run(tmp_path: Path) -> None:
    """The written form alone is refused; `1E5` is an ordinary id."""
    path = write(tmp_path, "userid\n1E5\n1.23E+11\n" + "4E+12\n" * 7)
    with pytest.raises(SourceError) as caught:
        plan_of(path)
    assert caught.value.code == "KT-IN-007"
    assert "rows 3, 4, 5, 6, 7 ..." in caught.value.where
    with pytest.raises(SourceError, match="1 user id "):
        plan_of(write(tmp_path, 'userid\n"1,2E+15"\n'))


def test_the_target_decides_whether_capitals_make_another_user(tmp_path: Path) -> None:
    """Duplicates are judged as the directory would."""
    path = write(tmp_path, "userid\nAmal\namal\nmu\u0308ller\nm\u00fcller\n")
    assert plan_of(path).change == 3
    assert plan_of(path, capabilities=able(folds_case=True)).change == 2


def test_a_repeat_with_another_password_is_an_error(tmp_path: Path) -> None:
    """The first is kept; the same password again is only a repeat."""
    path = write(tmp_path, "userid,pw\na,one password of mine\na,one password of mine\na,quite another password\n")
    plan = plan_of(path, job(password="column:pw"))
    assert list(fates(plan).values()) == ["change", "duplicate", "duplicate-differs"]


def test_passwords_from_the_file_are_judged_and_never_shown(tmp_path: Path) -> None:
    """Row by row: empty, short, well known, too long for the target."""
    passwords = ["", "brief", "correct horse battery", "a very long pass phrase indeed", "b" * 40, "x\x07" * 10]
    path = write(tmp_path, "userid,pw\n" + "".join(f"u{n},{p}\n" for n, p in enumerate(passwords)))
    plan = plan_of(path, job(password="column:pw"), capabilities=able(longest=32))
    assert list(fates(plan).values()) == [
        "no-password", "too-short", "too-common", "change", "too-long", "unusable-character",
    ]  # fmt: skip
    assert not any(word in str(plan.told()) for word in passwords if word)
    assert plan.warnings[0].code == "KT-IN-022"


@pytest.mark.proves("PW-4", "PW-6")
def test_a_password_from_the_file_may_not_be_made_of_the_names_in_its_row(tmp_path: Path) -> None:
    """Wherever in the row they stand; in another row the same password will do."""
    rows = [
        "e1007,ah,amal.haddad@acme.example,Amal,Haddad,Haddad.Amal.1987",
        "e1008,bo,bo@acme.example,Bo,Berg,acme_acme_acme_7",
        "e1009,cy,cy@works.example,Cy,Cohen,Haddad.Amal.1987",
        "e1010,dora.d,d@works.example,Dora,Dee,dora.d-E1010!!!!",
    ]
    path = write(tmp_path, "userid,username,email,given_name,family_name,pw\n" + "\n".join(rows) + "\n")
    plan = plan_of(path, job("create", password="column:pw"))
    assert list(fates(plan).values()) == ["too-common", "too-common", "change", "too-common"]


def test_the_rules_of_the_target_replace_ours(tmp_path: Path) -> None:
    """`password_rules` decides on length and classes."""
    path = write(tmp_path, "userid,pw\na,abcdefgh\nb,Abcdefg1\nc,Abcdefghi1\n")
    destination = Destination("there", ABLE, rules=Rules(8, 9, classes=3))
    plan = make_plan(read_source(path), job(password="column:pw"), [destination], NoBlocklist())
    assert list(fates(plan).values()) == ["policy", "change", "too-long"]


@pytest.mark.parametrize(
    ("capabilities", "rules", "bounds", "words"),
    [
        (ABLE, None, (15, 128, 0), "there takes 15 to 128 characters, as long as nothing else is known"),
        (able(longest=32), None, (15, 32, 0), "15 to 32 characters"),
        (able(longest=10), None, (10, 10, 0), "10 to 10 characters"),
        (able(usual=Usual(6, 35)), None, (6, 35, 0), "there takes 6 to 35 characters, as is usual for its kind; "),
        (able(longest=32, usual=Usual(8, 32, 3, told=True)), None, (8, 32, 3), "letters, as it says itself; "),
        (able(shortest=8, longest=20, usual=Usual(6, 35)), None, (8, 20, 0), "8 to 20 characters"),
        (able(usual=Usual(6, 35)), Rules(20, 40, 2), (20, 40, 2), "letters, by its password_rules"),
    ],
)
def test_passwords_of_ones_own_are_held_against_what_is_known_of_the_target(
    capabilities: Capabilities, rules: Rules | None, bounds: tuple[int, int, int], words: str
) -> None:
    """Its settings, else what it tells, else what is usual, else ours; the rule is told with where it comes from."""
    judge = judge_for(capabilities, rules, NoBlocklist(), "there")
    assert (judge.policy.shortest, judge.policy.longest, judge.classes) == bounds
    assert words in judge.rule
    assert "password_rules" in judge.rule


def test_short_passwords_that_the_target_takes_are_warned_of_once(tmp_path: Path) -> None:
    """With their number; what is known to attackers is blocked all the same, and so is what it does not take."""
    cells = "a,Spring-24\nb,Summer-24\nc,brief\nd,a very long pass phrase indeed\n"
    path = write(tmp_path, "userid,pw\n" + cells)
    plan = plan_of(path, job(password="column:pw"), capabilities=able(usual=Usual(8, 32, told=True)))
    assert list(fates(plan).values()) == ["change", "change", "too-short", "change"]
    [short] = [warning for warning in plan.warnings if warning.code == "KT-POL-015"]
    assert short.text == "2 users get a password of fewer than 15 characters, which is guessed sooner"
    [blocked] = [group for group in plan.groups if group.fate is Fate.BLOCK]
    assert blocked.text.startswith("there takes 8 to 32 characters, as it says itself")


@pytest.mark.parametrize(
    ("capabilities", "rules", "length"),
    [
        (ABLE, None, 16),
        (able(longest=32), None, 16),
        (able(longest=10), None, 10),
        (able(longest=32, usual=Usual(8, 12, 4)), None, 12),
        (able(usual=Usual(6, 35)), None, 16),
        (able(usual=Usual(6, 35)), Rules(20, 40), 20),
        (able(longest=24), Rules(8, 40), 16),
    ],
)
def test_generated_passwords_are_as_long_as_the_target_takes(
    capabilities: Capabilities, rules: Rules | None, length: int
) -> None:
    """16 characters, unless the target takes fewer or wants more."""
    assert length_for(capabilities, rules) == length


def test_no_password_is_made_that_is_not_safe() -> None:
    """Where nothing safe fits, the run does not begin."""
    with pytest.raises(ConfigError, match="no safe password fits"):
        length_for(able(longest=6), None)


def test_a_short_length_and_a_target_that_makes_passwords_are_warned_of(tmp_path: Path) -> None:
    """Before one says yes."""
    path = write(tmp_path, "userid\n007\n008\n")
    short = plan_of(path, capabilities=able(usual=Usual(8, 12)))
    assert [warning.code for warning in short.warnings] == ["KT-IN-021", "KT-POL-011"]
    made = plan_of(path, job(password="target", email=True))
    assert "KT-RUN-030" in [warning.code for warning in made.warnings]
    assert plan_of(write(tmp_path, "userid\n007\n")).warnings[0].text.startswith("1 id has")


@pytest.mark.parametrize(
    ("order", "capabilities", "words"),
    [
        (job(email=True), able(mails=False), "sends no mail"),
        (job(password="target", email=True), able(generates=False), "does not make one up"),
        (job(password="target"), able(hands_back=False), "neither shows nor mails"),
        (CREATE, able(carries=frozenset()), "does not know CreateUser"),
    ],
)
def test_a_target_that_cannot_do_the_job_is_told_before_any_row(
    tmp_path: Path, order: Job, capabilities: Capabilities, words: str
) -> None:
    """Once, for the whole file."""
    with pytest.raises(ConfigError, match=words):
        plan_of(write(tmp_path, "userid\na\n"), order, capabilities=capabilities)


def test_ids_that_the_target_cannot_have_are_blocked(tmp_path: Path) -> None:
    """Too long, or no number where numbers are wanted."""
    path = write(tmp_path, "userid\nabc\n12\n1234567\n")
    plan = plan_of(path, capabilities=able(handle=Handle.NUMBER, longest_id=4))
    assert list(fates(plan).values()) == ["not-a-number", "change", "id-too-long"]


def test_a_password_column_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    """With the header shown."""
    with pytest.raises(SourceError) as caught:
        plan_of(write(tmp_path, "userid\na\n"), job(password="column:pw"))
    assert caught.value.code == "KT-IN-011"


def test_two_columns_for_one_fact_stop_a_creation_and_not_a_reset(tmp_path: Path) -> None:
    """A reset needs no mail address from the file."""
    path = write(tmp_path, "userid,mail,email,password,Password\na,x,y,p,p\n")
    assert plan_of(path, RESET).change == 1
    with pytest.raises(SourceError) as caught:
        plan_of(path, CREATE)
    assert caught.value.code == "KT-IN-010"
    two_passwords = write(tmp_path, "userid,password,Password,pw\na,p,p,p\n")
    assert plan_of(two_passwords, CREATE).change == 1


def test_many_rows_of_one_kind_are_grouped(tmp_path: Path) -> None:
    """Count and the first five."""
    plan = plan_of(write(tmp_path, "userid\n" + "null\n" * 30))
    [group] = plan.groups
    assert (group.fate, group.count, group.rows) == (Fate.BLOCK, 30, [2, 3, 4, 5, 6])
    assert plan.total == 30


@pytest.mark.parametrize("text", ["all", "column:", "generate:x", ""])
def test_a_source_of_passwords_that_is_not_known_is_refused(text: str) -> None:
    """With what is known."""
    with pytest.raises(ConfigError) as caught:
        PasswordChoice.parse(text)
    assert caught.value.code == "KT-CFG-030"
