"""Reports that name nobody: a digest in place of each id, the same all through a run."""

from pathlib import Path

import pytest

from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.report import WRITERS, Told, write_reports
from keyturn.bulk.record.veil import OPEN, REDACT, REDACTION, check_redact, new_veil, unnamed, veil_of, veiled
from keyturn.core.errors import ConfigError
from keyturn.core.journal import Row, RowState
from tests.support.memory_journal import MemoryJournal

ROWS = (
    Row(2, "amal", RowState.FAILED, reason="no-such-user", text="there is no user amal", target="there"),
    Row(3, "Björn", RowState.CHANGED, target="there"),
    Row(4, "amal", RowState.SKIPPED, reason="duplicate", target="there"),
    Row(5, "", RowState.SKIPPED, reason="blank"),
)


def test_no_report_of_any_kind_names_a_user(tmp_path: Path) -> None:
    """Neither as an id nor in what the target said of it."""
    journal = MemoryJournal()
    journal.plan(ROWS)
    veil = veil_of(Facts(new_veil()))
    told = Told("rabcdef", Facts({"operation": "reset"}), journal.counts(), journal.reasons(), 3, veil=veil)
    for path in write_reports(journal, told, tmp_path, list(WRITERS)):
        text = path.read_text("utf-8-sig")
        assert "amal" not in text
        assert "Björn" not in text
        assert path.suffix == ".md" or veil.who("amal") in text


def test_a_digest_is_the_same_all_through_a_run_and_another_one_in_the_next() -> None:
    """So that two reports of a run can be joined, and those of two runs cannot."""
    first, second = Facts(new_veil()), Facts(new_veil())
    assert veil_of(first).who("amal") == veil_of(first).who("amal")
    assert veil_of(first).who("amal") != veil_of(first).who("Amal")
    assert veil_of(first).who("amal") != veil_of(second).who("amal")
    assert veil_of(first).who("") == ""
    assert str(first[REDACTION]) not in repr(veil_of(first))


def test_a_run_that_hides_nothing_gets_a_key_when_one_report_shall() -> None:
    """And keeps it."""
    journal = MemoryJournal()
    assert veil_of(Facts(journal.facts())) == OPEN
    veil = veiled(journal, Facts(journal.facts()))
    assert veiled(journal, Facts(journal.facts())) == veil
    assert journal.facts().get(REDACT) is None


def test_a_plan_is_told_without_the_texts_that_name_users() -> None:
    """Counts and row numbers stay."""
    plan = {"counts": {"change": 2}, "groups": [{"rows": [2], "text": "amal"}], "warnings": [{"code": "KT-IN-021"}]}
    assert unnamed(plan) == {
        "counts": {"change": 2},
        "groups": [{"rows": [2], "text": ""}],
        "warnings": [{"code": "KT-IN-021", "text": ""}],
    }


def test_what_cannot_be_hidden_is_refused() -> None:
    """With what can."""
    with pytest.raises(ConfigError, match="--redact names"):
        check_redact(["ids", "names"])
