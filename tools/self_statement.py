"""The page on which keyturn says, requirement by requirement, what is met and which test shows it."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tools.marks import Marks, Proof, marks

ROOT: Final = Path(__file__).resolve().parent.parent
CATALOGUES: Final = ("requirements.json", "requirements-nist.json", "requirements-asvs.json")
MET, IN_PART, NOT_MET = "met", "in part", "not met"
STATES: Final = (MET, IN_PART, NOT_MET, "not applicable", "operator", "later")

FAMILIES: Final[Mapping[str, str]] = {
    "PW": "Passwords",
    "ST": "How secrets are stored",
    "ML": "Mail and delivery",
    "AU": "Signing in",
    "AZ": "Who may do what",
    "TK": "Tokens and sessions",
    "AP": "HTTP",
    "RN": "Runs",
    "DB": "The store",
    "LG": "Audit and logs",
    "CN": "Pages in a browser",
    "CF": "Configuration and build",
    "R": "Promises that are measured at length",
    "N": "NIST SP 800-63B-4",
    "V": "OWASP ASVS 5.0.0",
}

HEAD: Final = """
What keyturn asks of itself in matters of security, whether it is met, and by which test. Three lists: our own
requirements, the clauses of NIST SP 800-63B-4 (the text of July 2025) that speak of passwords, one-time secrets,
throttling, recovery and sessions, and every requirement of OWASP ASVS 5.0.0 with its level in brackets; what each asks
is told in our own words, and the standard decides. **Tested against these, never certified by anybody.**

* *met*: the tests named here fail when it is broken. `make test` runs all of them; `make campaign` runs some at length.
  One by its name, `_` for each space: `.venv/bin/pytest tests/mail/test_promises.py -k somebody_chose_is_never_mailed`.
* *in part*: a part is tested; what is missing is said.
* *not met*, *not applicable*: with the reason. *operator*: up to whoever runs keyturn. *later*: not built yet.

A requirement that has neither a test nor a reason here fails the build, and so does a test that claims what this page
denies.
"""

FOOT: Final = """
## Not promised

* Protection once both the database and the key folder are stolen.
* Mail that arrives exactly once: a rare second copy is possible, and it is the same letter with the same secret.
* That what was acknowledged survives a power cut on a disk that says it has written and has not.
* Anything about a vendor's own server beyond the state of each row in a run's report.
* A certificate. Nobody has certified keyturn, and these standards certify nobody.
"""


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One requirement.  through: others that show it, too; level: of ASVS; state and reason: where no test decides."""

    id: str
    what: str
    sources: tuple[str, ...] = ()
    level: int = 0
    through: tuple[str, ...] = ()
    state: str = ""
    reason: str = ""

    @property
    def family(self) -> str:
        """`PW` of `PW-1`, `V` of `V6.2.1`."""
        return re.sub(r"[-\d].*", "", self.id)


@dataclass(frozen=True)
class Judged:
    """A requirement with what came of it."""

    requirement: Requirement
    state: str
    reason: str
    proofs: tuple[Proof, ...]


def catalogue(folder: Path = ROOT / "docs" / "reference") -> list[Requirement]:
    """Every requirement, in the order of the files."""
    read = [msgspec.json.decode((folder / name).read_bytes(), type=list[Requirement]) for name in CATALOGUES]
    return list(itertools.chain.from_iterable(read))


def judge(requirements: Sequence[Requirement], proofs: Iterable[Proof]) -> list[Judged]:
    """What is met, from what the tests claim and what the catalogue says."""
    found: dict[str, list[Proof]] = {}
    for proof in proofs:
        found.setdefault(proof.id, []).append(proof)
    own = {each.id: _state(each, bool(found.get(each.id))) for each in requirements}
    return [Judged(each, *_through(each, *own[each.id], own), tuple(found.get(each.id, ()))) for each in requirements]


def _state(requirement: Requirement, proved: bool) -> tuple[str, str]:
    """State and reason of a requirement taken by itself."""
    if requirement.state:
        return requirement.state, requirement.reason
    return (MET, "") if proved else (NOT_MET, "no test shows it")


