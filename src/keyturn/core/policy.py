"""The one judgement of a candidate password, for every door, the runner and the console."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, Protocol

from keyturn.core.outcomes import Reason
from keyturn.core.secret import Secret

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


class Blocklist(Protocol):
    """Knows the passwords that attackers try first."""

    def lists(self, candidate: Secret) -> bool:
        """True when the whole candidate (in any letter case) is on the list."""


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
    """

    password: Secret
    reason: Reason | None = None
    text: str = ""
    warning: str = ""


def judge(candidate: Secret, policy: Policy, blocklist: Blocklist, context: frozenset[str] = frozenset()) -> Verdict:
    """Judge a candidate; `context` holds words that must not be the whole password (login, names, product).

    The order is fixed: byte cap, code point cap, normalisation, the rest.  Nothing is ever truncated.
    """
    clear = candidate.reveal()
    if len(clear.encode("utf-8", "surrogatepass")) > MOST_BYTES or len(clear) > max(policy.longest, MOST_CODE_POINTS):
        return _no(candidate, Reason.TOO_LONG, f"the password is longer than {policy.longest} characters")
    normal = opaque_string(clear)
    if normal is None:
        text = "the password is empty or holds a character that cannot be typed everywhere (control, unassigned)"
        return _no(candidate, Reason.UNUSABLE_CHARACTER, text)
    if len(normal) > policy.longest:
        return _no(candidate, Reason.TOO_LONG, f"the password is longer than {policy.longest} characters")
    if len(normal) < policy.shortest:
        text = f"the password is shorter than {policy.shortest} characters; a phrase of several words is easy to keep"
        return _no(candidate, Reason.TOO_SHORT, text)
    return _known(Secret(normal), policy, blocklist, context)


def _known(normal: Secret, policy: Policy, blocklist: Blocklist, context: frozenset[str]) -> Verdict:
    listed = blocklist.lists(normal) or normal.reveal().casefold() in context
    if not listed:
        return Verdict(normal)
    if policy.profile is ProfileName.VENDOR:
        return Verdict(normal, warning="the password is on the list of known passwords")
    text = "the password is among those that attackers try first; choose one that nobody else would"
    return _no(normal, Reason.TOO_COMMON, text)


def _no(candidate: Secret, reason: Reason, text: str) -> Verdict:
    return Verdict(candidate, reason, text)


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
