"""The password policy of Hybrid Data Pipeline, both ways, and the list of users.  Pure.

Sources: "Configuring password and account lockout policies", "Public Password Policy API", "Get user accounts"
(docs.progress.com, Hybrid Data Pipeline 5.0, read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.core.capabilities import Usual
from keyturn.core.policy import Policy, ProfileName
from keyturn.dialects.hdp.wire import LONGEST, SHORTEST
from keyturn.dialects.hdp.wire_shapes import Body, Unreadable, number_text, text_of, whole_of

LENGTH: Final = "PASSWORD_LENGTH_RULE"
CLASSES: Final = frozenset({"SPECIAL_CLASS_RULE", "LOWER_CLASS_RULE", "UPPER_CLASS_RULE", "NUMERIC_CLASS_RULE"})
CUSTOM: Final = 2
"""The id of the policy that a site sets."""


def policy_body(profile: ProfileName) -> Body:
    """The policy of a tenant as the vendor writes it; there are no rules on classes of characters here."""
    policy = Policy.of(profile, shortest=SHORTEST, longest=LONGEST)
    length: Body = {
        "ruleName": LENGTH,
        "ruleId": 1,
        "title": "Length of the password",
        "minLength": policy.shortest,
        "maxLength": policy.longest,
    }
    return {
        "id": CUSTOM,
        "name": profile.value,
        "description": "The password policy of this directory",
        "rules": [length],
        "expirationDays": None,
    }


def read_policy(value: object) -> Usual | None:
    """Lengths and classes that a policy asks for; None when it is none that can be read."""
    rules = value.get("rules") if isinstance(value, Mapping) else None
    if not isinstance(rules, list):
        return None
    shortest, longest, classes = SHORTEST, LONGEST, 0
    try:
        for rule in rules:
            if not isinstance(rule, Mapping):
                return None
            name = text_of(rule, "ruleName")
            if name == LENGTH:
                shortest = max(1, whole_of(rule, "minLength", shortest))
                longest = min(LONGEST, whole_of(rule, "maxLength", longest))
            classes += name in CLASSES and whole_of(rule, "minChars", 1) > 0
    except Unreadable:
        return None
    return Usual(shortest, longest, classes) if shortest <= longest else None


@dataclass(frozen=True, slots=True)
class Listed:
    """A user of the list: the number, the sign-in name, and which tenant (number and name, as far as told)."""

    number: str
    login: str
    tenants: tuple[str, ...]
    body: Mapping[str, object]


def read_list(value: object) -> Sequence[Listed]:
    """The users of an answer.  Raises Unreadable when it is no list of them, or a number stands in it twice."""
    users = value.get("users") if isinstance(value, Mapping) else None
    if not isinstance(users, list):
        raise Unreadable("there is no list of users")
    found = [_listed(entry) for entry in users]
    if len({each.number for each in found}) != len(found):
        raise Unreadable("two users have the same id")
    return found


def _listed(entry: object) -> Listed:
    body = entry if isinstance(entry, Mapping) else {}
    number, login = number_text(body.get("id")), text_of(body, "userName")
    if not number or not login:
        raise Unreadable("a user has no id or no userName")
    tenants = (number_text(body.get("tenantId")), text_of(body, "tenantName"))
    return Listed(number, login, tuple(name for name in tenants if name), body)
