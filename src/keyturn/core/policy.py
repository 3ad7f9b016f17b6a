"""The one judgement of a candidate password, for every door, the runner and the console."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, Protocol

from keyturn.core.outcomes import Reason
from keyturn.core.secret import Secret
from keyturn.core.variants import made_of

MOST_BYTES: Final = 1024
MOST_CODE_POINTS: Final = 128


@unique
class ProfileName(StrEnum):
    """The policies that a tenant can choose from; never mixed."""

    NIST = "nist"
    NIST_MFA = "nist-mfa"
    VENDOR = "vendor"


SHORTEST: Final = {ProfileName.NIST: 15, ProfileName.NIST_MFA: 8, ProfileName.VENDOR: 6}
"""Fewest code points after normalisation.  NIST SP 800-63B-4 section 3.1.1.2; MAS takes 6 (its password settings)."""


@unique
class Rule(StrEnum):
    """Which rule a candidate breaks."""

    SHORTEST = "shortest"
    LONGEST = "longest"
    CHARACTERS = "characters"
    LISTED = "listed"
    VARIANT = "variant"
    PATTERN = "pattern"
    BREACHED = "breached"
    CONTEXT = "context"


class Blocklist(Protocol):
    """Knows the passwords that attackers try first."""

    def finds(self, candidate: Secret) -> Rule | None:
        """Why the whole candidate (in any letter case) is one that they try; None when it is not.

        `LISTED`: it is on the list; `VARIANT`: a trick away from it; `PATTERN`: it repeats or counts; `BREACHED`: it
        is among the stolen ones.
        """


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one tenant at one door.  shortest and longest in code points after normalisation."""

    profile: ProfileName = ProfileName.NIST
    shortest: int = 15
    longest: int = MOST_CODE_POINTS

    @classmethod
    def of(cls, profile: ProfileName, *, shortest: int | None = None, longest: int | None = None) -> "Policy":
        """The policy of a profile, under a door's own shortest (raises it) and longest (lowers it)."""
        least = max(SHORTEST[profile], shortest or 0)
        return cls(profile, least, min(longest or MOST_CODE_POINTS, MOST_CODE_POINTS))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says of a candidate.  reason None: accepted; then `password` is what is to be hashed.

    warning: accepted although the blocklist knows it (profile `vendor`); the audit gets it.
    text names the rule and the way out and never repeats a part of the candidate.
    rule: the one that was broken, also where only a warning comes of it.
    """

    password: Secret
    reason: Reason | None = None
    text: str = ""
    warning: str = ""
    rule: Rule | None = None


KNOWN: Final[Mapping[Rule, str]] = {
    Rule.LISTED: "the password is among those that attackers try first; choose one that nobody else would",
    Rule.VARIANT: "the password is one that attackers try first, with something added or put in place of letters; "
    "choose several words that have nothing to do with each other",
    Rule.PATTERN: "the password repeats itself, counts, or follows the rows of a keyboard; choose several words that "
    "have nothing to do with each other",
    Rule.BREACHED: "the password has been stolen somewhere and is in the lists that attackers use; choose another one, "
    "and change it wherever else it is used",
    Rule.CONTEXT: "the password is made of names of the user, the tenant or this service; choose words that nobody "
    "connects with them",
}
"""What is said of a password that somebody would try soon: the rule, and how to do better."""

_ON_THE_LIST: Final = "the password is on the list of known passwords"
_WARNINGS: Final[Mapping[Rule, str]] = {
    Rule.BREACHED: "the password is among the stolen ones",
    Rule.CONTEXT: "the password is made of names",
}


def judge(candidate: Secret, policy: Policy, blocklist: Blocklist, context: frozenset[str] = frozenset()) -> Verdict:
    """Judge a candidate; `context` holds the words of `core/context.py` that may not make up the whole of it.

    The order is fixed: byte cap, code point cap, normalisation, the rest.  Nothing is ever truncated.
    """
    clear = candidate.reveal()
    if len(clear.encode("utf-8", "surrogatepass")) > MOST_BYTES or len(clear) > max(policy.longest, MOST_CODE_POINTS):
        return _too_long(candidate, policy)
    normal = opaque_string(clear)
    if normal is None:
        text = "the password is empty or holds a character that cannot be typed everywhere (control, unassigned)"
        return Verdict(candidate, Reason.UNUSABLE_CHARACTER, text, rule=Rule.CHARACTERS)
    if len(normal) > policy.longest:
        return _too_long(candidate, policy)
    if len(normal) < policy.shortest:
        text = f"the password is shorter than {policy.shortest} characters; a phrase of several words is easy to keep"
        return Verdict(candidate, Reason.TOO_SHORT, text, rule=Rule.SHORTEST)
    rule = _known(candidate, Secret(normal), blocklist, context)
    if rule is None:
        return Verdict(Secret(normal))
    if policy.profile is ProfileName.VENDOR:
        return Verdict(Secret(normal), warning=_WARNINGS.get(rule, _ON_THE_LIST), rule=rule)
    return Verdict(Secret(normal), Reason.TOO_COMMON, KNOWN[rule], rule=rule)


def _known(candidate: Secret, normal: Secret, blocklist: Blocklist, context: frozenset[str]) -> Rule | None:
    """Why somebody would try it soon.  Lists of stolen ones have passwords as they were typed, so that counts too."""
    rule = blocklist.finds(normal)
    if rule is None and normal != candidate:
        rule = blocklist.finds(candidate)
    if rule is None and named(normal, context):
        rule = Rule.CONTEXT
    return rule


def named(normal: Secret, context: frozenset[str]) -> bool:
    """Whether a normalised password is made of the words of its context and nothing else."""
    return made_of(normal.reveal().casefold(), context)


def _too_long(candidate: Secret, policy: Policy) -> Verdict:
    text = f"the password is longer than {policy.longest} characters; choose a shorter one, for nothing is ever cut off"
    return Verdict(candidate, Reason.TOO_LONG, text, rule=Rule.LONGEST)


def opaque_string(text: str) -> str | None:
    """The text under RFC 8265 OpaqueString (spaces mapped, NFC), or None where that profile refuses it.

    Refused: the empty string, controls, format characters but the joiners, unassigned, surrogate and private.
    """
    mapped = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    normal = unicodedata.normalize("NFC", mapped)
    if not normal or any(_refused(char) for char in normal):
        return None
    return normal


def _refused(char: str) -> bool:
    category = unicodedata.category(char)
    return category in ("Cc", "Cf", "Cn", "Cs", "Co", "Zl", "Zp") and char not in "\u200c\u200d"
