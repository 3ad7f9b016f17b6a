"""What a run leaves behind: reports, retry file, vault, folders, facts."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.app.clock import SystemClock
from keyturn.bulk.formulas import defused
from keyturn.bulk.intake.source import read_source
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.facts import Address, Facts, Now, changed, pin_of, pinned, same_file, same_targets
from keyturn.bulk.record.folder import find_run, make_run_folder, run_folders
from keyturn.bulk.record.report import Told, write_reports
from keyturn.bulk.record.retry import write_retry
from keyturn.bulk.running.begin import begin
from keyturn.bulk.running.vault import Vault
from keyturn.core.errors import ConfigError, PlanError, RunError, SourceError, StoreError
from keyturn.core.journal import Row, RowState
from keyturn.core.secret import Secret
from keyturn.crypto.runkeys import RunKeys
from tests.bulk.desk import RESET, job, plan_of, write
from tests.support.memory_directory import ABLE, able
from tests.support.memory_journal import MemoryJournal

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SHEETY = st.text(st.sampled_from("=+-@\t\r \u00a0a1'\""), max_size=5)


def journal_of(*rows: Row) -> MemoryJournal:
    """A journal with these rows."""
    journal = MemoryJournal()
    journal.plan(rows)
    return journal


def told(journal: MemoryJournal) -> Told:
    """The head of a report."""
    return Told("rabcdef", Facts({"operation": "reset", "target": "<there>"}), journal.counts(), journal.reasons(), 3)


@pytest.mark.proves("RN-10", "V1.2.10")
@given(cell=SHEETY)
def test_no_cell_of_a_report_is_computed_by_a_sheet(cell: str) -> None:
    """Whatever a target answered, also behind leading blanks."""
    shown = defused(cell)
    assert not shown.lstrip().startswith(("=", "+", "-", "@"))
    assert shown in (cell, f"'{cell}")


def test_reports_hold_every_row_and_mark_what_people_wrote(tmp_path: Path) -> None:
    """A page without scripts, a sheet with a mark, one object a line."""
    row = Row(2, "=cmd()", RowState.FAILED, reason="other", text="<script>x</script>", settled=NOW, milliseconds=5)
    journal = journal_of(row, Row(3, "amal", RowState.CHANGED, delivery="handout"))
    html, sheet, lines = write_reports(journal, told(journal), tmp_path, ["html", "csv", "jsonl"])
    page = html.read_text()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "1 of 2 rows need you." in page
    read = list(csv.reader(io.StringIO(sheet.read_text("utf-8-sig"))))
    assert read[1][:3] == ["2", "", "'=cmd()"]
    assert read[1][-3] == "2026-11-21T12:00:00+00:00"
    objects = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [each["type"] for each in objects] == ["row", "row", "summary"]
    assert objects[0]["user"] == "=cmd()"


def test_a_page_of_a_huge_run_shows_what_needs_somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says where the rest is."""
    monkeypatch.setattr("keyturn.bulk.record.report.MOST_ROWS", 3)
    failed = [Row(n, f"u{n}", RowState.FAILED, reason="other") for n in range(2, 8)]
    journal = journal_of(*failed, *(Row(n, f"u{n}", RowState.CHANGED) for n in range(8, 20)))
    [html] = write_reports(journal, told(journal), tmp_path, ["html"])
    page = html.read_text()
    assert "and 3 more: see report.csv" in page
    assert "All other rows" not in page


def test_a_page_of_a_green_run_says_so_first(tmp_path: Path) -> None:
    """In words, beside the bar."""
    journal = journal_of(Row(2, "amal", RowState.CHANGED), Row(3, "", RowState.SKIPPED, reason="blank"))
    [html] = write_reports(journal, told(journal), tmp_path, ["html"])
    page = html.read_text()
    assert page.index("Every row is known good.") < page.index("<h2>")
    assert "need you" not in page


def test_a_kind_of_report_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """With those that are."""
    with pytest.raises(ConfigError, match="no report pdf"):
        write_reports(MemoryJournal(), told(MemoryJournal()), tmp_path, ["pdf"])


@pytest.mark.proves("RN-10")
def test_the_retry_file_comes_back_in_as_it_was(tmp_path: Path) -> None:
    """Own columns, own delimiter, nothing grows; the added column is ignored."""
    text = 'userid;note;keyturn_reason;Password\n007;"a ""b"" ;c";old;secret\nfine;x;;\n-1;=x;;\n'
    source = read_source(write(tmp_path, text))
    journal = journal_of(
        Row(2, "007", RowState.FAILED, reason="other", text="no"),
        Row(3, "fine", RowState.CHANGED),
        Row(4, "-1", RowState.NOT_TRIED),
        Row(9, "gone", RowState.NOT_TRIED),
    )
    retry = write_retry(journal, source, RESET, tmp_path / "out" / "retry.csv")
    assert retry.stat().st_mode & 0o777 == 0o600
    again = read_source(retry)
    assert [row.record for row in again.rows()] == [
        ("007", 'a "b" ;c', "", "failed: no"),
        ("-1", "=x", "", "not tried"),
    ]
    assert again.matched.ignored == ("note",)


