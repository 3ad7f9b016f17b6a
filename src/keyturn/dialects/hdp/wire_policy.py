"""The password policy of Hybrid Data Pipeline, both ways, and the list of users.  Pure.

Sources: "Configuring password and account lockout policies", "Public Password Policy API", "Administrator Password
Policy API", "rulesInfo Object", "Validate the password", "Get user accounts" (docs.progress.com, Hybrid Data Pipeline
5.0 and 4.6, read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.core.capabilities import Usual
from keyturn.core.outcomes import Reason
from keyturn.core.policy import Policy, ProfileName
from keyturn.core.secret import Secret
from keyturn.dialects.hdp.wire import LONGEST, SHORTEST
from keyturn.dialects.hdp.wire_shapes import Body, Unreadable, number_text, text_of, whole_of

LENGTH: Final = "PASSWORD_LENGTH_RULE"
CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    "UPPER_CLASS_RULE": ("upperCaseCharacterRule", "Upper Case Letters A-Z"),
    "LOWER_CLASS_RULE": ("lowerCaseCharacterRule", "Lower Case Letters a-z"),
    "NUMERIC_CLASS_RULE": ("numericCharacterRule", "Numbers 0-9"),
    "SPECIAL_CLASS_RULE": ("specialCharacterRule", "Non-white space special characters"),
}
"""The rules on classes of characters: id and title of each."""

DEFAULT, CUSTOM = 1, 2
"""The ids of the policies: the vendor's own, which is never in force here, and the one that a site sets."""

_LENGTH_RULE: Final = "pwdLengthRule"
_OURS: Final = {
    "usableCharactersRule": "Only characters that can be typed everywhere",
    "knownPasswordsRule": "None of the passwords that attackers try first",
}
"""Rules that the vendor does not have; their ids are invented."""


def policy_body(profile: ProfileName) -> Body:
    """The policy of a tenant as the vendor writes it; there are no rules on classes of characters here."""
    policy = _policy(profile)
    description = "The password policy of this directory"
    rules = [_length_rule(policy.shortest, policy.longest)]
    return {"id": CUSTOM, "name": profile.value, "description": description, "rules": rules, "expirationDays": 0}


def default_policy_body() -> Body:
    """The vendor's default policy, as its pages print it."""
    classes: list[Body] = [
        {"title": title, "ruleId": rule, "ruleName": name, "minChars": 1} for name, (rule, title) in CLASSES.items()
    ]
    return {
        "id": DEFAULT,
        "name": "Default Policy",
        "description": "Default Password Policy",
        "rules": [_length_rule(8, 12), *classes],
        "expirationDays": 0,
    }


def says_what_holds(body: Mapping[str, object], profile: ProfileName) -> bool:
    """Whether a sent policy is the one in force, whatever its texts say.  Raises Unreadable when it is none."""
    rules, policy = body.get("rules"), _policy(profile)
    text_of(body, "name")
    if not isinstance(rules, list) or whole_of(body, "id", CUSTOM) != CUSTOM:
        raise Unreadable("the policy must have the id 2 and a list of rules")
    asked = [_asked(rule) for rule in rules]
    wanted = [(LENGTH, policy.shortest, policy.longest)]
    return [rule for rule in asked if rule[1:] != (0, 0)] == wanted and whole_of(body, "expirationDays", 0) == 0


def _asked(rule: object) -> tuple[str, int, int]:
    """The name and the numbers of a sent rule; one that asks for no character of a class says nothing."""
    if not isinstance(rule, Mapping):
        raise Unreadable("a rule must be an object")
    name = text_of(rule, "ruleName")
    if name in CLASSES:
        least = whole_of(rule, "minChars", 1)
        return name, least, least
    return name, whole_of(rule, "minLength", 1), whole_of(rule, "maxLength", LONGEST)


def read_candidate(body: Mapping[str, object]) -> Secret:
    """The password that is to be tested.  Raises Unreadable."""
    value = body.get("password")
    if not isinstance(value, str):
        raise Unreadable("password must be a text")
    return Secret(value)


def verdict_body(reason: Reason | None, profile: ProfileName) -> Body:
    """What the policy says of a candidate, rule by rule; a rule that was not reached is left out."""
    policy = _policy(profile)
    titles = {_LENGTH_RULE: _length_title(policy.shortest, policy.longest)} | _OURS
    broken = {Reason.UNUSABLE_CHARACTER: "usableCharactersRule", Reason.TOO_COMMON: "knownPasswordsRule"}
    failed = "" if reason is None else broken.get(reason, _LENGTH_RULE)
    # What is too long or holds an odd character is looked at no further; a known password passed the others.
    judged = [failed] if failed in (_LENGTH_RULE, "usableCharactersRule") else list(titles)
    rules = [{"ruleId": rule, "title": titles[rule], "passed": rule != failed} for rule in judged]
    return {"passwordValidationResponse": {"passed": not failed, "rules": rules}}


def _policy(profile: ProfileName) -> Policy:
    return Policy.of(profile, shortest=SHORTEST, longest=LONGEST)


def _length_rule(shortest: int, longest: int) -> Body:
    return {
        "title": _length_title(shortest, longest),
        "ruleId": _LENGTH_RULE,
        "ruleName": LENGTH,
        "minLength": shortest,
        "maxLength": longest,
    }


def _length_title(shortest: int, longest: int) -> str:
    return f"Must contain at least {shortest} characters but no more than {longest} characters"


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
    return Usual(shortest, longest, classes, told=True) if shortest <= longest else None


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
