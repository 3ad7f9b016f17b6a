"""The table of rights as it stands in the reference, and the people and things that its rows speak of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn.core.users import RIGHT_NAMES, Right

TABLE: Final = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "rights.json").read_text("utf-8"))
ROLES: Final[dict[str, frozenset[Right]]] = {
    role: frozenset[Right]().union(*(RIGHT_NAMES[word] for word in words)) for role, words in TABLE["roles"].items()
}
CONFINED: Final = "must-change"
"""The role that has to set a new password before anything else."""


@dataclass(frozen=True)
class Row:
    """One cell of the table."""

    operation: str
    role: str
    target: str
    allowed: bool

    def __str__(self) -> str:
        return f"{self.role} {self.operation} {self.target}"


def rows() -> Iterator[Row]:
    """Every cell: nobody is above who holds everything."""
    for operation, targets in TABLE["targets"].items():
        for role, rights in ROLES.items():
            for target in targets:
                if target != "above" or rights != ROLES["administrator"]:
                    allowed = target in TABLE["allowed"][operation][role]
                    yield Row(operation, role, target, allowed)


def may(operations: tuple[str, ...], role: str, target: str) -> bool:
    """Whether the table allows all of these operations.

    A target that an operation does not know (a list is about nobody) does not forbid it.
    """
    for operation in operations:
        known = TABLE["targets"][operation]
        meant = target if target in known else "nobody" if "nobody" in known else target
        if meant not in TABLE["allowed"][operation][role]:
            return False
    return True
