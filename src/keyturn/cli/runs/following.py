"""The way of `runs followup`: find the run, connect its targets, read, and draw the board."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from keyturn.app.run.machine import Machine
from keyturn.bulk.intake.source import Source
from keyturn.bulk.record.again import read_again
from keyturn.bulk.record.facts import FLAGS, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.followup import WORDS, Board, Choice, Followed, write_board
from keyturn.bulk.record.handing import Handing, check
from keyturn.bulk.record.veil import Veil, veil_of
from keyturn.bulk.running.breaker import EXITS, Trip
from keyturn.bulk.running.following import Followings, follow_up
from keyturn.bulk.running.verifying import Bench
from keyturn.cli.desk.desk import Desk, desk_for, stoppable
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.watching import watch
from keyturn.cli.desk.whereto import Wanted
from keyturn.cli.frame import Frame, Output
from keyturn.cli.newfile import write_new
from keyturn.cli.runs.opened import chosen
from keyturn.cli.runs.verifying import read_targets, shares_of
from keyturn.core.errors import ConfigError
from keyturn.core.harmless import harmless
from keyturn.core.journal import Journal

MOST_SHOWN = 20


def follow(frame: Frame, run: str, asked: Asked, by: str, into: str | None, *, force: bool) -> int:
    """Read and show; the exit code of the command."""
    frame.progress = "Nothing was changed on any target."
    machine = Machine(frame.settings)
    folder = chosen(frame, run)
    with closing(machine.journal(folder.journal)) as journal:
        facts = Facts(journal.facts())
        source = read_again(facts, folder, machine.keys) if by else None
        if source is not None:
            _refuse_no_group(source, by)
            check(Handing(columns=(by,)), source, facts.job)
        wanted = Followings((), by, source)
        board, unread = board_of(frame, machine, folder, journal, asked, wanted)
    _show(frame, folder.run, board, unread, veil_of(facts), by=by)
    if into is not None:
        write_new(frame, into, lambda file: write_board(file, board, veil_of(facts)), force=force)
    return int(EXITS[unread[0][1].cause]) if unread else 0


def _refuse_no_group(source: Source, by: str) -> None:
    header = [cell.strip() for cell in source.header]
    if by not in header:
        what, why = f"{source.path.name} has no column {by} to count by", f"header:  {' | '.join(header)}"
        raise ConfigError(what, code="KT-CFG-041", why=why, fix="name a column of the header with --by")


def board_of(
    frame: Frame, machine: Machine, folder: RunFolder, journal: Journal, asked: Asked, wanted: Followings
) -> tuple[Board, Sequence[tuple[str, Trip]]]:
    """Ask the targets of a run; what could not be read to its end, with why.  wanted: its shares are put in here."""
    facts = Facts(journal.facts())
    asked = asked.with_flags(facts[FLAGS])
    targets = Wanted(read_targets(facts, folder, ""), facts["default"])
    with desk_for(frame, targets, asked) as desk, machine.holding(*targets.names):
        return _watched(desk, folder.run, journal, replace(wanted, shares=shares_of(desk, facts, asked)))


def _watched(desk: Desk, run: str, journal: Journal, wanted: Followings) -> tuple[Board, Sequence[tuple[str, Trip]]]:
    title = f"asking {desk.label} how it stands"
    with watch(desk.frame, run, ",".join(desk.seats), 0, title=title) as listeners:

        def tell(event: object) -> None:
            for listener in listeners if desk.frame.output is not Output.JSONL else ():
                listener(event)  # type: ignore[arg-type]  # an event

        bench = Bench(journal, desk.machine.clock(), tell)
        return desk.wait_for(stoppable(lambda stop: follow_up(bench, wanted, stop)))


def _show(frame: Frame, run: str, board: Board, unread: Sequence[tuple[str, Trip]], veil: Veil, *, by: str) -> None:
    if frame.wants_json:
        if frame.output is Output.JSONL:
            for each in board.users:
                frame.json({"v": 1, "type": "choice", "run": run, **_one(each, veil)})
        frame.json(_told(run, board, unread))
        return
    for choice, words in WORDS.items():
        if board.totals.get(choice):
            frame.data(f"{board.totals[choice]:>9,}  {words}")
    if not board.users:
        frame.say("the run gave nobody a password")
    if by:
        frame.data("")
        head = (by, *map(str, Choice))
        rows = [
            [group or "-", *(f"{counts.get(each, 0):,}" for each in Choice)] for group, counts in board.groups.items()
        ]
        frame.table(head, rows)
    _lost(frame, board)
    warn_unread(frame, unread)


def warn_unread(frame: Frame, unread: Sequence[tuple[str, Trip]]) -> None:
    """Which targets could not be read to the end."""
    for name, trip in unread:
        frame.warn(f"{name} could not be read back to the end: {trip.text}", code="KT-RUN-040")


def _lost(frame: Frame, board: Board) -> None:
    """Whom no mail reached: for them somebody has to do something."""
    lost = [each for each in board.users if each.choice is Choice.NOT_REACHED]
    for each in lost[:MOST_SHOWN]:
        frame.data(f"  row {each.row.number:,} {harmless(each.row.who)}  {harmless(each.text)}")
    if len(lost) > MOST_SHOWN:
        frame.say(f"  and {len(lost) - MOST_SHOWN:,} more: -o FILE writes all")


def _one(each: Followed, veil: Veil) -> dict[str, object]:
    row = veil.row(each.row)
    told = {"row": row.number, "target": row.target, "user": row.who, "choice": str(each.choice)}
    return {**told, "why": each.text if veil.key is None else "", "group": each.group}


def _told(run: str, board: Board, unread: Sequence[tuple[str, Trip]]) -> dict[str, object]:
    def counts(found: Mapping[Choice, int]) -> dict[str, int]:
        return {str(choice): found.get(choice, 0) for choice in Choice}

    return {
        "v": 1,
        "type": "followup",
        "run": run,
        "looked": board.looked.isoformat() if board.looked is not None else None,
        "choices": counts(board.totals),
        "by": board.by,
        "groups": [{"value": value, "choices": counts(found)} for value, found in board.groups.items()],
        "unread": [{"target": name, "cause": str(trip.cause), "text": trip.text} for name, trip in unread],
    }
