"""Writes what happened, made from the journal alone: for people, for sheets, for scripts.  No password is near it."""

import html
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from keyturn.bulk.formulas import sheet_line, shown_cell
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.junit import Suite, write_suite
from keyturn.bulk.record.markdown import Page, write_page
from keyturn.bulk.record.private import open_private
from keyturn.bulk.record.veil import OPEN, Veil
from keyturn.core.errors import ConfigError
from keyturn.core.harmless import harmless
from keyturn.core.journal import DONE, NOT_DONE, Journal, Row, RowState, Verified

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


@dataclass(frozen=True, slots=True)
class Told:
    """What every report says at its head.  veil: what stands in place of ids."""

    run: str
    facts: Facts
    states: Mapping[RowState, int]
    reasons: Sequence[tuple[RowState, str, int]]
    exit: int
    version: str = ""
    veil: Veil = OPEN
    verdicts: Mapping[Verified, int] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether anything was read back."""
        return any(count for verified, count in self.verdicts.items() if verified is not Verified.NOT_ASKED)


CELLS: Final = (
    "row", "target", "user", "outcome", "delivery", "reason", "text", "attempts", "ms", "settled", "verified", "proof",
)  # fmt: skip
"""The columns of the sheet."""

Writer = Callable[[BinaryIO, Journal, Told], None]


def check_kinds(kinds: Sequence[str]) -> None:
    """Raises ConfigError for a kind of report that is not known."""
    for kind in kinds:
        if kind not in WRITERS:
            raise ConfigError(
                f"there is no report {kind}", code="KT-CFG-033", fix=f"one or more of {', '.join(WRITERS)}"
            )


def write_reports(journal: Journal, told: Told, folder: Path, kinds: Sequence[str]) -> list[Path]:
    """Write the wanted kinds anew into a folder.  Raises ConfigError for a kind that is not known."""
    check_kinds(kinds)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for kind in kinds:
        path = report_path(folder, kind)
        with open_private(path) as file:
            WRITERS[kind](file, journal, told)
        written.append(path)
    return written


def report_path(folder: Path, kind: str) -> Path:
    """Where a kind of report stands."""
    return folder / f"report.{_ENDINGS.get(kind, kind)}"


def row_event(run: str, row: Row) -> dict[str, Any]:
    """A row for machines; the same object as on `--output jsonl`."""
    return {
        "v": 1,
        "type": "row",
        "run": run,
        "row": row.number,
        "target": row.target,
        "user": row.who,
        "outcome": str(row.state),
        "delivery": row.delivery,
        "reason": row.reason,
        "text": row.text,
        "attempts": row.attempts,
        "ms": row.milliseconds,
        "verified": str(row.verified),
        "proof": row.proof,
    }


def verified_event(run: str, row: Row) -> dict[str, Any]:
    """What reading back told of a row, for machines."""
    told = {"row": row.number, "target": row.target, "user": row.who, "outcome": str(row.state)}
    return {"v": 1, "type": "verified", "run": run, **told, "verified": str(row.verified), "proof": row.proof}


def outcomes(states: Mapping[RowState, int]) -> dict[str, int]:
    """How many rows are in each state, for machines."""
    return {str(state): states.get(state, 0) for state in RowState if states.get(state, 0) or state in _ALWAYS}


def verdicts(found: Mapping[Verified, int]) -> dict[str, int]:
    """How many done and uncertain rows there are by what reading back told, for machines; empty when nobody asked."""
    return {
        str(verified): found[verified]
        for verified in Verified
        if verified is not Verified.NOT_ASKED and found.get(verified)
    }


_ALWAYS: Final = (RowState.CREATED, RowState.CHANGED, RowState.SKIPPED, RowState.FAILED, RowState.UNCERTAIN)


def write_jsonl(file: BinaryIO, journal: Journal, told: Told) -> None:
    """One object a line: every row, then the summary."""
    for row in told.veil.rows(journal.rows()):
        file.write(_json(row_event(told.run, row)))
    summary = {"v": 1, "type": "summary", "run": told.run, "exit": told.exit, "outcomes": outcomes(told.states)}
    lookup = told.facts.lookup
    looked = {"lookup": lookup.figures()} if lookup is not None else {}
    file.write(_json({**summary, "verified": verdicts(told.verdicts), **looked}))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def write_csv(file: BinaryIO, journal: Journal, told: Told) -> None:
    """For sheets: UTF-8 with a mark, and no cell that would be computed."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    text.write(sheet_line(CELLS))
    for row in told.veil.rows(journal.rows()):
        settled = row.settled.isoformat(timespec="seconds") if row.settled else ""
        cells = [row.target, row.who, str(row.state), row.delivery, row.reason, row.text]
        told_back = map(shown_cell, (str(row.verified), row.proof))
        line = [row.number, *map(shown_cell, cells), row.attempts, row.milliseconds, settled, *told_back]
        text.write(sheet_line(line))
    text.detach()


