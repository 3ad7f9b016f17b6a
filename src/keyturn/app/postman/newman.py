"""How a run is told in the words of newman: the table at the end, and the reports that its reporters write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from keyturn.core.journal import DONE, Row, RowState

BUILT_IN: Final = "status below 400 (built in)"
NOT_SENT: Final = frozenset({RowState.NOT_TRIED, RowState.SKIPPED})

_RICH: Final = ("┌┬┐", "├┼┤", "├┴┤", "└┘", "─", "│")
_ASCII: Final = ("+++", "+++", "+++", "++", "-", "|")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the table shows.  median: milliseconds of an answer; None where nothing was sent."""

    iterations: int = 0
    iterations_failed: int = 0
    requests: int = 0
    failed: int = 0
    assertions: int = 0
    uncertain: int = 0
    retries: int = 0
    seconds: float = 0.0
    median: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A request and what became of its rows.  rules: what its tests ask for, in words."""

    name: str
    method: str
    url: str
    run: str
    rules: str
    rows: Sequence[Row]
    retries: int = 0
    seconds: float = 0.0


def figures_of(accounts: Sequence[Account]) -> Figures:
    """The sums over all requests."""
    rows = [row for account in accounts for row in account.rows if row.state not in NOT_SENT]
    bad = [row for row in rows if row.state is RowState.FAILED]
    sent = [row for row in rows if row.attempts]
    times = sorted(row.milliseconds for row in sent if row.milliseconds is not None)
    retries = sum(account.retries for account in accounts)
    return Figures(
        iterations=len({row.number for row in rows}),
        iterations_failed=len({row.number for row in rows if row.state not in DONE}),
        requests=sum(row.attempts for row in sent),
        failed=len(bad),
        assertions=len(sent),
        uncertain=sum(row.state is RowState.UNCERTAIN for row in sent),
        retries=retries,
        seconds=sum(account.seconds for account in accounts),
        median=times[len(times) // 2] if times else None,
    )


def table(figures: Figures, rules: str = BUILT_IN, *, plain: bool = False) -> list[str]:
    """The table at the end, with the two lines that newman lacks.  plain: in ASCII."""
    top, middle, last, bottom, line, side = _ASCII if plain else _RICH
    widths = (21, 10, 8)

    def rule(signs: str) -> str:
        return signs[0] + signs[1].join(line * width for width in widths) + signs[2]

    def row(name: str, executed: str, failed: str, note: str = "") -> str:
        cells = f" {name:>19} ", f" {executed:>8} ", f" {failed:>6} "
        return f"{side}{side.join(cells)}{side}{f'   {note}' if note else ''}"

    again = "1 retry" if figures.retries == 1 else f"{figures.retries:,} retries" if figures.retries else ""
    width = sum(widths) + 2
    return [
        rule(top),
        row("", "executed", "failed"),
        rule(middle),
        row("iterations", f"{figures.iterations:,}", f"{figures.iterations_failed:,}"),
        row("requests", f"{figures.requests:,}", f"{figures.failed:,}", again),
        row("assertions", f"{figures.assertions:,}", f"{figures.failed:,}", rules),
        row("uncertain", f"{figures.uncertain:,}", ""),
        rule(last),
        f"{side} {_pace(figures):<{width - 2}} {side}",
        bottom[0] + line * width + bottom[1],
    ]


def _pace(figures: Figures) -> str:
    minutes, seconds = divmod(figures.seconds, 60)
    took = f"{minutes:.0f} min {seconds:.0f} s" if minutes else f"{seconds:.1f} s"
    rate = f"   {figures.assertions / figures.seconds:.1f}/s" if figures.seconds else ""
    median = f"   median {figures.median} ms" if figures.median is not None else ""
    return f"{took}{rate}{median}"


def json_report(name: str, accounts: Sequence[Account]) -> Mapping[str, object]:
    """What newman's JSON reporter writes, as far as it holds no secret: neither headers nor bodies nor addresses of
    rows, and for each row who it was about."""
    figures = figures_of(accounts)
    stats = {
        "iterations": (figures.iterations, figures.iterations_failed),
        "requests": (figures.requests, figures.failed),
        "assertions": (figures.assertions, figures.failed + figures.uncertain),
    }
    failed = [(account, row) for account, row in _sent(accounts) if row.state not in DONE]
    return {
        "collection": {"info": {"name": name}, "item": [_item(account) for account in accounts]},
        "run": {
            "stats": {kind: {"total": total, "pending": 0, "failed": bad} for kind, (total, bad) in stats.items()},
            "timings": {"responseAverage": figures.median or 0, "elapsed": round(figures.seconds * 1000)},
            "executions": [_execution(account, row) for account, row in _sent(accounts)],
            "failures": [
                {"error": {"name": str(row.state), "message": row.text or row.reason, "test": account.rules},
                 "cursor": {"iteration": row.number - 2}, "source": {"name": account.name}, "row": row.number,
                 "user": row.who}
                for account, row in failed
            ],
        },
        "keyturn": {"runs": [account.run for account in accounts], "uncertain": figures.uncertain},
    }  # fmt: skip


def _sent(accounts: Sequence[Account]) -> Iterable[tuple[Account, Row]]:
    return ((account, row) for account in accounts for row in account.rows if row.state is not RowState.SKIPPED)


def _item(account: Account) -> Mapping[str, object]:
    return {"name": account.name, "request": {"method": account.method, "url": account.url}}


def _execution(account: Account, row: Row) -> Mapping[str, object]:
    failed = {} if row.state in DONE else {"error": {"message": row.text or row.reason or str(row.state)}}
    return {
        "cursor": {"iteration": row.number - 2},
        "item": {"name": account.name},
        "row": row.number,
        "user": row.who,
        "outcome": str(row.state),
        "attempts": row.attempts,
        "response": {"responseTime": row.milliseconds},
        "assertions": [{"assertion": account.rules, **failed}],
    }


def junit_report(name: str, accounts: Sequence[Account]) -> str:
    """A suite for each request and a case for each row, so that a board shows who failed."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_attribute(name)}>"]
    for account in accounts:
        rows = [row for row in account.rows if row.state is not RowState.SKIPPED]
        failed = sum(row.state is RowState.FAILED for row in rows)
        errors = sum(row.state not in DONE for row in rows) - failed
        head = f'tests="{len(rows)}" failures="{failed}" errors="{errors}" time="{account.seconds:.3f}"'
        lines.append(f"  <testsuite name={_attribute(account.name)} {head}>")
        for row in rows:
            case = f"name={_attribute(f'row {row.number} {row.who}')} classname={_attribute(account.name)}"
            time = f'time="{(row.milliseconds or 0) / 1000:.3f}"'
            if row.state in DONE:
                lines.append(f"    <testcase {case} {time}/>")
                continue
            word = "failure" if row.state is RowState.FAILED else "error"
            told = _attribute(row.text or row.reason or str(row.state))
            fault = f"<{word} type={_attribute(str(row.state))} message={told}/>"
            lines.append(f"    <testcase {case} {time}>{fault}</testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _attribute(text: str) -> str:
    """The text as a value in XML, which knows no control characters."""
    return quoteattr("".join(sign if sign.isprintable() else " " for sign in text))
