"""Says how a run ended: counts first, then what needs somebody, then where everything is and what to do next."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from keyturn.app.run.machine import Machine
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.report import outcomes, verdicts
from keyturn.bulk.running.breaker import Cause, Trip
from keyturn.bulk.running.run import Summary
from keyturn.cli.desk.ending import RunStopped
from keyturn.cli.errors import hush
from keyturn.cli.frame import Frame
from keyturn.cli.words import in_words
from keyturn.core.journal import RowState, Verified
from keyturn.core.outcomes import Delivery

_ORDER = (
    RowState.CREATED,
    RowState.CHANGED,
    RowState.FAILED,
    RowState.UNCERTAIN,
    RowState.SKIPPED,
    RowState.NOT_TRIED,
)
_DELIVERIES = {
    str(Delivery.MAILED): "mailed by the target",
    str(Delivery.HELD): "held: the address is new; see keyturn mail list",
    str(Delivery.MAIL_REFUSED): "not mailed: the target refused; they are in the handout",
    str(Delivery.HANDOUT): "in the handout",
}
_CODES = {
    Cause.SIGNED_OUT: "KT-AUTH-001",
    Cause.NOT_ALLOWED: "KT-AUTH-003",
    Cause.FAILURES: "KT-RUN-011",
    Cause.UNREACHABLE: "KT-NET-001",
    Cause.FAULT: "KT-RUN-012",
}

_CURES = {Cause.NOT_ALLOWED: "have the account given the right to do this (keyturn explain KT-AUTH-003 says how)"}


def tell(frame: Frame, machine: Machine, target: str, summary: Summary, *, hints: bool = True) -> int:
    """Print the summary; the exit code of the command.  Raises RunStopped when a brake or a target stopped it.

    target: where the run went, in a few words.  hints: say what to do next.
    """
    try:
        _tell(frame, machine, summary, hints=hints)
    except BrokenPipeError:  # nobody reads it any more: the code is that of the run all the same
        hush()
    stops = [(_what(trip, name or target, summary), trip) for name, trip in summary.halts if trip.cause in _CODES]
    with suppress(BrokenPipeError):
        for what, trip in stops[1:]:
            frame.warn(f"{what}: {trip.text}" if trip.text else what, code=_CODES[trip.cause])
    if stops:
        what, trip = stops[0]
        fix = _fix(trip, summary)
        raise RunStopped(what, code=_CODES[trip.cause], why=trip.text, fix=fix, progress=progress_of(summary))
    return int(summary.exit)


def _tell(frame: Frame, machine: Machine, summary: Summary, *, hints: bool) -> None:
    if frame.wants_json:
        frame.json(told(summary))
    else:
        _draw(frame, machine, summary, hints=hints)
    for name, trip in summary.unread:
        frame.warn(f"{name} could not be read back to the end: {trip.text}", code="KT-RUN-040")


def _fix(trip: Trip, summary: Summary) -> str:
    if trip.cause is Cause.FAILURES:
        look = f"look at them:  keyturn runs rows {summary.run} --outcome failed"
        return f"{look}      then  keyturn resume {summary.run} --max-failures 10%"
    return f"{_CURES.get(trip.cause, 'mend the cause')}, then  keyturn resume {summary.run}"


def _what(trip: Trip, target: str, summary: Summary) -> str:
    on = f" on {target}" if _several(summary) else ""
    return {
        Cause.SIGNED_OUT: f"{target} refused our sign-in",
        Cause.NOT_ALLOWED: f"{target} does not allow us to do this",
        Cause.FAILURES: f"too many rows are failing{on}, so keyturn stopped" + (" there" if on else ""),
        Cause.UNREACHABLE: f"{target} cannot be reached",
        Cause.FAULT: "keyturn ran into a fault of its own and stopped",
    }[trip.cause]


def _several(summary: Summary) -> bool:
    return len([name for name in summary.targets if name]) > 1


def told(summary: Summary) -> dict[str, object]:
    """The summary for machines."""
    return {
        "v": 1,
        "type": "summary",
        "run": summary.run,
        "exit": int(summary.exit),
        "outcomes": outcomes(summary.states),
        "targets": [{"target": name, "outcomes": outcomes(states)} for name, states in summary.targets.items() if name],
        "left": summary.left,
        "deliveries": dict(summary.deliveries),
        "verified": verdicts(summary.verdicts),
        "unread": [{"target": name, "cause": str(trip.cause), "text": trip.text} for name, trip in summary.unread],
        "reasons": [{"outcome": str(s), "reason": r, "count": n} for s, r, n in summary.reasons if r],
        "retries": summary.retries,
        "elapsed_s": round(summary.seconds, 3),
        "stopped": str(summary.trip.cause) if summary.trip is not None else None,
        "stops": [{"target": name, "cause": str(trip.cause), "text": trip.text} for name, trip in summary.halts],
        "reports": [str(path) for path in summary.reports],
        "retry": str(summary.retry) if summary.retry is not None else None,
        "handout": str(summary.handouts[0]) if summary.handouts else None,
        "handouts": [str(path) for path in summary.handouts],
    }


def progress_of(summary: Summary) -> str:
    """How far it got, as the last line of an error."""
    total = sum(summary.states.values()) - summary.states.get(RowState.SKIPPED, 0)
    uncertain = summary.states.get(RowState.UNCERTAIN, 0)
    doubt = f"{uncertain:,} are uncertain." if uncertain else "Nothing is uncertain."
    return f"{summary.done:,} of {total:,} users are done, {summary.left:,} were not tried. {doubt}"


def _counted(states: Mapping[RowState, int]) -> str:
    return ", ".join(f"{states[state]:,} {state}" for state in _ORDER if states.get(state)) or "no rows"


def _draw(frame: Frame, machine: Machine, summary: Summary, *, hints: bool) -> None:
    frame.data(f"{_counted(summary.states)}, {summary.seconds:.1f} s.   exit {int(summary.exit)}")
    for name, states in summary.targets.items() if _several(summary) else ():
        frame.data(f"  {name or 'no target':<14} {_counted(states)}")
    for line in _what_became(summary):
        frame.data(line)
    for name, path in (("report", summary.reports[0] if summary.reports else None), ("to mend", summary.retry)):
        if path is not None:
            frame.data(f"  {name:<10} {path}")
    for line in _sealed(summary):
        frame.data(line)
    if summary.handouts and summary.local:
        frame.warn(f"this machine can open the handout (identity: {machine.identity})", code="KT-RUN-031")
    if hints:
        _next(frame, summary)


def _sealed(summary: Summary) -> Iterator[str]:
    """Where the handout is, and how many passwords are in it."""
    count = f"{summary.handed:,}, " if summary.handed else ""
    for number, path in enumerate(summary.handouts):
        yield f"  {'' if number else 'handout':<10} {path}{'' if number else f' ({count}sealed)'}"


def _what_became(summary: Summary) -> Iterator[str]:
    """Of the passwords, and of the rows that are not done."""
    given = [
        f"{summary.deliveries[name]:,} {text}" for name, text in _DELIVERIES.items() if summary.deliveries.get(name)
    ]
    if given:
        yield f"  passwords  {'  |  '.join(given)}"
    told = verdicts(summary.verdicts)
    if told:
        left = summary.verdicts.get(Verified.NOT_ASKED, 0)
        parts = [f"{count:,} {word}" for word, count in told.items()] + ([f"{left:,} not read"] if left else [])
        yield f"  read back  {'  |  '.join(parts)}"
    for state in (RowState.FAILED, RowState.UNCERTAIN, RowState.SKIPPED):
        parts = [
            f"{count:,} {in_words(reason)}" for found, reason, count in summary.reasons if found is state and reason
        ]
        if parts:
            yield f"  {state:<10} {'  |  '.join(parts)}"


def _next(frame: Frame, summary: Summary) -> None:
    hints = []
    if summary.left or summary.exit in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        hints.append(f"keyturn resume {summary.run}")
    if summary.states.get(RowState.FAILED):
        hints.append(f"keyturn runs rows {summary.run} --outcome failed")
    if summary.states.get(RowState.UNCERTAIN):
        hints.append(f"keyturn runs verify {summary.run} --outcome uncertain")
    if summary.verdicts.get(Verified.NO):
        hints.append(f"keyturn runs rows {summary.run} --verified no")
    if summary.handouts and summary.local:
        hints.append(f"keyturn handout open {summary.run} --to-terminal")
    for number, hint in enumerate(hints):
        frame.say(f"{'Next:' if number == 0 else '':<6} {hint}")