def write_html(file: BinaryIO, journal: Journal, told: Told) -> None:
    """One page for a person and an archive: no script, no network, prints well, light and dark."""
    facts = told.facts
    title = _title(told)
    need, against = _undone(told), _contradicted(journal, told)
    file.write(_HEAD.format(title=_text(title)).encode())
    file.write(_banner(told, need + against).encode())
    reasons = _reason_rows(told)
    for caption, rows in (
        ("Outcomes", _outcome_rows(told)),
        ("Reasons", reasons),
        ("Read back", [f"<tr><td>{word}</td><td class=n>{count:,}</td></tr>" for word, count in _verdict_rows(told)]),
    ):
        if rows:
            file.write(f"<h2>{caption}</h2><table><tbody>{''.join(rows)}</tbody></table>\n".encode())
    several = len(facts.pins) > 1
    back, asked, veil = "Rows that reading back speaks against", told.asked, told.veil
    _rows(file, back, veil.rows(_against(journal)), against, several=several, asked=asked)
    _rows(file, "Rows that need you", veil.rows(journal.rows(NOT_DONE)), need, several=several, asked=asked)
    rest = sum(told.states.values()) - need
    if rest <= MOST_ROWS:
        others = tuple(state for state in RowState if state not in NOT_DONE)
        _rows(file, "All other rows", veil.rows(journal.rows(others)), rest, several=several, asked=asked)
    lines = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in _definitions(told).items())
    file.write(f"<h2>How it was run</h2><dl>{lines}</dl>\n".encode())
    file.write(b"</main></body></html>\n")


def write_junit(file: BinaryIO, journal: Journal, told: Told) -> None:
    """For the boards of CI: a case a row."""
    seconds = float(told.facts["seconds"] or 0)
    against = _contradicted(journal, told)
    suite = Suite(_title(told), told.states, seconds, told.facts["started"], _definitions(told), against)
    write_suite(file, suite, told.veil.rows(journal.rows()))


def write_markdown(file: BinaryIO, journal: Journal, told: Told) -> None:
    """For summaries of jobs: counts and causes, and where the rows are.  Names nobody."""
    outcome_rows: list[tuple[str, ...]] = [
        (f"{SIGNS[state]} {state}", f"{told.states[state]:,}") for state in _shown(told)
    ]
    reasons: list[tuple[str, ...]] = [
        (str(state), reason.replace("-", " "), f"{count:,}") for state, reason, count in told.reasons if reason
    ]
    tables: dict[tuple[str, ...], list[tuple[str, ...]]] = {
        ("outcome", "rows"): outcome_rows,
        ("outcome", "reason", "rows"): reasons,
        ("read back", "rows"): [(word, f"{count:,}") for word, count in _verdict_rows(told)],
    }
    need = _undone(told) + _contradicted(journal, told)
    write_page(file, Page(_title(told), _verdict(told, need), tables, _definitions(told), told.run))


def _title(told: Told) -> str:
    facts = told.facts
    return f"{facts['name'] or facts['operation']} on {label_of(facts)}, run {told.run}"


def label_of(facts: Facts) -> str:
    """Where a run goes, in a few words."""
    pins = facts.pins
    return facts["target"] if len(pins) < 2 else f"{len(pins)} targets"


def _verdict(told: Told, need: int) -> str:
    """Whether it is green, in words."""
    return f"{need:,} of {sum(told.states.values()):,} rows need you." if need else "Every row is known good."


def _banner(told: Told, need: int) -> str:
    """The verdict and a bar; each part of the bar has its sign, so that colour is not needed."""
    parts = "".join(
        f'<span class="{_KINDS[state]}" style="flex:{count} 0 auto">{SIGNS[state]} {count:,}</span>'
        for state in RowState
        if (count := told.states.get(state, 0))
    )
    return f"<p class=verdict>{_verdict(told, need)}</p><div class=bar aria-hidden=true>{parts}</div>\n"


def _undone(told: Told) -> int:
    """How many rows need somebody by their outcome."""
    return sum(told.states.get(state, 0) for state in NOT_DONE)


def _contradicted(journal: Journal, told: Told) -> int:
    """How many done rows reading back speaks against; the count of the verdicts holds uncertain ones as well."""
    return sum(1 for _ in _against(journal)) if told.verdicts.get(Verified.NO) else 0


def _against(journal: Journal) -> Iterator[Row]:
    """Done rows that reading back speaks against."""
    return (row for row in journal.rows(tuple(DONE)) if row.verified is Verified.NO)


def _rows(file: BinaryIO, caption: str, rows: Iterable[Row], count: int, *, several: bool, asked: bool) -> None:
    if not count:
        return
    columns = _COLUMNS.format("<th>target" if several else "", "<th>read back" if asked else "")
    file.write(f"<h2>{caption} ({count:,})</h2><table>{columns}<tbody>\n".encode())
    for shown, row in enumerate(rows):
        if shown == MOST_ROWS:
            file.write(
                f"<tr><td colspan={5 + several + asked}>and {count - shown:,} more: see report.csv</td></tr>".encode()
            )
            break
        cells = (
            *([row.target] if several else []),
            row.who,
            f"{SIGNS[row.state]} {row.state}",
            row.delivery,
            row.text or row.reason,
            *([f"{row.verified}: {row.proof}" if row.proof else str(row.verified)] if asked else []),
        )
        line = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        file.write(f"<tr><td class=n>{row.number}</td>{line}</tr>\n".encode())
    file.write(b"</tbody></table>\n")


