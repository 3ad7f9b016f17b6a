"""`keyturn runs diff`: two runs, held against each other."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, Output, pass_frame
from keyturn.cli.runs.opened import chosen, opened
from keyturn.core.harmless import harmless


@click.command()
@click.argument("first", shell_complete=complete_runs)
@click.argument("second", shell_complete=complete_runs)
@click.option("-o", "--out", "into", metavar="FILE", help="Write the users into a file for sheets; - for stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@pass_frame
def diff(frame: Frame, first: str, second: str, into: str | None, *, force: bool) -> None:
    """Which users ended otherwise in a second run, and which were in one of them alone; by id.

    \b
      keyturn runs diff r7f3k2a r2m8qda
      keyturn runs diff r7f3k2a r2m8qda --json
      keyturn runs diff r7f3k2a r2m8qda -o differences.csv
    """
    from keyturn.bulk.record.differing import differences, write_differences
    from keyturn.cli.newfile import write_new
    from keyturn.core.errors import RunError

    if first == second:
        raise RunError("a run does not differ from itself", code="KT-RUN-001", fix="name two runs: keyturn runs list")
    with opened(frame, chosen(frame, first)) as (before, _), opened(frame, chosen(frame, second)) as (after, _):
        found = differences(before, after)
    if into is not None:
        write_new(frame, into, lambda file: write_differences(file, found), force=force)
        return
    if frame.wants_json:
        rows = [each.told() for each in found.rows]
        told = {"first": first, "second": second, **found.told()}
        for row in rows if frame.output is Output.JSONL else ():
            frame.json({"type": "user", **row})
        frame.json({"type": "counts", **told} if frame.output is Output.JSONL else {**told, "rows": rows})
        return
    for outcome, count in found.same.items():
        frame.data(f"{count:>9,}  {outcome} in both")
    for (then, now), count in found.changed.items():
        frame.data(f"{count:>9,}  {then} -> {now}")
    for each in found.rows:
        why = harmless(each.second.why or each.first.why)
        who = harmless(f"{each.target}  {each.who}" if each.target else each.who)
        frame.data(f"{who}  {each.first} -> {each.second}  {why}".rstrip())