def _through(requirement: Requirement, state: str, reason: str, own: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """What a requirement without a test and a word of its own gets from those that it points to."""
    if requirement.state or not requirement.through or state == MET:
        return state, reason
    states = {each: own.get(each, (NOT_MET, ""))[0] for each in requirement.through}
    missing = [each for each, known in states.items() if known != MET]
    if not missing:
        return MET, ""
    return (IN_PART if set(states.values()) & {MET, IN_PART} else NOT_MET), f"see {', '.join(missing)}"


def faults(requirements: Sequence[Requirement], found: Marks) -> list[str]:
    """What a stranger could hold against the page."""
    ids = Counter(each.id for each in requirements)
    told = [f"{each}: stands in the catalogue twice" for each, count in ids.items() if count > 1]
    told += [f"{place}: the mark is on no test, or holds more than plain ids" for place in found.unread]
    for proof in found.proofs:
        if proof.id not in ids:
            told.append(f"{proof.id}: unknown to the catalogue, claimed by {proof.path} {proof.test}")
        if proof.idle:
            told.append(f"{proof.id}: claimed by {proof.path} {proof.test}, which never runs")
    claimed = {proof.id for proof in found.proofs}
    for each in requirements:
        told += [f"{each.id}: {fault}" for fault in _faults_of(each, each.id in claimed, ids)]
    return told


def _faults_of(requirement: Requirement, claimed: bool, ids: Mapping[str, int]) -> Iterable[str]:
    state, reason = requirement.state, requirement.reason
    yield from (f"points to {other}, which nobody knows" for other in requirement.through if other not in ids)
    if state not in ("", *STATES[1:]):
        yield f"{state!r} is no state"
    if bool(state) != bool(reason):
        yield "state and reason go together"
    if state == IN_PART and not claimed:
        yield "met in part, says the catalogue, and no test shows the part"
    if state not in ("", IN_PART) and claimed:
        yield f"{state}, says the catalogue, and a test claims it"
    if not state and not claimed and not requirement.through:
        yield "neither a test nor a state"


def as_page(note: str) -> str:
    """The whole page."""
    judged = judge(catalogue(), marks(ROOT / "tests").proofs)
    text = f"# What is asked, and what shows it\n\n{note}{HEAD.lstrip()}\n{_counts(judged)}"
    for family, title in FAMILIES.items():
        text += f"\n## {title}\n\n| id | what | state | shown by |\n|---|---|---|---|\n"
        text += "".join(_row(each) for each in judged if each.requirement.family == family)
    return text + FOOT


def _counts(judged: Sequence[Judged]) -> str:
    lists = {
        "our own": [each for each in judged if each.requirement.family not in ("N", "V")],
        "NIST SP 800-63B-4": [each for each in judged if each.requirement.family == "N"],
        "ASVS 5.0.0": [each for each in judged if each.requirement.family == "V"],
    } | {
        f"of these, level {level}": [each for each in judged if each.requirement.level == level] for level in (1, 2, 3)
    }
    text = f"| list | {' | '.join(STATES)} |\n|---|{'---|' * len(STATES)}\n"
    for name, rows in lists.items():
        count = Counter(each.state for each in rows)
        text += f"| {name} | {' | '.join(str(count[state]) for state in STATES)} |\n"
    return text


def _row(judged: Judged) -> str:
    asked = judged.requirement
    level = f" [{asked.level}]" if asked.level else ""
    what = asked.what + (f" ({', '.join(asked.sources)})" if asked.sources else "")
    state = judged.state + (f": {judged.reason}" if judged.reason else "")
    shown = [f"[{proof.sentence}](../../{proof.path})" for proof in dict.fromkeys(judged.proofs)]
    shown += [f"{', '.join(asked.through)}"] if asked.through and judged.state in (MET, IN_PART) else []
    return f"| {asked.id}{level} | {what} | {state} | {'; '.join(shown)} |\n".replace(" |  |", " | |")
