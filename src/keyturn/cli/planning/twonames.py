"""What `--offline` leaves open: whether a user stands in the file under two names, or under one that is protected."""

from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.running.naming import doubts
from keyturn.cli.frame import Frame
from keyturn.core.errors import PlanError


def warn_unasked(frame: Frame, plan: Plan) -> None:
    """Say of which targets this was not checked."""
    for name in doubts(plan):
        text = f"{name}: offline, so it was not checked which numbers or GUIDs are users of other rows, or protected"
        frame.warn(text, code="KT-IN-024")


def refuse_unasked(plan: Plan) -> None:
    """Raises PlanError where a run would be begun without the check."""
    names = ", ".join(doubts(plan))
    if names:
        raise PlanError(
            f"{names} must be asked whom the numbers or GUIDs of this file mean",
            code="KT-RUN-026",
            why="a user could be changed twice, or a protected one under another name",
            fix="leave --offline away",
        )
