"""One file over several targets: each row to its own, and what stops one target stops no other."""

import json

import pytest

from keyturn.core.journal import RowState
from tests.cli.runs_kit import Typing, typing
from tests.cli.test_runs_resume import ask
from tests.cli.towns_kit import NOWHERE, Towns, towns

__all__ = ["towns", "typing"]

QUICK = ("--no-input", "--retries", "0", "--timeout", "5")


def test_each_row_goes_to_its_own_target_and_is_told_with_it(towns: Towns) -> None:
    """The same user on two targets is two users, twice on one a duplicate; each target protects its own."""
    towns.configure(south='protect = ["adm*"]', west="production = true\nrate = '50/s'")
    file = towns.rows("north,amal", "south,amal", "north,amal", "south,Admin", "north,Admin", "west,bo", ",", "north,")
    shown = towns.call("plan", "reset", file)
    assert "Plan for reset on 3 targets" in shown.stdout
    assert "west  (mas, " in shown.stdout
    assert "PRODUCTION" in shown.stdout
    assert "at most 50/s" in shown.stdout
    assert f"keyturn reset {file}\n" in shown.stderr
    [plan] = towns.lines("plan", "reset", file, "--json")
    assert plan["counts"] == {"change": 4, "skip": 3, "block": 1}
    assert plan["targets"][0] == {"target": "north", "change": 2, "skip": 1, "block": 1}
    done = towns.call("reset", file, "--expect", "4", "--no-input", code=3)
    assert "4 changed, 1 failed, 3 skipped" in done.stdout
    assert "  south          1 changed, 1 skipped\n" in done.stdout
    assert "  no target      1 skipped\n" in done.stdout
    passwords = {name: set(server.passwords) for name, server in towns.towns.items()}
    assert passwords == {"north": {"amal", "Admin"}, "south": {"amal"}, "west": {"bo"}}
    assert [(row["target"], row["outcome"]) for row in towns.report()[:3]] == [
        ("north", "changed"), ("south", "changed"), ("north", "skipped"),
    ]  # fmt: skip
    assert "<th>target" in (towns.run_folder() / "report.html").read_text()
    handed = {
        (line["target"], line["user"]): line["password"] for line in towns.lines("handout", "open", run_of(towns))
    }
    assert handed == {
        (name, who): values[-1] for name, server in towns.towns.items() for who, values in server.passwords.items()
    }
    assert "~       2  north  amal  changed" in towns.call("runs", "rows").stdout
    assert len(towns.call("runs", "rows", "-t", "south").stdout.splitlines()) == 2
    assert "-       8  -    skipped  none  the row is blank" in towns.call("runs", "rows", "-t", "").stdout
    assert json.loads(towns.call("runs", "list", "--json").stdout)[0]["target"] == "north, south, west"


def run_of(towns: Towns) -> str:
    """The id of the only run."""
    return towns.run_folder().name


def test_a_row_that_names_no_target_is_blocked_by_name_unless_one_stands_in(towns: Towns) -> None:
    """`-t` stands for empty cells alone, and the file to mend says where its rows would have gone."""
    towns.server.unknown = {"bo"}
    file = towns.rows("north,amal", ",bo", "North,cyd", "nowhere,dara", " south ,elis")
    shown = towns.call("plan", "reset", file).stdout
    assert "to no target" in shown
    assert "blocked: there is no target 'North'   row 4" in shown
    assert "blocked: the cell of the target is empty, and no -t stands in for it   row 3" in shown
    assert "keyturn reset" in towns.call("plan", "reset", file, "-t", "north").stderr
    towns.call("reset", file, "-t", "north", "--expect", "3", "--no-input", code=3)
    assert set(towns.server.passwords) == {"amal"}
    assert set(towns.towns["south"].passwords) == {"elis"}
    assert (towns.run_folder() / "retry.csv").read_text("utf-8-sig").splitlines() == [
        "target,userid,keyturn_reason",
        "north,bo,failed: no such user",
        "North,cyd,failed: there is no target 'North'",
        "nowhere,dara,failed: there is no target 'nowhere'",
    ]
    assert "there is no target" in towns.call("reset", file, "-t", "elsewhere", code=2).stderr


def test_a_file_in_which_no_cell_names_a_target_is_refused(towns: Towns) -> None:
    """With what is there and what could be."""
    done = towns.call("reset", towns.rows("sales,amal", ",bo"), "--yes", code=5)
    assert "error[KT-IN-016]: no row of users.csv names a target" in done.stderr
    assert 'column "target":  sales' in done.stderr
    assert "north, south, west" in done.stderr
    towns.call("reset", towns.rows(), "--yes", code=5)
    two = towns.file("target,Target,userid\nnorth,south,amal\n")
    assert "could be the target" in towns.call("reset", two, "--yes", code=5).stderr
    towns.call("reset", two, "--yes", "--map", "target=Target")
    assert set(towns.towns["south"].passwords) == {"amal"}


