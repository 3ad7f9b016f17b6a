"""What `postman run` says: the differences before, the table behind, and the files of its reporters."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from keyturn.app.postman.newman import BUILT_IN, Account, figures_of, json_report, junit_report, table
from keyturn.bulk.record.private import open_private
from keyturn.core.harmless import harmless
from keyturn.core.journal import DONE, RowState

if TYPE_CHECKING:
    from keyturn.app.postman.playing import Opened, Played
    from keyturn.bulk.running.run import Summary
    from keyturn.cli.frame import Frame
    from keyturn.cli.postman.flags import Flags

_FOLDER = Path("newman")


def announce(
    frame: "Frame", flags: "Flags", plays: Sequence["Played"], opened: "Opened", idle: Sequence[tuple[str, str]]
) -> None:
    """Say what each request was recognised as, and once in which ways this is not newman."""
    for play in plays:
        what = f"{play.job.operation} on a target of kind {play.known.kind}" if play.known else "sent as it stands"
        frame.say(f"{harmless(play.prepared.name)}: {what}")
    frame.say("not as newman does it:")
    for text in _differences(flags):
        frame.say(f"  {text}")
    for one in opened.unread:
        frame.warn(f"not run: {harmless(one.place)}, line {one.line}", code="KT-COL-008")
    for name, why in idle:
        frame.say(f"  {name} has no effect: {why}")
    for asked, text, code in (
        (flags.newman_types, "cells that look like numbers are changed: 007 is somebody else than 7", "KT-COL-021"),
        (flags.newman_addresses, "a cell with # ? / or % in it may name somebody else in an address", "KT-COL-023"),
        (flags.newman_variables, "a {{variable}} that nothing stands for is sent as it is written", "KT-COL-024"),
    ):
        if asked:
            frame.warn(text, code=code)


def _differences(flags: "Flags") -> list[str]:
    one_by_one = flags.jobs == 1 or flags.delay_request > 0
    told = (
        (flags.newman_types, "cells stay text, 007 is not 7", "--newman-types"),
        (flags.newman_addresses, "cells are percent-encoded in addresses", "--newman-addresses"),
        (flags.suppress_exit_code, "a status of 400 or more is a failure, and exit 1", "-x"),
        (flags.repeats, "rows that ask for the same are left out", "--repeats"),
        (flags.newman_variables, "a {{variable}} without a value stops it all", "--newman-variables"),
        (flags.again, "what an earlier run has done is not done again", "--again"),
        (one_by_one, "several rows are in flight at once", "-j 1"),
    )
    return ["blank rows are left out", *(f"{what:<50} ({flag})" for off, what, flag in told if not off)]


def show(frame: "Frame", flags: "Flags", accounts: Sequence[Account]) -> None:
    """The table, and where newman would have been content."""
    if not flags.wants("cli") or flags.silent or not accounts:
        return
    figures = figures_of(accounts)
    rules = accounts[0].rules if len(accounts) == 1 else BUILT_IN
    for line in table(figures, rules, plain=flags.disable_unicode or frame.accessible):
        frame.data(line)
    bad = any(row.state in (RowState.FAILED, RowState.UNCERTAIN) for one in accounts for row in one.rows)
    left = any(row.state is RowState.NOT_TRIED for one in accounts for row in one.rows)
    runs = " and ".join(one.run for one in accounts if any(row.state not in DONE for row in one.rows))
    if (bad or left) and all(one.rules == BUILT_IN for one in accounts):
        frame.data("newman would have exited 0 here.")
    if bad or left:
        frame.data(f"Rows that are not done: keyturn runs rows {runs}")


def report(
    frame: "Frame", flags: "Flags", name: str, accounts: Sequence[Account], summaries: Sequence["Summary"]
) -> None:
    """Write what the reporters write, readable by their owner alone and without a secret."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S")
    asked = {
        "json": flags.reporter_json_export,
        "junit": flags.reporter_junit_export,
        "html": flags.reporter_html_export,
    }
    for kind, path in asked.items():
        if not flags.wants(kind):
            continue
        text = _html(summaries) if kind == "html" else _report(kind, name, accounts)
        suffix = "xml" if kind == "junit" else kind
        where = path or _FOLDER / f"newman-run-report-{stamp}.{suffix}"
        where.parent.mkdir(parents=True, exist_ok=True)
        with open_private(where) as file:
            file.write(text.encode())
        frame.say(f"{kind}: {where}")


def _report(kind: str, name: str, accounts: Sequence[Account]) -> str:
    return junit_report(name, accounts) if kind == "junit" else json.dumps(json_report(name, accounts), indent=2)


def _html(summaries: Sequence["Summary"]) -> str:
    pages = [path for summary in summaries for path in summary.reports if path.suffix == ".html"]
    return "\n".join(path.read_text("utf-8") for path in pages)
