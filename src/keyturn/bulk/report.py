"""Writes what happened, made from the journal alone: for people, for sheets, for scripts.  No password is near it."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from keyturn.bulk.facts import Facts
from keyturn.bulk.handout import open_private
from keyturn.core.errors import ConfigError
from keyturn.core.journal import Journal, Row, RowState

SIGNS: Final = {
    RowState.CREATED: "+",
    RowState.CHANGED: "~",
    RowState.SKIPPED: "-",
    RowState.FAILED: "x",
    RowState.UNCERTAIN: "?",
    RowState.SENT: "?",
    RowState.NOT_TRIED: ".",
}
MOST_ROWS: Final = 2000
"""Rows that the HTML page shows: those that need somebody first."""

NEED_YOU: Final = (RowState.FAILED, RowState.UNCERTAIN, RowState.SENT, RowState.NOT_TRIED)
_FORMULA: Final = re.compile(r"^[\s]*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Told:
    """What every report says at its head."""

    run: str
    facts: Facts
    states: Mapping[RowState, int]
    reasons: Sequence[tuple[RowState, str, int]]
    exit: int
    version: str = ""


Writer = Callable[[BinaryIO, Journal, Told], None]


def write_reports(journal: Journal, told: Told, folder: Path, kinds: Sequence[str]) -> list[Path]:
    """Write the wanted kinds anew into a folder.  Raises ConfigError for a kind that is not known."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for kind in kinds:
        if kind not in WRITERS:
            raise ConfigError(
                f"there is no report {kind}", code="KT-CFG-033", fix=f"one or more of {', '.join(WRITERS)}"
            )
        path = folder / f"report.{kind}"
        with open_private(path) as file:
            WRITERS[kind](file, journal, told)
        written.append(path)
    return written


def row_event(run: str, row: Row) -> dict[str, Any]:
    """A row for machines; the same object as on `--output jsonl`."""
    return {
        "v": 1,
        "type": "row",
        "run": run,
        "row": row.number,
        "user": row.who,
        "outcome": str(row.state),
        "delivery": row.delivery,
        "reason": row.reason,
        "text": row.text,
        "attempts": row.attempts,
        "ms": row.milliseconds,
    }


def outcomes(states: Mapping[RowState, int]) -> dict[str, int]:
    """How many rows are in each state, for machines."""
    return {str(state): states.get(state, 0) for state in RowState if states.get(state, 0) or state in _ALWAYS}


_ALWAYS: Final = (RowState.CREATED, RowState.CHANGED, RowState.SKIPPED, RowState.FAILED, RowState.UNCERTAIN)


def defused(cell: str) -> str:
    """A cell that no sheet takes for a formula.

    >>> defused("  =1+1")
    "'  =1+1"
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def write_jsonl(file: BinaryIO, journal: Journal, told: Told) -> None:
    """One object a line: every row, then the summary."""
    for row in journal.rows():
        file.write(_json(row_event(told.run, row)))
    summary = {"v": 1, "type": "summary", "run": told.run, "exit": told.exit, "outcomes": outcomes(told.states)}
    file.write(_json(summary))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def write_csv(file: BinaryIO, journal: Journal, told: Told) -> None:
    """For sheets: UTF-8 with a mark, and no cell that would be computed."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(["row", "user", "outcome", "delivery", "reason", "text", "attempts", "ms", "settled"])
    for row in journal.rows():
        settled = row.settled.isoformat(timespec="seconds") if row.settled else ""
        cells = [row.who, str(row.state), row.delivery, row.reason, row.text]
        millis = "" if row.milliseconds is None else row.milliseconds
        writer.writerow([row.number, *map(defused, cells), row.attempts, millis, settled])
    text.detach()


def write_html(file: BinaryIO, journal: Journal, told: Told) -> None:
    """One page for a person and an archive: no script, no network, prints well, light and dark."""
    facts = told.facts
    title = f"{facts['operation']} on {facts['target']}, run {told.run}"
    file.write(_HEAD.format(title=_text(title)).encode())
    file.write(_definitions(told).encode())
    for caption, rows in (("Outcomes", _outcome_rows(told)), ("Reasons", _reason_rows(told))):
        file.write(f"<h2>{caption}</h2><table><tbody>{''.join(rows)}</tbody></table>\n".encode())
    need = sum(told.states.get(state, 0) for state in NEED_YOU)
    _rows(file, "Rows that need you", journal.rows(NEED_YOU), need)
    rest = sum(told.states.values()) - need
    if rest <= MOST_ROWS:
        others = tuple(state for state in RowState if state not in NEED_YOU)
        _rows(file, "All other rows", journal.rows(others), rest)
    file.write(b"</main></body></html>\n")


def _rows(file: BinaryIO, caption: str, rows: Iterable[Row], count: int) -> None:
    if not count:
        return
    file.write(f"<h2>{caption} ({count:,})</h2><table>{_COLUMNS}<tbody>\n".encode())
    for shown, row in enumerate(rows):
        if shown == MOST_ROWS:
            file.write(f"<tr><td colspan=5>and {count - shown:,} more: see report.csv</td></tr>".encode())
            break
        cells = (str(row.number), row.who, f"{SIGNS[row.state]} {row.state}", row.delivery, row.text or row.reason)
        line = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        file.write(f"<tr>{line}</tr>\n".encode())
    file.write(b"</tbody></table>\n")


def _outcome_rows(told: Told) -> list[str]:
    shown = [state for state in RowState if told.states.get(state)]
    return [f"<tr><td>{SIGNS[state]} {state}</td><td class=n>{told.states[state]:,}</td></tr>" for state in shown]


def _reason_rows(told: Told) -> list[str]:
    return [
        f"<tr><td>{SIGNS[state]} {state}</td><td>{_text(reason)}</td><td class=n>{count:,}</td></tr>"
        for state, reason, count in told.reasons
        if reason
    ]


def _definitions(told: Told) -> str:
    facts = told.facts
    pairs = {
        "run": told.run,
        "what": f"{facts['operation']}, password: {facts['password']}, mailed by the target: {facts['email']}",
        "target": f"{facts['target']} ({facts['url'] or facts['kind']})",
        "signed in as": facts["account"],
        "file": f"{facts['file']}, sha256 {facts['sha256']}",
        "plan": facts["plan"],
        "begun": facts["started"],
        "ended": facts["ended"],
        "seconds of work": facts["seconds"],
        "exit code": str(told.exit),
        "keyturn": told.version,
    }
    lines = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in pairs.items() if value)
    return f"<dl>{lines}</dl>\n"


def _text(text: str) -> str:
    return html.escape(text)


_COLUMNS: Final = "<thead><tr><th>row<th>user<th>outcome<th>password<th>why</tr></thead>"

_HEAD: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 0 0 1.5rem }}
td, th {{ border-bottom: 1px solid #8888; padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top }}
td {{ overflow-wrap: anywhere }} .n {{ text-align: right; font-variant-numeric: tabular-nums }}
dl {{ display: grid; gap: 0 1rem; grid-template-columns: max-content 1fr }} dd {{ margin: 0; overflow-wrap: anywhere }}
</style></head><body><main><h1>{title}</h1>
"""

WRITERS: Final[Mapping[str, Writer]] = {"html": write_html, "csv": write_csv, "jsonl": write_jsonl}
