"""The board after a run: who has chosen, who has not, whom nothing reached; never chosen without a sign of it."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.bulk.record.followup import Board, Choice, Followed, write_board
from keyturn.bulk.record.veil import Veil
from keyturn.bulk.running.following import Followings, choice_by, follow_up
from keyturn.bulk.running.run import carry_out
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.verifying import Bench
from keyturn.core.evidence import Evidence, Sign, nobody
from keyturn.core.journal import Row, RowState, Verified
from keyturn.core.outcomes import Delivery, Reason, Refused
from keyturn.core.users import Stamp
from tests.bulk.desk import QUICK, Desk
from tests.support.memory_directory import MemoryDirectory, able

SENT = datetime(2026, 11, 29, 20, 1, 6, tzinfo=UTC)
AT = SENT + timedelta(days=1)
LATER = SENT + timedelta(hours=3)
ROW = Row(2, "amal", RowState.CHANGED, first_sent=SENT, settled=SENT + timedelta(seconds=1))
PROVEN = replace(ROW, verified=Verified.YES)
REFUSED = replace(ROW, delivery=str(Delivery.MAIL_REFUSED))


def seen(**told: object) -> Evidence:
    """A reading a day later."""
    return replace(Evidence("amal", clock=AT), **told)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("row", "now", "choice"),
    [
        (ROW, seen(password_changed=LATER, must_change=False), Choice.OWN),
        (ROW, seen(password_changed=LATER, must_change=True), Choice.NOT_YET),
        (ROW, seen(password_changed=SENT, must_change=True), Choice.NOT_YET),
        (ROW, seen(password_changed=SENT), Choice.NOT_YET),
        (ROW, seen(password_changed=LATER, floating=True), Choice.NOT_TOLD),
        (ROW, seen(must_change=True), Choice.NOT_YET),
        (ROW, seen(must_change=False), Choice.NOT_TOLD),
        (PROVEN, seen(must_change=False), Choice.OWN),
        (ROW, seen(must_change=False, touched=Stamp("", LATER)), Choice.OWN),
        (ROW, seen(touched=Stamp("", LATER)), Choice.NOT_TOLD),
        (ROW, seen(), Choice.NOT_TOLD),
        (ROW, nobody("amal"), Choice.GONE),
        (REFUSED, seen(must_change=True), Choice.NOT_REACHED),
        (REFUSED, seen(password_changed=LATER, must_change=False), Choice.OWN),
        (ROW, seen(must_change=True, mail="failed: no such mailbox"), Choice.NOT_REACHED),
        (ROW, seen(must_change=True, mail="sent"), Choice.NOT_YET),
    ],
)
def test_nobody_has_chosen_without_a_sign_of_it(row: Row, now: Evidence, choice: Choice) -> None:
    """That nobody asks them to change it any more proves it only when it was proven that somebody did."""
    assert choice_by(row, now, AT, asks=True).choice is choice


def test_where_nobody_is_asked_to_change_it_that_they_need_not_says_nothing() -> None:
    """A password that was set for good is in force."""
    assert choice_by(PROVEN, seen(must_change=False), AT, asks=False).choice is Choice.NOT_TOLD


async def board_of(tmp: Path, directory: MemoryDirectory, by: str = "") -> Board:
    """A run of four users a little while ago, and how it stands now."""
    desk = Desk(tmp, directory).begin("userid,Site\namal,Lyon\nbela,Oslo\ncora,Lyon\ndana,=1+1\n")
    run = desk.run(QUICK)
    await carry_out(run, Stop())
    hour = timedelta(hours=1)
    for row in list(desk.journal.rows()):
        aged = replace(
            row, first_sent=row.first_sent and row.first_sent - hour, settled=row.settled and row.settled - hour
        )
        desk.journal.lines[row.number] = aged  # type: ignore[attr-defined]  # the journal of the test
    directory.choose("cora", "a password of her own")
    del directory.users["dana"]
    source = desk.plan.source if desk.plan is not None else None
    board, unread = await follow_up(
        Bench(desk.journal, run.clock, desk.heard.append), Followings(run.shares, by, source), Stop()
    )
    assert unread == []
    return board


async def test_a_board_counts_by_a_column_of_the_file(tmp_path: Path) -> None:
    """As whoever looks after a site wants to know."""
    directory = MemoryDirectory(["amal", "bela", "cora", "dana"], able(tells=tuple(Sign)))
    directory.switches.refuse = {"bela": Reason.POLICY}
    board = await board_of(tmp_path, directory, "Site")
    assert board.totals == {Choice.NOT_YET: 1, Choice.OWN: 1, Choice.GONE: 1}
    assert board.groups == {"=1+1": {Choice.GONE: 1}, "Lyon": {Choice.NOT_YET: 1, Choice.OWN: 1}}
    assert directory.log
    assert len(directory.readings) == 3, "who was refused has no new password"


async def test_a_board_for_sheets_is_in_order_and_computes_nothing(tmp_path: Path) -> None:
    """And hides who is who where the run does."""
    directory = MemoryDirectory(["amal", "bela", "cora", "dana"], able(tells=tuple(Sign)))
    board = await board_of(tmp_path, directory, "Site")
    file = io.BytesIO()
    write_board(file, board)
    head, *rows = csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))
    assert head == ["row", "target", "user", "Site", "choice", "why"]
    assert [row[0] for row in rows] == ["2", "3", "4", "5"]
    assert rows[3][:5] == ["5", "there", "dana", "'=1+1", "no such user"]
    hidden = io.BytesIO()
    write_board(hidden, board, Veil(b"k" * 32))
    assert b"amal" not in hidden.getvalue()


async def test_a_reading_that_fails_for_one_is_told_for_that_one(tmp_path: Path) -> None:
    """In the words of the target."""
    directory = MemoryDirectory(["amal", "bela", "cora", "dana"], able(tells=tuple(Sign)))
    directory.switches.wary = [Refused("", Reason.OTHER, "answered 500 with no user")]
    board = await board_of(tmp_path, directory)
    assert board.totals[Choice.NOT_TOLD] == 1
    assert [each.text for each in board.users if each.choice is Choice.NOT_TOLD] == ["answered 500 with no user"]
    assert all(isinstance(each, Followed) for each in board.users)
