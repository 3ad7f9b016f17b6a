"""`keyturn handout status`: how handouts stand, and who has chosen a password of their own since."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.words import counted

if TYPE_CHECKING:
    from datetime import datetime

    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.standing import Standing
    from keyturn.core.journal import Row


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--offline", is_flag=True, help="Ask no target.")
@pass_frame
def status(frame: Frame, run: str, offline: bool) -> None:
    """How old handouts are and whether they were opened; of one run also who has chosen a password of their own since.

    \b
      keyturn handout status
      keyturn handout status r7f3k2a
    """
    from keyturn.app.run.machine import Machine

    machine = Machine(frame.settings)
    now = machine.clock().now()
    if run:
        _one(frame, _named(machine, run), now, offline=offline)
    else:
        _all(frame, machine, now)


def _named(machine: "Machine", run: str) -> "Standing":
    from keyturn.bulk.record.folder import find_run
    from keyturn.bulk.record.standing import standing_of
    from keyturn.core.errors import RunError

    folder = find_run(machine.folders.runs, run)
    with closing(machine.journal(folder.journal)) as journal:
        found = standing_of(folder, journal)
    if found is None:
        raise RunError(f"run {run} has no handout", code="KT-RUN-062", where=str(folder.path))
    return found


def _all(frame: Frame, machine: "Machine", now: "datetime") -> None:
    from keyturn.bulk.record.folder import NeverBegan, run_folders
    from keyturn.bulk.record.standing import standing_of
    from keyturn.core.errors import RunError, StoreError

    found: list[Standing] = []
    for folder in run_folders(machine.folders.runs):
        try:
            journal = machine.journal(folder.journal)
        except NeverBegan:
            continue
        except (RunError, StoreError) as error:
            frame.warn(f"run {folder.run} is passed over: {error.what}", code="KT-RUN-034")
            continue
        with closing(journal):
            standing = standing_of(folder, journal)
        found += [standing] if standing is not None else []
    if frame.wants_json:
        for each in found:
            frame.json(_told(each, now))
        return
    head = ["run", "passwords", "files", "age", "opened", "deleted"]
    rows = [[each.run, each.passwords, each.files, _age(each, now), each.opened[:10] or "never", each.deleted[:10]]
            for each in found]  # fmt: skip
    frame.table(head, rows, empty="no run here has a handout")
    for each in found:
        _call_out(frame, each, now)


def _call_out(frame: Frame, standing: "Standing", now: "datetime") -> None:
    if standing.old(now):
        frame.warn(f"the handout of run {standing.run} is {_age(standing, now)} old", code="KT-RUN-063")


def _one(frame: Frame, standing: "Standing", now: "datetime", *, offline: bool) -> None:
    _call_out(frame, standing, now)
    told = _told(standing, now)
    since = {} if offline else _since(frame, standing.run)
    if frame.wants_json:
        users = [{"row": row.number, "target": row.target, "user": row.who, "since": choice}
                 for choice, rows in since.items() for row in rows]  # fmt: skip
        frame.json({**told, "since": {choice: len(rows) for choice, rows in since.items()}, "users": users})
        return
    for name, value in told.items():
        frame.data(f"{name:<10} {value if value != '' else '-'}")
    for choice, rows in since.items():
        frame.data(f"  {len(rows):>7,}  {choice}")


def _told(standing: "Standing", now: "datetime") -> dict[str, Any]:
    age = standing.age(now)
    return {
        "run": standing.run,
        "passwords": standing.passwords,
        "files": standing.files,
        "days": age.days if age is not None else "",
        "opened": standing.opened[:19],
        "deleted": standing.deleted[:19],
    }


def _age(standing: "Standing", now: "datetime") -> str:
    age = standing.age(now)
    return "" if age is None else counted(age.days, "day")


def _since(frame: Frame, run: str) -> "dict[str, list[Row]]":
    """The rows of a handout by what the targets tell of their users since, most first."""
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.folder import find_run
    from keyturn.bulk.record.standing import handed
    from keyturn.bulk.running.following import Followings
    from keyturn.cli.desk.flags import Asked
    from keyturn.cli.runs.following import board_of, warn_unread

    machine = Machine(frame.settings)
    folder = find_run(machine.folders.runs, run)
    wanted = Followings((), which=handed)
    with closing(machine.journal(folder.journal)) as journal:
        board, unread = board_of(frame, machine, folder, journal, Asked(file=Path()), wanted)
    warn_unread(frame, unread)
    found: dict[str, list[Row]] = {}
    for each in board.users:
        found.setdefault(str(each.choice), []).append(each.row)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))
