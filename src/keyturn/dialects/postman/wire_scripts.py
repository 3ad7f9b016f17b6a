"""Reads scripts without running them: tests of the status become a rule, of the rest the line is told.  Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.dialects.postman.wire import Script

_SPACE: Final = re.compile(r"(?:\s|;|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_OPENS: Final = re.compile(
    r"""pm\.test\(\s*(?:"[^"\\\n]*"|'[^'\\\n]*'|`[^`\\]*`)\s*,\s*"""
    r"""(?:function\s*\w*\s*\(\s*\)\s*|(?:\(\s*\)|_)\s*=>\s*)(?P<block>\{)?"""
)
_CLOSES: Final = (re.compile(r"\s*\)"), re.compile(r"\s*\}\s*\)"))
_CHECKS: Final = (
    re.compile(r"pm\.response\.to\.have\.status\(\s*(?P<one>\d{3})\s*\)"),
    re.compile(r"""pm\.response\.to\.have\.property\(\s*["']code["']\s*,\s*(?P<one>\d{3})\s*\)"""),
    re.compile(r"pm\.expect\(\s*pm\.response\.code\s*\)\.to\.(?:be\.)?(?:equals?|eql)\(\s*(?P<one>\d{3})\s*\)"),
    re.compile(r"pm\.expect\(\s*pm\.response\.code\s*\)\.to\.be\.oneOf\(\s*\[(?P<some>[\d\s,]+)\]\s*\)"),
    re.compile(r"pm\.response\.to\.be\.(?P<good>ok|success)\b(?:\(\s*\))?"),
    re.compile(r"pm\.response\.to\.(?:not\.be\.error|be\.not\.error)\b(?:\(\s*\))?"),
)
_OLD: Final = re.compile(
    r"""tests\[\s*(?:"[^"\\\n]*"|'[^'\\\n]*')\s*\]\s*=\s*responseCode\.code\s*={2,3}\s*(?P<one>\d{3})\s*(?=;|\n|$)"""
)
_QUOTED: Final = re.compile(r"""(pm\.test\(\s*)?(["'`])(?:\\.|(?!\2).)*(?:\2|$)""")
"""A text in a script, which may be a password; what a test is called is none."""

_GOOD: Final = {"ok": frozenset({200}), "success": frozenset(range(200, 300))}
_FINE: Final = frozenset(range(100, 400))


@dataclass(frozen=True, slots=True)
class Unread:
    """A script that is more than tests of the status: where, and the first line that is, as it may be shown."""

    place: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the scripts of a request come to.  statuses: those of success; None where no script says."""

    statuses: frozenset[int] | None = None
    unread: Sequence[Unread] = ()


def read_scripts(scripts: Iterable[Script]) -> Rules:
    """The rule of all scripts of a request together; a script that is not read in full adds nothing to it."""
    statuses: frozenset[int] | None = None
    unread = []
    for script in scripts:
        found, end = _read(script.text) if script.after else ([], _skip(script.text, 0))
        if end < len(script.text):
            line = script.text.count("\n", 0, end) + 1
            unread.append(Unread(script.place, line, _shown(script.text.splitlines()[line - 1].strip())))
            continue
        for each in found:
            statuses = each if statuses is None else statuses & each
    return Rules(statuses, unread)


def _shown(line: str) -> str:
    return _QUOTED.sub(lambda quoted: quoted[0] if quoted[1] else f"{quoted[2]}...{quoted[2]}", line)


def _read(text: str) -> tuple[list[frozenset[int]], int]:
    """The statuses that each test of a script asks for, and how far it could be read."""
    found: list[frozenset[int]] = []
    at = _skip(text, 0)
    while at < len(text):
        old = _OLD.match(text, at)
        end = _test(text, at, found) if old is None else old.end()
        if end is None:
            return [], at
        if old is not None:
            found.append(frozenset({int(old["one"])}))
        at = _skip(text, end)
    return found, at


def _test(text: str, at: int, found: list[frozenset[int]]) -> int | None:
    """Where a `pm.test` that only looks at the status ends; None when it does more."""
    opens = _OPENS.match(text, at)
    if opens is None:
        return None
    place, checks = _skip(text, opens.end()), 0
    while (check := _check(text, place)) is not None:
        statuses, place = check
        found.append(statuses)
        checks, place = checks + 1, _skip(text, place)
    closes = _CLOSES[opens["block"] is not None].match(text, place)
    return closes.end() if closes is not None and checks else None


def _check(text: str, at: int) -> tuple[frozenset[int], int] | None:
    for pattern in _CHECKS:
        hit = pattern.match(text, at)
        if hit is not None:
            told = hit.groupdict()
            if told.get("one"):
                return frozenset({int(told["one"])}), hit.end()
            if told.get("some"):
                return frozenset(int(one) for one in told["some"].split(",") if one.strip()), hit.end()
            return _GOOD.get(told.get("good") or "", _FINE), hit.end()
    return None


def _skip(text: str, at: int) -> int:
    """Past blanks, semicolons and comments."""
    blank = _SPACE.match(text, at)
    return blank.end() if blank is not None else at
