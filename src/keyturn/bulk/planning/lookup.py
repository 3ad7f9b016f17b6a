"""What targets told of the users of a file, row by row: two bytes a row, whatever the number of rows.  Pure."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag
from typing import Any, Final

from keyturn.bulk.job import Operation
from keyturn.core.capabilities import Capabilities
from keyturn.core.outcomes import Reason
from keyturn.core.users import Shown, Status, User

FIRST: Final = 5
"""Rows that are named of each finding."""


class Finding(IntFlag):
    """What was found out of one row."""

    ASKED = 1
    MISSING = 2
    EXISTS = 4
    FEDERATED = 8
    LOCKED = 16
    DISABLED = 32
    PRIVILEGED = 64
    UNADDRESSED = 128
    RECENT = 256
    UNTOLD = 512
    REFUSED = 1024


WORDS: Final[Mapping[Finding, str]] = {
    Finding.MISSING: "no such user",
    Finding.EXISTS: "exists already",
    Finding.FEDERATED: "signs in elsewhere: no password there",
    Finding.LOCKED: "locked",
    Finding.DISABLED: "disabled",
    Finding.PRIVILEGED: "has administrative rights",
    Finding.UNADDRESSED: "no mail address",
    Finding.RECENT: "password changed since then already",
    Finding.REFUSED: "the target would not create it",
    Finding.UNTOLD: "not answered",
}
"""What is said of each, in the order in which it is told."""

NAMES: Final = {finding: str(finding.name).lower() for finding in WORDS}
"""What each is called where machines read."""

_SHOWN_BY: Final = {
    Finding.FEDERATED: Shown.LOCAL,
    Finding.LOCKED: Shown.LOCKED,
    Finding.DISABLED: Shown.DISABLED,
    Finding.PRIVILEGED: Shown.RIGHTS,
    Finding.UNADDRESSED: Shown.MAIL,
}
_READS: Final = frozenset({"GET", "HEAD"})
_LEFT_OUT: Final = {Finding.MISSING: Reason.NO_SUCH_USER, Finding.EXISTS: Reason.EXISTS}


@dataclass(slots=True)
class Named:
    """Rows of one target with one finding: how many, and the first few."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    whos: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Lookup:
    """All that was told.  asked: rows; since: from when on a change of a password counts as one just made.

    found: by target and finding.  dated: users of whom the target says when their password was changed.
    untold: what a target does not show of anybody, in words.  sent: requests that left meanwhile, by method.
    of_target: rows, by target.  checked: creations that the target judged without doing them; refused: why it would
    not do them, as reason and text, by row.
    """

    since: datetime | None = None
    asked: int = 0
    found: dict[str, dict[Finding, Named]] = field(default_factory=dict)
    dated: dict[str, int] = field(default_factory=dict)
    untold: dict[str, Sequence[str]] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    of_target: dict[str, int] = field(default_factory=dict)
    checked: int = 0
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)
    _rows: "array[int]" = field(default_factory=lambda: array("H"), repr=False)

    def note(self, target: str, number: int, who: str, finding: Finding) -> None:
        """Keep what was found out of a row."""
        self.asked += 1
        self.of_target[target] = self.of_target.get(target, 0) + 1
        self.found.setdefault(target, {})
        self._put(number, finding | Finding.ASKED)
        for each in WORDS:
            if each in finding:
                named = self.found[target].setdefault(each, Named())
                named.count += 1
                if len(named.rows) < FIRST or number < named.rows[-1]:  # answers come in any order
                    kept = sorted([*zip(named.rows, named.whos, strict=True), (number, who)])[:FIRST]
                    named.rows, named.whos = [row for row, _ in kept], [name for _, name in kept]

    def of(self, number: int) -> Finding:
        """What was found out of a row."""
        return Finding(self._rows[number]) if number < len(self._rows) else Finding(0)

    def left_out(self, number: int) -> tuple[str, str]:
        """Why a row is not sent, as reason and text; both empty when it is."""
        found = self.of(number)
        if Finding.MISSING in found:
            return str(Reason.NO_SUCH_USER), "the target knows no such user"
        if Finding.EXISTS in found:
            return str(Reason.EXISTS), "the user exists already"
        return self.refused.get(number, ("", ""))

    def effort(self) -> str:
        """For whom was asked, and that nothing was written: what was sent beside reads is told in full."""
        users = "1 user" if self.asked == 1 else f"{self.asked:,} users"
        reads = sum(count for method, count in self.sent.items() if method in _READS)
        others = {method: count for method, count in self.sent.items() if method not in _READS}
        if not self.sent:
            return f"{users}, wrote nothing (no request left this machine)"
        told = f"{users}, {reads:,} reads"
        if others and sum(others.values()) == self.checked:
            return f"{told} and {self.checked:,} checks of creations, wrote nothing"
        if others:
            return f"{told}; besides  {', '.join(f'{method} {count:,}' for method, count in others.items())}"
        return f"{told}, wrote nothing"

    def findings(self) -> dict[str, int]:
        """How many rows there are of each finding, on all targets together, in words."""
        counts = {each: sum(found[each].count for found in self.found.values() if each in found) for each in WORDS}
        return {words: counts[each] for each, words in WORDS.items() if counts[each]}

    def figures(self) -> dict[str, Any]:
        """The same as `told`, without the rows that are left out: those are in the journal."""
        return {**self.told(), "left_out": {}, "refused": {}}

    def told(self) -> dict[str, Any]:
        """All of it as plain values, for `--json` and for frozen plans."""
        return {
            "since": self.since.isoformat() if self.since is not None else None,
            "asked": self.asked,
            "sent": dict(sorted(self.sent.items())),
            "checked": self.checked,
            "targets": [
                {
                    "target": target,
                    "asked": self.of_target.get(target, 0),
                    "not_told": list(self.untold.get(target, ())),
                    "dated": self.dated.get(target, 0),
                    "found": [
                        {"what": NAMES[each], "count": found[each].count, "rows": found[each].rows}
                        for each in WORDS
                        if each in found
                    ],
                }
                for target, found in self.found.items()
            ],
            "left_out": {
                str(reason): _in_spans(self._with(finding))
                for finding, reason in _LEFT_OUT.items()
                if any(finding in found for found in self.found.values())
            },
            "refused": {
                why: _in_spans(sorted(number for number, (reason, _) in self.refused.items() if reason == why))
                for why in sorted({reason for reason, _ in self.refused.values()})
            },
        }

    def _with(self, finding: Finding) -> Iterator[int]:
        return (number for number, found in enumerate(self._rows) if found & finding)

    def _put(self, number: int, finding: Finding) -> None:
        if number >= len(self._rows):
            self._rows.extend([0] * (max(number + 1, 2 * len(self._rows)) - len(self._rows)))
        self._rows[number] |= finding