def test_a_target_that_is_not_there_leaves_its_rows_for_later_and_the_others_go_on(towns: Towns) -> None:
    """Exit 6, for the run and for a resume that finds it no better.  At another address it is another target, which
    gets no secret before somebody says so."""
    towns.configure(south=f'url = "{NOWHERE}"')
    file = towns.many(10)
    shown = towns.call("plan", "reset", file)
    assert "not there" in shown.stdout
    assert "its 10 rows will stay not tried" in shown.stderr
    [plan] = towns.lines("plan", "reset", file, "--json")
    assert [(each["target"], each["code"]) for each in plan["not_there"]] == [("south", "KT-NET-001")]
    done = towns.call("reset", file, "--expect", "30", *QUICK, code=6)
    assert "error[KT-NET-001]: south cannot be reached" in done.stderr
    assert done.stderr.rstrip().endswith("20 of 30 users are done, 10 were not tried. Nothing is uncertain.")
    assert {row["target"] for row in towns.report() if row["outcome"] == "not tried"} == {"south"}
    still = towns.call("resume", *QUICK, code=6)
    assert "south cannot be reached" in still.stderr
    towns.configure()
    assert "KT-CFG-016" in towns.call("resume", *QUICK, code=2).stderr
    towns.call("target", "bind", "south", "--yes")
    assert "south: the address of the target" in towns.call("resume", *QUICK, code=8).stderr


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(401, 4, "KT-AUTH-001]: south refused our sign-in"), (503, 6, "KT-NET-001]: south cannot be reached")],
)
def test_a_target_that_does_not_let_us_in_is_left_alone_until_it_is_mended(
    towns: Towns, status: int, code: int, words: str
) -> None:
    """At planning: not one password is sent there.  Then a resume to the end."""
    south = towns.towns["south"]
    south.greeting = status
    done = towns.call("reset", towns.many(10), "--expect", "30", *QUICK, code=code)
    assert f"error[{words}" in done.stderr
    assert south.requests == 0
    south.greeting = 200
    assert "30 changed" in towns.call("resume", *QUICK).stdout
    assert all(len(values) == 1 for each in towns.towns.values() for values in each.passwords.values())
    assert towns.call("resume", *QUICK).stdout.startswith("30 changed")


def test_targets_that_stop_under_way_stop_alone_and_the_lowest_code_is_told(towns: Towns) -> None:
    """A refused sign-in on one, too many failures on another: the third comes to its end."""
    towns.towns["west"].signed_out = True
    towns.server.unknown = {f"u{number:03}" for number in range(60)}
    flags = ("--expect", "180", "--max-failures", "3", "-j", "2", *QUICK)
    events = towns.lines("reset", towns.many(60), "--output", "jsonl", *flags, code=4)
    [summary] = [event for event in events if event["type"] == "summary"]
    assert [(stop["target"], stop["cause"]) for stop in summary["stops"]] == [
        ("west", "not-signed-in"), ("north", "failures"),
    ]  # fmt: skip
    by_target = {each["target"]: each["outcomes"] for each in summary["targets"]}
    assert by_target["south"]["changed"] == 60
    assert by_target["north"]["failed"] < 10
    assert {event["target"] for event in events if event["type"] == "stop"} == {"west", "north"}
    assert {event["target"] for event in events if event["type"] == "row"} == {"north", "south"}
    told = towns.call("resume", "--max-failures", "1", *QUICK, code=4).stderr
    assert "too many rows are failing on north, so keyturn stopped there" in told


def test_if_no_target_answers_nothing_begins(towns: Towns) -> None:
    """As with one."""
    towns.configure(**dict.fromkeys(towns.towns, f'url = "{NOWHERE}"'))
    towns.call("reset", towns.many(1), "--yes", *QUICK, code=6)
    assert not (towns.home / "state" / "runs").exists()


def test_one_secret_from_standard_input_is_not_that_of_several_targets(towns: Towns) -> None:
    """Each has one of its own."""
    done = towns.call("reset", towns.many(1), "--yes", "--token-stdin", typed="x\n", code=2)
    assert "cannot be that of several targets" in done.stderr


def test_the_names_of_targets_in_production_are_typed(
    towns: Towns, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the number of all users."""
    towns.configure(north="production = true", west="production = true")
    for name, value in towns.environment.items():
        monkeypatch.setenv(name, value)
    typing("north west 6\n")
    assert ask(towns, "reset", towns.many(2)) == 0


def test_what_changed_on_one_target_is_named_with_it(towns: Towns, typing: Typing) -> None:
    """In words."""
    towns.towns["south"].signed_out = True
    towns.configure(south="password_rules = { shortest = 16, longest = 20 }")
    towns.call("reset", towns.many(3), "--expect", "9", *QUICK, code=4)
    towns.configure(south="password_rules = { shortest = 8, longest = 30, classes = 3 }")
    told = towns.call("resume", *QUICK, code=8).stderr
    assert (
        "south: the rules for passwords: 16 to 20 characters then, "
        "8 to 30 characters, 3 of the four kinds of letters now" in told
    )


def test_a_warning_about_some_targets_names_them(towns: Towns) -> None:
    """What is true of all is said once."""
    towns.configure(south="password_rules = { shortest = 8, longest = 12 }", head="[runs]\nconfirm_above = 0")
    shown = towns.call("plan", "reset", towns.many(1))
    assert "south: passwords have 12 characters" in shown.stderr
    assert "12 or 16 characters" in shown.stdout
    towns.call("reset", towns.many(1), "--expect", "3", "--no-input")
    lengths = {name: len(values[0]) for name, each in towns.towns.items() for values in each.passwords.values()}
    assert lengths == {"north": 16, "south": 12, "west": 16}
    assert {row["outcome"] for row in towns.report()} == {str(RowState.CHANGED)}


def test_passwords_of_the_file_go_to_every_target(towns: Towns) -> None:
    """Nothing is said of a length, and nothing is handed out."""
    file = towns.file("target,userid,pw\nnorth,amal,a phrase that is long\nsouth,bo,another that is long\n")
    flags = ("--password", "column:pw")
    assert "characters" not in towns.call("plan", "reset", file, *flags).stdout
    towns.call("reset", file, *flags, "--yes")
    assert towns.towns["south"].passwords == {"bo": ["another that is long"]}
    assert not list(towns.run_folder().glob("handout-*"))
