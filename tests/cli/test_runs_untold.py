"""What reading tells beside the figures: runs that never began, targets that stop answering, and what comes next."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.bulk.record.facts import PLANNING
from keyturn.bulk.record.followup import Board, Choice, Followed
from keyturn.bulk.record.veil import OPEN
from keyturn.bulk.running.breaker import Cause, Trip
from keyturn.cli.frame import Frame, Manners, Output
from keyturn.cli.runs.following import _show as show_board
from keyturn.core.journal import Row, RowState
from keyturn.store.journal import open_journal
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

THREE = "userid\namal\nbela\ncora\n"


def begin(place: Place, *more: str, code: int = 0, text: str = THREE) -> str:
    """A run of users; its id."""
    place.call("reset", place.file(text), "-t", "there", "--no-input", *more, code=code)
    return place.run_folder().name


def test_a_run_that_never_began_is_not_read_back(place: Place) -> None:
    """Nothing was sent, so nobody can have a new password."""
    run = begin(place, "--expect", "3")
    with closing(open_journal(place.run_folder() / "journal.db")) as journal:
        journal.note({"state": PLANNING})
    for command in ("verify", "followup"):
        said = place.call("runs", command, run, code=2).stderr
        assert f"error[KT-RUN-001]: run {run} never began, so there is nothing to read back" in said
    assert place.server.looks == 0


def test_a_run_with_one_password_for_all_is_read_back_with_the_sealed_one(place: Place) -> None:
    """It stopped, so its key is still there; the password itself is not asked for again."""
    secret = Path(place.file("seven yellow taxis in the rain\n", "one.txt"))
    secret.chmod(0o600)
    place.server.signed_out = True
    run = begin(place, "--expect", "3", "--password", "same", "--password-file", str(secret), code=4)
    secret.unlink()
    said = place.call("runs", "verify", run, code=3)
    assert "no rows to read back.   exit 3" in said.stdout


def test_rows_that_nobody_can_be_sure_of_lead_to_a_resume(place: Place) -> None:
    """An answer was lost, and the target tells nothing by which it could be made up for."""
    run = begin(place, "--expect", "3")
    place.server.known["bela"] = {"identities": {}}
    with closing(open_journal(place.run_folder() / "journal.db")) as journal:
        [bela] = [row for row in journal.rows((RowState.CHANGED,)) if row.who == "bela"]
        journal.settle([replace(bela, state=RowState.UNCERTAIN, reason="lost-answer")])
    said = place.call("runs", "verify", run, code=9)
    assert "row 3 bela" in said.stdout
    assert f"Next:  keyturn resume {run}" in said.stderr


def test_of_many_rows_that_need_somebody_the_first_are_shown(place: Place) -> None:
    """And the command that shows all of them."""
    whos = [f"u{number:03}" for number in range(25)]
    place.server.lie = set(whos)
    run = begin(place, "--expect", "25", text="userid\n" + "\n".join(whos) + "\n")
    said = place.call("runs", "verify", run, code=9)
    assert said.stdout.count("  row ") == 20
    assert f"more:  keyturn runs rows {run} --verified no" in said.stderr


def test_a_target_that_stops_answering_is_named_and_read_again_later(place: Place) -> None:
    """Exit 4, whoever asks: the reading back and the follow-up."""
    run = begin(place, "--expect", "3")
    place.server.closed = True
    said = place.call("runs", "verify", run, code=4)
    assert "warning[KT-RUN-040]: there could not be read back to the end" in said.stderr
    assert f"Next:  keyturn runs verify {run}" in said.stderr
    later = place.call("runs", "followup", run, code=4)
    assert "warning[KT-RUN-040]: there could not be read back to the end" in later.stderr


def test_a_run_that_changed_nobody_has_nobody_to_follow_up(place: Place) -> None:
    """It says so instead of an empty table."""
    place.server.unknown = {"amal", "bela", "cora"}
    run = begin(place, "--expect", "3", code=3)
    said = place.call("runs", "followup", run)
    assert "the run gave nobody a password" in said.stderr
    assert place.server.looks == 0


@pytest.mark.parametrize(("count", "left"), [(2, ""), (25, "and 5 more: -o FILE writes all")])
def test_whom_no_mail_reached_is_named(count: int, left: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For them somebody has to do something; a name from the file moves no cursor."""
    row = [Row(number, "a\x1b[2Jb", RowState.CHANGED) for number in range(2, 2 + count)]
    board = Board([Followed(each, Choice.NOT_REACHED, "the mail failed: full") for each in row])
    unread = [("there", Trip(Cause.UNREACHABLE, "nobody answers"))]
    show_board(Frame(Manners(output=Output.PLAIN)), "rabcdef", board, unread, OPEN, by="")
    said = capsys.readouterr()
    assert f"{count}  have not, and no mail reached them" in said.out
    assert said.out.count("a\\x1b[2Jb  the mail failed: full") == min(count, 20)
    assert left in said.err
    assert "there could not be read back to the end: nobody answers" in said.err
