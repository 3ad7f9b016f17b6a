"""Writes the form that boards of CI systems read: a case a row, failures apart from what nobody knows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import BinaryIO, Final

from keyturn.core.journal import DONE, DOUBTFUL, Row, RowState, Verified

_CALM: Final = (RowState.SKIPPED, RowState.NOT_TRIED)
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STARTS: Final = re.compile("(^|[\\s,;|&'\x00\ufeff\u200b-\u200f\u2060])([=+\\-@\uff1d\uff0b\uff0d\uff20]+)")
"""A sign that could begin a formula, were the file ever opened as a sheet with one of these between its cells."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What stands at the head.  states: how many rows are in each; against: how many of those that are done reading
    back speaks against; facts: how it was run, in pairs."""

    name: str
    states: Mapping[RowState, int]
    seconds: float
    started: str
    facts: Mapping[str, str]
    against: int = 0


def write_suite(file: BinaryIO, suite: Suite, rows: Iterable[Row]) -> None:
    """Write the whole file."""
    states = suite.states

    def count(*wanted: RowState) -> int:
        return sum(states.get(state, 0) for state in wanted)

    failures = count(RowState.FAILED) + suite.against
    figures = (
        f'tests="{sum(states.values())}" failures="{failures}" errors="{count(*DOUBTFUL)}"'
        f' skipped="{count(*_CALM)}" time="{suite.seconds:.3f}"'
    )
    moment = f' timestamp="{suite.started[:19]}"' if suite.started else ""
    file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="keyturn" {figures}>\n'.encode())
    file.write(f'<testsuite name="{safe(suite.name)}" {figures}{moment}>\n<properties>\n'.encode())
    for name, value in suite.facts.items():
        file.write(f'<property name="{safe(name)}" value="{safe(value)}"/>\n'.encode())
    file.write(b"</properties>\n")
    for row in rows:
        file.write(_case(row).encode())
    file.write(b"</testsuite>\n</testsuites>\n")


def _case(row: Row) -> str:
    time = f' time="{row.milliseconds / 1000:.3f}"' if row.milliseconds is not None else ""
    place = safe(row.target or "no target")
    head = f'<testcase classname="{place}" name="row {row.number} {safe(row.who)}"{time}'
    kind, why = safe(row.reason or str(row.state)), safe(row.text or row.reason or str(row.state))
    if row.state is RowState.FAILED:
        return f'{head}><failure type="{kind}" message="{why}"/></testcase>\n'
    if row.state in DONE and row.verified is Verified.NO:
        proof = safe(row.proof or "reading back speaks against it")
        return f'{head}><failure type="read back" message="{proof}"/></testcase>\n'
    if row.state in DOUBTFUL:
        return f'{head}><error type="{kind}" message="{why}"/></testcase>\n'
    if row.state in _CALM:
        return f'{head}><skipped message="{why}"/></testcase>\n'
    return f"{head}/>\n"


def safe(text: str) -> str:
    r"""A text as it may stand in an attribute; what no XML may hold is spelt out.

    >>> safe('a\x1b"=1')
    'a\\x1b&quot;&#61;1'
    """
    plain = _NOT_IN_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)
    quoted = escape(plain).replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
    return _STARTS.sub(lambda found: found[1] + "".join(f"&#{ord(sign)};" for sign in found[2]), quoted)
