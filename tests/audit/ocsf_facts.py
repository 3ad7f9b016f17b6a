"""What the Open Cybersecurity Schema Framework 1.2.0 asks of the classes that we write, as far as we write them.

From its published files (github.com/ocsf/ocsf-schema: events/iam/account_change.json, authentication.json,
entity_management.json, group_management.json, objects/metadata.json, user.json, managed_entity.json,
network_endpoint.json) and schema.ocsf.io/1.2.0, read on 2026-11-22.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Asked:
    """A class: its category, the activities it knows beside 0 (unknown) and 99 (other), and what an event must have.

    either: of these at least one.
    """

    category: int
    activities: frozenset[int]
    required: tuple[str, ...] = ()
    either: tuple[str, ...] = ()


CLASSES: Final = {
    3001: Asked(3, frozenset(range(1, 12)), ("user",)),
    3002: Asked(3, frozenset(range(1, 6)), ("user",), ("service", "dst_endpoint")),
    3004: Asked(3, frozenset(range(1, 5)), ("entity",)),
    3006: Asked(3, frozenset(range(1, 7)), ("group",), ("privileges", "user")),
}

OF_ALL: Final = (
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
)  # fmt: skip
"""What every event must have."""

OF_METADATA: Final = ("product", "version")
EITHER_OF_USER: Final = ("account", "name", "uid")
EITHER_OF_ENTITY: Final = ("name", "uid")
EITHER_OF_ENDPOINT: Final = ("ip", "uid", "name", "hostname")
SEVERITIES: Final = frozenset({0, 1, 2, 3, 4, 5, 6, 99})
STATUSES: Final = frozenset({0, 1, 2, 99})
