"""plan, reset and create from the command line."""

import base64
import json
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from keyturn.core.errors import PlanError
from tests.cli.runs_kit import Place, Terminal, place
from tests.support.password_server import TOKEN

__all__ = ["place"]

TRAPS = "userid;name\n007;James\n1E5;E\n007;again\n;nobody\n;\nmüller;M\njohn doe;J\n"


@pytest.mark.proves("RN-11")
def test_a_plan_shows_everything_and_sends_one_read(place: Place) -> None:
    """What, where, which rows, how fast; nothing changes."""
    shown = place.call("plan", "reset", place.file(TRAPS), "-t", "there", "--email")
    for words in ("Plan for reset on there", "userid -> id", "ignored: name", "4  set a new password", "row 4"):
        assert words in shown.stdout
    assert "warning[KT-IN-021]: 2 ids have leading zeros (007 ...). They are kept." in shown.stderr
    assert "nothing has been changed." in shown.stderr
    assert "keyturn reset" in shown.stderr
    assert place.server.requests == 0


def test_a_plan_as_json_has_the_counts(place: Place) -> None:
    """For scripts, without a request."""
    place.server.signed_out = True
    [plan] = place.lines("plan", "create", place.file(TRAPS), "-t", "there", "--offline", "--json")
    assert plan["counts"] == {"change": 4, "skip": 2, "block": 1}


def test_a_plan_says_the_whole_command_that_does_it(place: Place) -> None:
    """Every flag that was given, and none that is about planning alone."""
    file = place.file("EmpNo;name\n007;James\n")
    flags = ("--map", "id=EmpNo", "--map", "display_name=name", "--delimiter", ";", "--email")
    shown = place.call("plan", "create", file, "-t", "there", *flags, "--offline", "--color", "never")
    told = shown.stderr.partition("To run it:")[2].strip()
    assert told == (f"keyturn create {file} -t there --map id=EmpNo --map display_name=name --delimiter ';' --email")


def test_a_plan_fits_a_terminal_of_80_columns(place: Place) -> None:
    """Many columns are put on several lines."""
    head = "userid,username,displayName,givenName,familyName,primaryEmail\n"
    shown = place.call("plan", "create", place.file(head + "a,b,c,d,e,f@example.com\n"), "-t", "there").stdout
    columns = shown.partition("columns")[2].partition("password")[0].splitlines()
    assert len([line for line in columns if "->" in line]) == 3
    assert max(map(len, columns)) <= 80


def test_an_empty_plan_says_so(place: Place) -> None:
    """Nobody would change."""
    assert "no user would change" in place.call("plan", "reset", place.file("userid\n"), "-t", "there").stdout


def test_a_reset_arrives_as_the_cells_stand_and_the_handout_opens(place: Place) -> None:
    """Green only for rows known good; the blocked row makes it exit 3."""
    done = place.call("reset", place.file(TRAPS), "-t", "there", "--yes", code=3)
    assert set(place.server.passwords) == {"007", "1E5", "müller", "john doe"}
    assert "4 changed, 1 failed, 2 skipped" in done.stdout
    assert "1 empty id" in done.stdout
    assert "this machine can open the handout" in done.stderr
    folder = place.run_folder()
    [handout] = folder.glob("handout-*.age")
    lines = place.lines("handout", "open", str(handout))
    assert lines == place.lines("handout", "open", folder.name)
    sheet = place.call("handout", "open", folder.name, "--format", "csv").stdout.splitlines()
    assert sheet == ["row,target,user,password,state", *(",".join(map(str, line.values())) for line in lines)]
    assert "4 in the handout" in done.stdout
    assert f"keyturn handout open {folder.name} --to-terminal" in done.stderr
    assert {line["user"]: [line["password"]] for line in lines} == place.server.passwords
    assert (folder / "retry.csv").read_text("utf-8-sig").splitlines()[0] == "userid;name;keyturn_reason"
    for artefact in ("report.html", "report.csv", "report.jsonl", "retry.csv"):
        assert (folder / artefact).stat().st_mode & 0o077 == 0


@pytest.mark.proves("RN-14", "LG-4")
def test_no_password_and_no_token_is_in_anything_that_is_left(place: Place) -> None:
    """Journal, WAL, reports, retry file, sealed handout."""
    place.call("reset", place.file(TRAPS), "-t", "there", "--yes", code=3)
    left = place.everything()
    assert TOKEN.encode() not in left
    for values in place.server.passwords.values():
        assert all(value.encode() not in left for value in values)


def test_json_lines_tell_the_run_while_it_goes(place: Place) -> None:
    """plan, rows, progress, summary."""
    place.server.unknown = {"b"}
    args = ("reset", place.file("userid\na\nb\n"), "-t", "there", "--no-input", "--expect", "2", "--output", "jsonl")
    events = place.lines(*args, code=3)
    assert events[0]["type"] == "plan"
    assert events[-1]["type"] == "summary"
    assert events[-1]["outcomes"]["changed"] == 1
    rows = {event["user"]: event for event in events if event["type"] == "row"}
    assert {row["attempts"] for row in rows.values()} == {1}
    assert rows["b"]["outcome"] == "failed"
    assert rows["b"]["reason"] == "no-such-user"
    assert len({event["run"] for event in events}) == 1


