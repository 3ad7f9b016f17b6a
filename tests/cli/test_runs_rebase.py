"""`keyturn resume --rebase`: corrected rows under a run that is not done, by id."""

import csv
import json
from contextlib import closing

import pytest

from keyturn.bulk.record.facts import Facts
from keyturn.core.journal import RowState
from keyturn.store.journal import open_journal
from tests.cli.runs_kit import Place, place
from tests.cli.test_runs_resume import MANY, stopped

__all__ = ["place"]


def states(place: Place) -> dict[str, str]:
    """How each user stands."""
    with closing(open_journal(place.run_folder() / "journal.db")) as journal:
        return {row.who: str(row.state) for row in journal.rows()}


@pytest.mark.proves("RN-6")
def test_a_changed_file_goes_on_by_id_once_the_number_is_confirmed(place: Place) -> None:
    """In another order, with another column; failed rows are tried again, done ones never; each under its password."""
    run = stopped(place)
    before = {who: list(values) for who, values in place.server.passwords.items()}
    place.server.unknown = set()
    rows = sorted(MANY.split()[1:], reverse=True)
    path = place.file("Note,userid\n" + "".join(f"x,{who}\n" for who in rows))
    place.call("resume", run, "--no-input", code=5)
    assert "--expect 29" in place.call("resume", run, "--rebase", path, "--no-input", code=8).stderr
    assert states(place)["u001"] == "failed"
    said = place.call("resume", run, "--rebase", path, "--no-input", "--expect", "29").stderr
    assert "30 rows in users.csv: 29 not done, 1 done and left alone" in said
    assert set(states(place).values()) == {"changed"}
    assert all(place.server.passwords[who] == values for who, values in before.items())
    assert all(len(values) == 1 for values in place.server.passwords.values())
    handed = {line["user"]: line["password"] for line in place.lines("handout", "open", run)}
    assert handed == {who: values[0] for who, values in place.server.passwords.items()}


def test_the_new_file_is_pinned_and_remembered(place: Place) -> None:
    """What is read from then on lies in the folder of the run, with those who are done as they were."""
    run = stopped(place)
    place.server.unknown = {"u001", "u005"}
    path = place.file("userid\nu001\nu005\n", "fixed.csv")
    place.call("resume", run, "--rebase", path, "--no-input", "--expect", "29", "--max-failures", "9", code=3)
    folder = place.run_folder()
    with closing(open_journal(folder / "journal.db")) as journal:
        facts = Facts(journal.facts())
    assert facts.file == folder / "rebased-1.csv"
    assert [each["file"] for each in json.loads(facts["rebased"])] == [path]
    with facts.file.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert (rows[0], rows[1], rows[2]) == (["userid"], ["u000"], ["u001"])
    assert facts.file.stat().st_mode & 0o777 == 0o600
    place.call("resume", run, "--rebase", path, "--no-input", code=2)


def test_rows_that_the_run_does_not_have_are_refused(place: Place) -> None:
    """And users who stand in the file twice; nothing is sent, nothing changes."""
    run = stopped(place)
    sent = place.server.requests
    for text, words in (
        ("userid\nu001\nnobody\n", "1 rows of fixed.csv are of users that the run does not have"),
        ("userid\nu001\nu001\n", "1 users stand twice in fixed.csv"),
    ):
        done = place.call("resume", run, "--rebase", place.file(text, "fixed.csv"), "--no-input", code=5)
        assert words in done.stderr
        assert "rows 3" in done.stderr
        assert "Nothing was sent." in done.stderr
    assert place.server.requests == sent


def test_rows_that_are_left_go_on_without_the_old_file_where_the_id_is_enough(place: Place) -> None:
    """A reset needs nothing but the id, which the journal has."""
    run = stopped(place)
    (place.tmp / "users.csv").unlink()
    place.server.unknown = set()
    path = place.file("userid\nu001\n", "fixed.csv")
    done = place.call("resume", run, "--rebase", path, "--no-input", "--expect", "29")
    assert "what is left is taken from the new file alone" in done.stderr
    assert len(place.server.passwords) == 30


def test_a_row_that_is_still_blocked_says_why_now(place: Place) -> None:
    """It stays failed, and is not counted."""
    run = stopped(place)
    place.configure('protect = ["u001"]')
    path = place.file("userid\nu001\n", "fixed.csv")
    place.call("resume", run, "--rebase", path, "--no-input", "--expect", "28", code=8)
    assert states(place)["u001"] == str(RowState.FAILED)


def test_a_file_with_passwords_is_not_kept_beside_a_journal(place: Place) -> None:
    """So its rows go into a new run."""
    place.server.unknown = {"u1"}
    path = place.file("userid,pw\n" + "".join(f"u{n},A-long-phrase-{n}x\n" for n in range(5)))
    flags = ("--password", "column:pw", "--yes", "--no-input", "--max-failures", "1", "-j", "1")
    place.call("reset", path, "-t", "there", *flags, code=7)
    assert "the file of this run holds passwords" in place.call("resume", "--rebase", path, "--no-input", code=2).stderr
