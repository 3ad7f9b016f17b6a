"""Asks before anything changes: a yes for a few users, the number for many, name and number in production."""

from collections.abc import Sequence

from keyturn.cli.desk.flags import Asked
from keyturn.cli.frame import Frame, NotConfirmed
from keyturn.cli.words import counted
from keyturn.core.errors import PlanError

TRIES = 3


def confirm(
    frame: Frame, asked: Asked, *, count: int, target: str, production: Sequence[str], verb: str = "change"
) -> None:
    """Raises PlanError unless somebody says that so many users may change.

    target: where they are, for the question; verb: what is done to them.  production: the targets whose names are
    typed with the number.
    """
    if asked.expect is not None:
        if asked.expect != count:
            raise PlanError(
                f"the plan changes {count:,} users, --expect says {asked.expect:,}",
                code="KT-RUN-020",
                why="the file is not the one that the number was counted on, or the target protects other users now",
                fix=f"look at keyturn plan, then --expect {count}",
            )
        return
    said = asked.played.iterations if asked.played is not None else None
    if count in (0, said) or (asked.frozen is not None and not frame.may_ask):
        return  # the plan file is what was confirmed, and it was held against everything
    users = counted(count, "user")
    if not production and count <= frame.settings.runs.confirm_above:
        if not asked.yes:
            frame.insist(f"{verb.capitalize()} {users} on {target}?", otherwise=f"--expect {count}")
        return
    wanted = f"{' '.join(production)} {count}" if production else str(count)
    question = f'Type "{wanted}":' if production else f"Type the number of users to {verb} ({count}):"
    _typed(frame, question, wanted, otherwise=f"--expect {count}")


def _typed(frame: Frame, question: str, wanted: str, *, otherwise: str) -> None:
    for left in reversed(range(TRIES)):
        answer = frame.ask(question, otherwise=otherwise).strip()
        if answer == wanted:
            return
        if not answer:
            break
        frame.say(f"That is not {wanted}. {frame.progress} {f'Try again ({left} left), or Ctrl-C.' if left else ''}")
    raise NotConfirmed