def read_lookup(told: Mapping[str, Any]) -> Lookup:
    """As far as it decides what becomes of rows: which of them are left out, and why."""
    lookup = Lookup(datetime.fromisoformat(told["since"]) if told["since"] else None, told["asked"])
    lookup.sent, lookup.checked = dict(told["sent"]), told["checked"]
    for reason, spans in told["refused"].items():
        lookup.refused |= dict.fromkeys(_of_spans(spans), (reason, WORDS[Finding.REFUSED]))
    for each in told["targets"]:
        lookup.of_target[each["target"]] = each["asked"]
        lookup.untold[each["target"]] = tuple(each["not_told"])
        lookup.dated[each["target"]] = each["dated"]
        by_name = {name: finding for finding, name in NAMES.items()}
        lookup.found[each["target"]] = {
            by_name[one["what"]]: Named(one["count"], list(one["rows"]), []) for one in each["found"]
        }
    for finding, reason in _LEFT_OUT.items():
        for number in _of_spans(told["left_out"].get(str(reason), "")):
            lookup._put(number, finding)
    return lookup


def judged(user: User | None, operation: Operation, shows: frozenset[Shown], since: datetime | None) -> Finding:
    """What a user says of its row, as far as such a target shows it."""
    if operation is Operation.CREATE:
        return Finding(0) if user is None else Finding.EXISTS
    if user is None:
        return Finding.MISSING
    found = Finding(0)
    is_so = {
        Finding.FEDERATED: not user.has_password,
        Finding.LOCKED: user.status is Status.LOCKED,
        Finding.DISABLED: user.status is Status.DISABLED,
        Finding.PRIVILEGED: bool(user.effective),
        Finding.UNADDRESSED: not user.profile.mail(),
    }
    for finding, shown in _SHOWN_BY.items():
        if shown in shows and is_so[finding]:
            found |= finding
    changed = user.password_changed
    return found | Finding.RECENT if since is not None and changed is not None and changed >= since else found


def unshown(capabilities: Capabilities) -> Sequence[str]:
    """What such a target shows of nobody, in words."""
    return [str(shown) for shown in Shown if shown not in capabilities.shows]


def _in_spans(numbers: Iterable[int]) -> str:
    """Row numbers as people write them.

    >>> _in_spans([2, 3, 4, 9])
    '2-4,9'
    """
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _of_spans(text: str) -> Iterator[int]:
    for span in filter(None, text.split(",")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)
