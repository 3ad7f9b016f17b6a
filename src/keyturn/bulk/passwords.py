"""Judges passwords that come in with the file; shows none."""

from dataclasses import dataclass

from keyturn.bulk.job import Rules
from keyturn.core.capabilities import Capabilities
from keyturn.core.policy import Blocklist, Policy, ProfileName, judge, opaque_string
from keyturn.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules for passwords from the file, under what the target takes."""

    policy: Policy
    blocklist: Blocklist
    classes: int = 0

    def fault(self, password: Secret, who: str) -> tuple[str, str]:
        """Reason and sentence, both empty when the password will do."""
        if not password:
            return "no-password", "the cell of the password is empty"
        verdict = judge(password, self.policy, self.blocklist, frozenset({who.casefold()}))
        if verdict.reason is not None:
            return str(verdict.reason), verdict.text
        if classes_of(password) < self.classes:
            return "policy", f"the password needs {self.classes} of: lower case, upper case, digits, signs"
        return "", ""


def judge_for(capabilities: Capabilities, rules: Rules | None, blocklist: Blocklist) -> Judge:
    """The rules of the target where it states some, else ours, bent to what servers of its kind take."""
    hard = capabilities.longest
    if rules is not None:
        longest = min(rules.longest, hard or rules.longest)
        return Judge(Policy(ProfileName.NIST, rules.shortest, longest), blocklist, rules.classes)
    policy = Policy.of(ProfileName.NIST, longest=hard)
    usual = capabilities.usual
    if usual is not None and usual.longest < policy.shortest:
        policy = Policy(ProfileName.NIST, usual.shortest, policy.longest)
    return Judge(policy, blocklist)


def folded(password: Secret) -> Secret:
    """The password as it is compared with names: normalised, without regard to case."""
    clear = password.reveal()
    return Secret((opaque_string(clear) or clear).casefold())


def classes_of(password: Secret) -> int:
    """How many of lower case, upper case, digits and signs occur."""
    clear = password.reveal()
    kinds = (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())
    return sum(any(kind(letter) for letter in clear) for kind in kinds)