def _outcome_rows(told: Told) -> list[str]:
    return [
        f"<tr><td>{SIGNS[state]} {state}</td><td class=n>{told.states[state]:,}</td></tr>" for state in _shown(told)
    ]


def _shown(told: Told) -> list[RowState]:
    return [state for state in RowState if told.states.get(state)]


def _verdict_rows(told: Told) -> list[tuple[str, int]]:
    """What reading back told, in words, where anything was."""
    counts = [(str(verified) or "not read back", told.verdicts.get(verified, 0)) for verified in Verified]
    return [(word, count) for word, count in counts if count] if told.asked else []


def _reason_rows(told: Told) -> list[str]:
    return [
        f"<tr><td>{SIGNS[state]} {state}</td><td>{_text(reason.replace('-', ' '))}</td><td class=n>{count:,}</td></tr>"
        for state, reason, count in told.reasons
        if reason
    ]


def _definitions(told: Told) -> dict[str, str]:
    """How it was run, in pairs."""
    facts = told.facts
    pairs = {
        "run": told.run,
        "what": f"{facts['operation']}, password: {facts['password']}, mailed by the target: {facts['email']}",
        "target": ", ".join(f"{pin.name} ({pin.address.url or pin.address.kind})" for pin in facts.pins),
        "signed in as": ", ".join(pin.address.account for pin in facts.pins if pin.address.account),
        "file": f"{facts['file']}, sha256 {facts['sha256']}",
        "plan": facts["plan"],
        "looked up before": looked_up(facts),
        "planned by": facts["made_by"],
        "approved by": ", ".join(facts.approvers),
        "begun": _moment(facts["started"]),
        "ended": _moment(facts["ended"]),
        "at work": f"{float(facts['seconds'] or 0):,.1f} s",
        "exit code": str(told.exit),
        "keyturn": told.version,
    }
    return {name: value for name, value in pairs.items() if value}


def looked_up(facts: Facts) -> str:
    """What the targets told of the users before the run, in words; empty where they were not asked."""
    lookup = facts.lookup
    if lookup is None:
        return ""
    found = ", ".join(f"{count:,} {words}" for words, count in lookup.findings().items())
    return f"{lookup.effort()}; {found or 'nothing to be said of any of them'}"


def _moment(written: str) -> str:
    """A time as a person reads it."""
    return f"{written[:10]} {written[11:19]} UTC" if written else ""


def _text(text: str) -> str:
    return html.escape(harmless(text))


_KINDS: Final = {
    RowState.CREATED: "good",
    RowState.CHANGED: "good",
    RowState.SKIPPED: "calm",
    RowState.FAILED: "bad",
    RowState.UNCERTAIN: "doubt",
    RowState.SENT: "doubt",
    RowState.NOT_TRIED: "calm",
}
_COLUMNS: Final = "<thead><tr><th class=n>row{}<th>user<th>outcome<th>password<th>why{}</tr></thead>"

_HEAD: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>
:root {{ color-scheme: light dark; --good: #1a7f37; --bad: #b3261e; --doubt: #7d4e00; --calm: #59636e; --line: #8886 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --good: #2a7a3f; --bad: #b3403a; --doubt: #85601a; --calm: #59636e }} }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem }}
h1 {{ font-size: 1.6rem; margin: 0 }} h2 {{ font-size: 1.15rem; margin: 2rem 0 .5rem }}
.verdict {{ font-size: 1.15rem; margin: .25rem 0 1rem }}
.bar {{ display: flex; gap: 2px; border-radius: .3rem; overflow: hidden }}
.bar span {{ color: #fff; font-size: .85rem; padding: .15rem .6rem; white-space: nowrap; print-color-adjust: exact }}
.good {{ background: var(--good) }} .bad {{ background: var(--bad) }}
.doubt {{ background: var(--doubt) }} .calm {{ background: var(--calm) }}
table {{ border-collapse: collapse; font-size: .95rem }} thead {{ text-align: left }}
td, th {{ border-bottom: 1px solid var(--line); padding: .25rem 1.25rem .25rem 0; vertical-align: top }}
td {{ overflow-wrap: anywhere }} .n {{ text-align: right; font-variant-numeric: tabular-nums }}
dl {{ display: grid; gap: .1rem 1.5rem; grid-template-columns: max-content 1fr; margin: 0; font-size: .95rem }}
dt {{ opacity: .75 }} dd {{ margin: 0; overflow-wrap: anywhere }}
</style></head><body><main><h1>{title}</h1>
"""

WRITERS: Final[Mapping[str, Writer]] = {
    "html": write_html,
    "csv": write_csv,
    "jsonl": write_jsonl,
    "junit": write_junit,
    "md": write_markdown,
}
"""Every kind.  `junit` is never written unless it is asked for: boards keep ids for ever."""

_ENDINGS: Final = {"junit": "junit.xml"}
"""Where a kind is not the ending of its file: boards look for XML."""
