"""`keyturn user compromise`: a list goes in, one report comes out, and no old password signs in afterwards."""

import csv
import json
import stat
from pathlib import Path

import pytest

from tests.cli.directory_kit import Run, running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test."""
    call = running(tmp_path)
    call("init", "--json")
    return call


def told(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.proves("PW-9")
def test_a_list_is_planned_confirmed_done_and_reported_row_by_row(run: Run, tmp_path: Path) -> None:
    run("user", "create", "amal", "--address", "amal@example.com")
    run("user", "create", "007")
    leaked = tmp_path / "leaked.csv"
    leaked.write_text("id,comment\namal,x\n007,x\n\nnobody,x\n amal ,twice\n=1+1,x\n,x\n")
    report = tmp_path / "report.csv"
    result = run("user", "compromise", str(leaked), "--expect", "2", "--report", str(report), code=3)
    assert "2 users to compromise" in result.stderr
    assert "1 were mailed nothing: keyturn user reset ID" in result.stderr
    assert "Next:  keyturn mail list --state failed" in result.stderr
    rows = [(row["row"], row["user"], row["outcome"], row["delivery"], row["reason"]) for row in told(report)]
    assert rows == [
        ("2", "amal", "changed", "mailed", ""),
        ("3", "007", "changed", "none", ""),
        ("5", "nobody", "failed", "", "no-such-user"),
        ("6", "amal", "skipped", "", "duplicate"),
        ("7", "'=1+1", "failed", "", "no-such-user"),
        ("8", "", "failed", "", "empty-id"),
    ]
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert json.loads(run("user", "show", "amal", "--json").stdout)["password"] == "must change"


def test_nothing_is_changed_before_the_number_is_right(run: Run, tmp_path: Path) -> None:
    run("user", "create", "amal")
    leaked = tmp_path / "leaked.csv"
    leaked.write_text("Whom\namal\n")
    assert "--map id=Whom" in run("user", "compromise", str(leaked), code=5).stderr
    result = run("user", "compromise", str(leaked), "--map", "id=Whom", "--expect", "5", code=8)
    assert "Nothing was changed." in result.stderr
    assert json.loads(run("user", "show", "amal", "--json").stdout)["password"] == "none"


def test_the_rows_are_told_to_machines_and_the_report_has_a_place_of_its_own(run: Run, tmp_path: Path) -> None:
    run("user", "create", "amal", "--address", "amal@example.com")
    leaked = tmp_path / "leaked.csv"
    leaked.write_text("id\namal\n")
    answer = json.loads(run("user", "compromise", str(leaked), "--yes", "--no-mail", "--json").stdout)
    assert (answer["compromised"], answer["mailed"], answer["failed"]) == (1, 0, 0)
    assert answer["rows"] == [
        {"row": 2, "user": "amal", "outcome": "changed", "delivery": "none", "reason": "", "text": ""}
    ]
    assert "keyturn mail list" not in run("user", "compromise", str(leaked), "--yes", "--no-mail").stderr
    assert Path(answer["report"]).parent == tmp_path / "home" / "state" / "compromised"
    assert len(told(Path(answer["report"]))) == 1


def test_a_long_list_of_unknown_users_is_cut_short_on_the_screen_only(run: Run, tmp_path: Path) -> None:
    leaked = tmp_path / "leaked.csv"
    leaked.write_text("id\n" + "".join(f"nobody-{number}\n" for number in range(30)))
    report = tmp_path / "report.csv"
    result = run("user", "compromise", str(leaked), "--expect", "0", "--report", str(report), code=3)
    assert "and 10 more: the report has them" in result.stderr
    assert len(told(report)) == 30


def test_a_file_without_ids_is_refused_before_anything_is_opened(run: Run, tmp_path: Path) -> None:
    leaked = tmp_path / "leaked.csv"
    leaked.write_text("colour\nred\n")
    assert "KT-IN-" in run("user", "compromise", str(leaked), code=5).stderr
