"""A second person's yes to a frozen plan: when it is demanded, what is signed, and whose counts.  Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from keyturn.bulk.record.frozen import Approval, Frozen
from keyturn.core.errors import PlanError

Verify: TypeAlias = Callable[[str, bytes, str], bool]
"""Whether a signature is of this public key and this statement."""

_STATEMENT: Final = "keyturn approval of a plan, 1\nplan {}\nby {}\nat {}\n"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by name and by the public key that goes with it."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Demand:
    """Whether somebody else has to say yes.  targets: those that demand it; above: from how many users on."""

    targets: Sequence[str] = ()
    above: int | None = None

    def why(self, changes: Mapping[str, int]) -> str:
        """Why these changes, counted by target, need it; empty when they do not."""
        asking = [name for name in self.targets if changes.get(name)]
        if asking:
            return f"{' and '.join(asking)} demands it" if len(asking) == 1 else f"{', '.join(asking)} demand it"
        count = sum(changes.values())
        if self.above is not None and count > self.above:
            return f"{count:,} users are more than the {self.above:,} that may be changed without it"
        return ""


def approver(line: str) -> Person:
    """A person as the settings name them: `berit ed25519:...`."""
    name, _, key = line.rpartition(" ")
    return Person(name.strip(), key)


def statement(digest: str, name: str, at: datetime) -> bytes:
    """What an approval signs: this plan, in this name, at this time."""
    return _STATEMENT.format(digest, name, at.isoformat()).encode()


def hold_signatures(frozen: Frozen, verify: Verify) -> None:
    """Raises PlanError when a signature beside the plan is not one over this plan."""
    for each in frozen.approvals:
        if not verify(each.key, statement(frozen.digest, each.name, each.at), each.signature):
            raise PlanError(
                f"the approval by {each.name} is not one of this plan",
                code="KT-PLN-008",
                why="it was given to another plan, or it was changed afterwards",
                fix="have this very plan approved:  keyturn plan approve",
            )


def counted(frozen: Frozen, approvers: Sequence[Person], runner: Person) -> tuple[list[Approval], list[str]]:
    """The approvals that count, in the names that the settings give, and of the others why they do not.

    runner: who carries the plan out.  Neither they nor who made the plan approve it: who made it is only what the plan
    says of itself, so that one person alone could pass for two.
    """
    counts, others = [], []
    for each in frozen.approvals:
        known = next((person.name for person in approvers if person.key == each.key), "")
        if not known:
            others.append(f"{each.name} with the key {each.key} is not among the approvers here")
        elif _same(frozen.maker.name, frozen.maker.key, known, each.key, approvers):
            others.append(f"{known} made the plan")
        elif _same(runner.name, runner.key, known, each.key, approvers):
            others.append(f"{known} would carry it out")
        else:
            counts.append(Approval(known, each.key, each.at, each.signature))
    return counts, others


def _same(name: str, key: str, known: str, theirs: str, approvers: Sequence[Person]) -> bool:
    """Whether two are one person: the same key, or a name that one of their keys goes by."""
    names = {name.casefold(), *(person.name.casefold() for person in approvers if person.key == key)}
    return key == theirs or known.casefold() in names


def refuse_unapproved(why: str, others: Sequence[str], whom: Sequence[str], *, frozen: str) -> PlanError:
    """The error for a run that nobody else has said yes to.  frozen: the plan file, empty where there is none."""
    asked = ", ".join(whom) or "somebody whom [runs] approvers names; it names nobody yet"
    first = "" if frozen else "freeze the plan with  keyturn plan ... -o q3.plan, then "
    return PlanError(
        "somebody else has to approve this first",
        code="KT-PLN-007",
        where="\n".join(others),
        why=why,
        fix=f"{first}ask {asked}:  keyturn plan approve {frozen or 'q3.plan'}",
    )


def refuse_own(frozen: Frozen, me: Person, approvers: Sequence[Person]) -> None:
    """Raises PlanError when somebody would approve what they made."""
    if _same(frozen.maker.name, frozen.maker.key, me.name, me.key, approvers):
        raise PlanError(
            f"{frozen.maker.name} made this plan and cannot approve it",
            code="KT-PLN-009",
            why="two people are to look at it",
            fix="ask somebody else whom [runs] approvers names",
        )
