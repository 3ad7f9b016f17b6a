"""`keyturn runs forget`: delete a run, or those that are older than they are kept."""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, NotConfirmed, pass_frame
from keyturn.cli.words import counted

if TYPE_CHECKING:
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.folder import RunFolder
    from keyturn.bulk.record.forgetting import Wish


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--old", is_flag=True, help="All finished runs that are older than [runs] keep_days; their counts stay.")
@click.option("--keep-counts", is_flag=True, help="Keep how many rows ended how; otherwise nothing of them stays.")
@click.option("--keep-handout/--delete-handout", default=None, help="What becomes of the handout; otherwise asked.")
@click.option("--even-if-open", is_flag=True, help="Although rows are uncertain or not tried.")
@click.option("--confirm", "typed", default="", metavar="TEXT", help="What would be typed: the run, or how many.")
@pass_frame
def forget(
    frame: Frame,
    run: str,
    *,
    old: bool,
    keep_counts: bool,
    keep_handout: bool | None,
    even_if_open: bool,
    typed: str,
) -> None:
    """Delete a run: its key, journal, reports and handout.  There is no way back.

    \b
      keyturn runs forget r7f3k2a
      keyturn runs forget r7f3k2a --keep-counts --keep-handout
      keyturn runs forget --old --delete-handout --confirm 3
    """
    from keyturn.app.operator import account_name
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.forgetting import Wish

    if old == bool(run):
        raise click.UsageError("name one run, or say --old")
    machine = Machine(frame.settings)
    frame.progress = "Nothing was deleted."
    folders = _old(frame, machine) if old else [_named(frame, machine, run)]
    if not folders:
        frame.say("nothing to forget")
        return
    wanted = str(len(folders)) if old else run
    handouts = sum(len(folder.handouts()) for folder in folders)
    keep = _of_handouts(frame, handouts, keep=keep_handout)
    _typed(frame, wanted, typed, old=old)
    wish = Wish(account_name(), machine.clock().now(), old or keep_counts, keep, even_if_open)
    for folder in folders:
        _forget(machine, folder, wish)
        frame.progress = "What was named above is forgotten; the rest is as it was."
        frame.say(f"{folder.run} is forgotten")
    if frame.wants_json:
        frame.json({"forgotten": [folder.run for folder in folders]})


def _forget(machine: "Machine", folder: "RunFolder", wish: "Wish") -> None:
    from keyturn.bulk.record.folder import NeverBegan
    from keyturn.bulk.record.forgetting import NOTES, mark_forgotten, mark_unbegun, sweep

    if not folder.stone.exists():
        notes = machine.folders.state / NOTES
        try:
            with closing(machine.journal(folder.journal)) as journal:
                mark_forgotten(folder, journal, wish, notes)
        except NeverBegan:
            mark_unbegun(folder, wish, notes)
    sweep(folder)


def _named(frame: Frame, machine: "Machine", run: str) -> "RunFolder":
    """The run, if nothing is open or that does not matter; also one whose forgetting was interrupted."""
    from keyturn.bulk.record.folder import RUN_ID, RunFolder, find_run

    left = RunFolder(machine.folders.runs / run)
    if RUN_ID.fullmatch(run) and left.stone.exists() and left.journal.exists():
        return left
    folder = find_run(machine.folders.runs, run)
    frame.say(f"{folder.path}: journal, key, reports and everything else in it go; reports that went elsewhere stay")
    return folder


def _old(frame: Frame, machine: "Machine") -> "list[RunFolder]":
    from keyturn.bulk.record.facts import Facts
    from keyturn.bulk.record.folder import NeverBegan, forgotten_runs, run_folders
    from keyturn.bulk.record.forgetting import is_old, open_rows, sweep
    from keyturn.bulk.record.notices import planned
    from keyturn.core.errors import RunError, StoreError

    days = frame.settings.runs.keep_days
    for folder in forgotten_runs(machine.folders.runs):
        if folder.journal.exists():
            sweep(folder)
            frame.say(f"{folder.run} was forgotten before; what was left in its folder is gone now")
    found = []
    for folder in run_folders(machine.folders.runs):
        try:
            with closing(machine.journal(folder.journal)) as journal:
                if not is_old(Facts(journal.facts()), machine.clock().now(), days):
                    continue
                left = open_rows(journal) + planned(journal, Facts(journal.facts()))
        except NeverBegan:
            continue
        except (RunError, StoreError) as error:
            frame.warn(f"run {folder.run} is passed over: {error.what}", code="KT-RUN-034")
            continue
        if left:
            frame.say(f"{folder.run} stays: {left:,} of its rows are uncertain or not tried")
        else:
            found.append(folder)
            frame.say(f"{folder.run} ended more than {days} days ago")
    return found


def _of_handouts(frame: Frame, count: int, *, keep: bool | None) -> bool:
    """Whether handouts stay.  Raises Unanswered where nobody may be asked."""
    if keep is not None or not count:
        return bool(keep)
    what = "the handout" if count == 1 else counted(count, "handout")
    return not frame.confirm(f"Delete {what} as well?", otherwise="--delete-handout or --keep-handout")


def _typed(frame: Frame, wanted: str, typed: str, *, old: bool) -> None:
    what = "how many runs to forget" if old else "the run to forget"
    answer = typed or frame.ask(f"Type {what} ({wanted}):", otherwise=f"--confirm {wanted}")
    if answer.strip() != wanted:
        raise NotConfirmed(f"that is not {wanted}")