@pytest.mark.proves("RN-8")
def test_a_refused_sign_in_ends_with_4_and_few_requests(place: Place) -> None:
    """No row is done, and none is failed for it."""
    place.server.signed_out = True
    file = place.file("userid\n" + "".join(f"u{n}\n" for n in range(100)))
    done = place.call("reset", file, "-t", "there", "--no-input", "--expect", "100", "-j", "4", code=4)
    assert place.server.requests <= 5
    assert "error[KT-AUTH-001]: there refused our sign-in" in done.stderr
    assert done.stderr.rstrip().endswith("0 of 100 users are done, 100 were not tried. Nothing is uncertain.")


def test_too_many_failures_end_with_7(place: Place) -> None:
    """With how far it got."""
    place.server.unknown = {f"u{n}" for n in range(100)}
    file = place.file("userid\n" + "".join(f"u{n}\n" for n in range(100)))
    flags = ("--no-input", "--expect", "100", "--max-failures", "3", "-j", "1")
    done = place.call("reset", file, "-t", "there", *flags, code=7)
    assert "3 rows failed (limit 3)" in done.stderr


def test_a_lost_answer_is_repeated_with_the_same_password(place: Place) -> None:
    """And ends changed; patience that the server asks for slows and fails nothing."""
    place.server.lose = {"a", "b"}
    place.server.slow = 1
    place.call("reset", place.file("userid\na\nb\n"), "-t", "there", "--yes", "--rate", "50/s")
    assert all(len(values) == 2 and len(set(values)) == 1 for values in place.server.passwords.values())


@pytest.mark.proves("RN-11")
def test_a_wrong_expectation_sends_nothing(place: Place) -> None:
    """Tonight's file is not last night's."""
    done = place.call("reset", place.file("userid\na\n"), "-t", "there", "--expect", "2", "--no-input", code=8)
    assert "the plan changes 1 users, --expect says 2" in done.stderr
    assert place.server.requests == 0


@pytest.mark.proves("RN-11")
def test_without_an_answer_nothing_is_sent(place: Place) -> None:
    """Exit 8, and the flag that answers is named."""
    done = place.call("reset", place.file("userid\na\n"), "-t", "there", "--no-input", code=8)
    assert "--expect 1" in done.stderr
    assert place.server.requests == 0


@pytest.mark.proves("RN-11")
def test_yes_is_not_enough_in_production(place: Place) -> None:
    """Name and count are typed, or expected."""
    place.configure("production = true")
    place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes", code=8)
    shown = place.call("plan", "reset", place.file("userid\na\n"), "-t", "there").stdout
    assert "PRODUCTION" in shown


def test_a_run_of_nobody_asks_nothing(place: Place) -> None:
    """There is nothing to confirm."""
    place.call("reset", place.file("userid\n\n"), "-t", "there", "--no-input")


@pytest.mark.proves("RN-11", "AZ-8")
def test_protected_users_are_left_out_unless_one_insists(place: Place) -> None:
    """By pattern, whatever the capitals."""
    place.configure('protect = ["adm*"]')
    file = place.file("userid\nAdmin\namal\n")
    place.call("reset", file, "-t", "there", "--yes")
    assert set(place.server.passwords) == {"amal"}
    place.call("reset", file, "-t", "there", "--yes", "--include-protected")
    assert set(place.server.passwords) == {"amal", "Admin"}


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--map", "shoe"], 2, "--map shoe is not FIELD=COLUMN"),
        (["--map", "id=nobody"], 5, "has no column nobody"),
        (["--delimiter", "xx"], 2, "is not one character"),
        (["--handout", "letters"], 2, "--handout letters is not understood"),
        (["--handout", "age:@/nowhere"], 2, "the file of recipients cannot be read"),
        (["--handout", "age:age1nobody"], 2, "is not an age recipient"),
        (["-t", "elsewhere"], 2, "there is no target"),
        (["--rate", "fast"], 2, "is not a rate"),
        (["--max-failures", "many"], 2, "is not a limit"),
    ],
)
def test_wrong_flags_are_named_and_nothing_is_sent(place: Place, flags: list[str], code: int, words: str) -> None:
    """With what would be right."""
    done = place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes", *flags, code=code)
    assert words in done.stderr
    assert place.server.requests == 0


def test_flags_choose_columns_delimiter_and_recipients(place: Place, tmp_path: Path) -> None:
    """A file of keys, a mapped id, a named delimiter."""
    place.call("reset", place.file("userid\nseed\n"), "-t", "there", "--yes")
    identity = place.home / "keys" / "handout-identity.txt"
    recipient = identity.read_text().splitlines()[0].removeprefix("# public key: ")
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# operations\n{recipient}\n\n")
    file = place.file("nr^who\n1^amal\n", "odd.csv")
    flags = ("--map", "id=who", "--delimiter", "^", "--handout", f"age:@{keys}", "--name", "Q3")
    done = place.call("reset", file, "-t", "there", "--yes", *flags)
    assert "amal" in place.server.passwords
    assert "this machine can open" not in done.stderr
    place.call("reset", file, "-t", "there", "--yes", *flags[:4], "--handout", f"age:{recipient}")
    assert "Q3" in place.call("runs", "list").stdout


