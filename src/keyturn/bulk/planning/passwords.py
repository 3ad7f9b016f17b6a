"""Judges passwords that come in with the file; shows none."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from keyturn.bulk.job import Rules
from keyturn.core.capabilities import Capabilities
from keyturn.core.context import context_of
from keyturn.core.outcomes import Reason
from keyturn.core.policy import MOST_CODE_POINTS, SHORTEST, Blocklist, Policy, ProfileName, judge, opaque_string
from keyturn.core.secret import Secret

NAMING: Final = ("login", "email", "display_name", "given_name", "family_name")
"""Cells with names of a person, of which their password may not be made."""

NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules for passwords from the file, under what the target takes.  rule: in words, and where it comes from."""

    policy: Policy
    blocklist: Blocklist
    classes: int = 0
    rule: str = ""

    def fault(self, password: Secret, who: str, cells: Mapping[str, str] = NOTHING) -> tuple[str, str]:
        """Reason and sentence, both empty when the password will do.  cells: what the file says of the person."""
        if not password:
            return "no-password", "the cell of the password is empty"
        verdict = judge(password, self.policy, self.blocklist, names_of(who, cells))
        if verdict.reason in (Reason.TOO_SHORT, Reason.TOO_LONG):
            return str(verdict.reason), self.rule
        if verdict.reason is not None:
            return str(verdict.reason), verdict.text
        if classes_of(password) < self.classes:
            return str(Reason.POLICY), self.rule
        return "", ""


def judge_for(capabilities: Capabilities, rules: Rules | None, blocklist: Blocklist, target: str) -> Judge:
    """The rule of the target's settings, else what it tells, else what its kind usually takes, else ours."""
    longest = capabilities.longest or MOST_CODE_POINTS
    known = Rules(min(SHORTEST[ProfileName.NIST], longest), longest)
    usual = capabilities.usual
    if rules is not None:
        known, source = rules, "by its password_rules"
    elif usual is not None:
        known = Rules(usual.shortest, usual.longest, usual.classes)
        source = "as it says itself" if usual.told else "as is usual for its kind"
    else:
        source = "as long as nothing else is known of it"
    shortest = max(known.shortest, capabilities.shortest or 0)
    rule = replace(known, shortest=shortest, longest=min(known.longest, longest))
    way_out = "" if rules is not None else "; if that is wrong, set password_rules of the target"
    policy = Policy(ProfileName.NIST, rule.shortest, rule.longest)
    return Judge(policy, blocklist, rule.classes, f"{target} takes {rule}, {source}{way_out}")


def names_of(who: str, cells: Mapping[str, str]) -> frozenset[str]:
    """The words of which the password of this row may not be made."""
    return context_of(who, *(cells.get(name, "") for name in NAMING))


def guessable(password: Secret) -> bool:
    """True when it is shorter than is safe where nothing else protects an account."""
    return len(unicodedata.normalize("NFC", password.reveal())) < SHORTEST[ProfileName.NIST]


def folded(password: Secret) -> Secret:
    """The password as it is compared with names: normalised, without regard to case."""
    clear = password.reveal()
    return Secret((opaque_string(clear) or clear).casefold())


def classes_of(password: Secret) -> int:
    """How many of lower case, upper case, digits and signs occur."""
    clear = password.reveal()
    kinds = (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())
    return sum(any(kind(letter) for letter in clear) for kind in kinds)