def test_the_vault_keeps_what_cannot_be_derived_and_bears_a_torn_end(tmp_path: Path) -> None:
    """A later record of a row counts; nothing is in clear."""
    vault = Vault(tmp_path / "vault", RunKeys(b"k" * 32))
    assert vault.read() == {}
    vault.put([(2, Secret("first secret")), (3, Secret("other secret"))])
    vault.put([(2, Secret("second secret"))])
    assert vault.read() == {2: Secret("second secret"), 3: Secret("other secret")}
    whole = (tmp_path / "vault").read_bytes()
    assert b"secret" not in whole
    for torn in (whole + b"\0\0", whole + b"\0\0\0\x09abc"):
        (tmp_path / "vault").write_bytes(torn)
        assert len(vault.read()) == 2


def test_a_vault_that_takes_nothing_more_says_so(tmp_path: Path) -> None:
    """The rows must not count as done."""
    with pytest.raises(StoreError, match="cannot be kept"):
        Vault(tmp_path, RunKeys(b"k" * 32)).put([(2, Secret("handed-back"))])


def test_runs_are_found_by_their_id_and_the_newest_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is taken is not used again; a folder without a journal is no run."""
    assert run_folders(tmp_path / "runs") == []
    names = iter(["raaaaaa", "raaaaaa", "rbbbbbb", "rcccccc", "rdddddd"])
    monkeypatch.setattr("keyturn.bulk.record.folder.new_run_id", lambda: next(names))
    made = [make_run_folder(tmp_path / "runs", NOW.replace(hour=hour)) for hour in (9, 11, 10, 12)]
    for folder in made[:3]:
        folder.journal.touch()
    (made[2].path / "begun").unlink()
    assert [folder.run for folder in run_folders(tmp_path / "runs")] == ["rbbbbbb", "raaaaaa", "rcccccc"]
    assert find_run(tmp_path / "runs", "raaaaaa").path == made[0].path
    for name in ("rdddddd", "../raaaaaa", ""):
        with pytest.raises(RunError):
            find_run(tmp_path / "runs", name)


def test_an_id_of_a_run_has_no_letters_that_look_alike(tmp_path: Path) -> None:
    """It is read over the phone."""
    for _ in range(20):
        name = make_run_folder(tmp_path, NOW).run
        assert len(name) == 7
        assert not set(name[1:]) & set("il10o")


def facts_of(plan: Plan, address: Address) -> Facts:
    """What would be pinned."""
    return Facts(pinned(plan, [pin_of(plan.parts["there"], address)], ["age1x"], NOW))


def test_everything_that_was_confirmed_is_pinned_and_compared(tmp_path: Path) -> None:
    """Another address, account, policy or ability is named; a changed file stops."""
    plan = plan_of(write(tmp_path, "Nr\nx\n"), job(email=True), columns={"id": "Nr"}, protect=["p*"])
    address = Address("there", "kind", "https://a", "me", "")
    facts = facts_of(plan, address)
    assert facts.job == plan.job
    assert (facts.file, facts.recipients) == (plan.source.path, ("age1x",))
    assert [pin.protect for pin in facts.pins] == [("p*",)]
    assert facts.reading.columns == {"id": "Nr"}
    assert changed(facts.pins, {"there": Now(address, ABLE)}) == []
    same_targets(facts, {"there": Now(address, ABLE)})
    same_file(facts, plan.source.sha256)
    differences = changed(facts.pins, {"there": Now(replace(address, url="https://b", policy="x"), able(batch=3))})
    assert differences == [
        "the address of the target: https://a then, https://b now",
        "the rules for passwords: - then, x now",
        "what the target can do",
    ]
    with pytest.raises(PlanError):
        same_targets(facts, {"there": Now(replace(address, account="you"), ABLE)})
    with pytest.raises(SourceError):
        same_file(facts, "other")


def test_a_file_that_grows_while_it_is_planned_is_refused(tmp_path: Path) -> None:
    """The rows must be those that were confirmed."""
    path = write(tmp_path, "userid\na\n")
    plan = plan_of(path)
    write(tmp_path, "userid\na\nb\n")
    journal = MemoryJournal()
    with pytest.raises(SourceError):
        begin(journal, plan, pinned(plan, [], [], SystemClock().now()))
    assert journal.facts()["state"] == "planning"