def test_reports_go_where_they_are_wanted(place: Place, tmp_path: Path) -> None:
    """And only those that are."""
    flags = ("--report", "csv", "--report-dir", str(tmp_path / "out"))
    place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes", *flags)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.csv"]
    place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes", "--report", "pdf", code=2)


def test_a_secret_comes_in_through_standard_input(place: Place) -> None:
    """And is used in place of the configured one."""
    file = place.file("userid\na\n")
    place.call("reset", file, "-t", "there", "--expect", "1", "--token-stdin", typed="another\n", code=4)
    place.call("reset", file, "-t", "there", "--expect", "1", "--new-run", "--token-stdin", typed=f"{TOKEN}\n")


def test_passwords_of_the_file_are_used_when_one_says_so(place: Place) -> None:
    """And the plan warns of the file."""
    file = place.file("userid,start\na,a phrase that is long\n")
    shown = place.call("plan", "reset", file, "-t", "there", "--password", "column:start")
    assert "from the column start; users know it already" in shown.stdout
    assert "KT-IN-022" in shown.stderr
    place.call("reset", file, "-t", "there", "--password", "column:start", "--yes")
    assert place.server.passwords == {"a": ["a phrase that is long"]}
    assert not list(place.run_folder().glob("handout-*"))


def test_a_creation_goes_the_same_way(place: Place) -> None:
    """This small server knows no creation: every row fails with its words."""
    done = place.call("create", place.file("userid\namal\n"), "-t", "there", "--yes", code=3)
    assert "1 failed" in done.stdout


def test_an_answer_that_never_comes_is_told_as_uncertain(place: Place) -> None:
    """Exit 9, and where to look."""
    place.server.lose = {"a"}
    file = place.file("userid\n  a  \nb\n")
    assert "cut off in 1 row" in place.call("plan", "reset", file, "-t", "there").stdout
    done = place.call("reset", file, "-t", "there", "--yes", "--retries", "0", code=9)
    assert "1 uncertain" in done.stdout
    assert "--outcome uncertain" in done.stderr


def test_a_handout_is_not_shown_on_a_screen_by_accident(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants that says so."""
    place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes")
    [handout] = place.run_folder().glob("handout-*.age")
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", Terminal())
    with pytest.raises(PlanError, match="would stand on this screen"):
        cli.main(["handout", "open", str(handout)], standalone_mode=False, obj=Frame())


def test_a_summary_is_one_object(place: Place) -> None:
    """For scripts that do not want lines."""
    [summary] = place.lines("reset", place.file("userid\na\n"), "-t", "there", "--yes", "--json")
    assert summary["outcomes"]["changed"] == 1
    assert summary["deliveries"] == {"handout": 1}
    assert summary["handout"].endswith(".age")


def test_a_way_that_others_can_read_is_warned_of(place: Place) -> None:
    """Each time."""
    (place.home / "config.toml").write_text(
        '[targets.there]\nkind = "mas"\nurl = "http://192.0.2.1"\nallow_plain_http = true\n'
        'token = { env = "THERE_TOKEN" }\n'
    )
    shown = place.call("plan", "reset", place.file("userid\na\n"), "-t", "there", "--offline")
    assert "warning[KT-CFG-015]" in shown.stderr


def test_a_server_that_is_not_there_ends_with_6(place: Place) -> None:
    """Nothing was sent."""
    (place.home / "config.toml").write_text(
        '[targets.there]\nkind = "mas"\nurl = "http://127.0.0.1:9"\ntoken = { env = "THERE_TOKEN" }\n'
    )
    place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes", code=6)
    flags = ("--yes", "--offline", "--retries", "0", "--timeout", "2")
    done = place.call("reset", place.file("userid\na\n"), "-t", "there", *flags, code=6)
    assert "there cannot be reached" in done.stderr


def test_a_sign_in_that_will_not_last_is_warned_of(place: Place) -> None:
    """An access token says when it ends, and nobody can renew it."""
    claims = json.dumps({"sub": "marta", "exp": int(time.time()) + 100}).encode()
    token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"
    environment = {**place.environment, "THERE_TOKEN": token}
    file = place.file("userid\n" + "".join(f"u{n}\n" for n in range(300)) + "marta\n")
    args = ["plan", "reset", file, "-t", "there"]
    place.configure('rate = "1/s"')
    shown = CliRunner(env=environment).invoke(cli, args)
    assert "at most 1/s   about 5 min" in shown.stdout
    assert "the account that is signed in" in shown.stdout
    assert re.search(r"the sign-in is good for (99|100) s", shown.stdout)
    assert "warning[KT-AUTH-008]: the sign-in is good for" in shown.stderr
    place.configure('rate = "50/s"')
    assert "KT-AUTH-008" not in CliRunner(env=environment).invoke(cli, args).stderr
