"""What one request may hold: the library works where everybody waits, and some bodies would take it long."""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.scim.wire import MOST_OF_ONE, MOST_OPERATIONS
from keyturn.http.json import BadRequest

MOST_FILTERED: Final = 500
"""How many paths with a filter (`emails[type eq "work"]`) one body holds."""

MOST_FILTERED_HERE: Final = 30
"""How many of them one PATCH holds: each is held against all values of its user, and may add one."""

_LONG: Final = frozenset({"operations", "members", "schemas"})


def refuse_many(value: object) -> None:
    """Raises BadRequest for a body that would take the library long."""
    if _filtered(value) > MOST_FILTERED:
        raise BadRequest(f"the body holds more than {MOST_FILTERED} paths with a filter", 413)


def _filtered(value: object) -> int:
    """How many paths with a filter there are; what is too much in one list is refused on the way."""
    if isinstance(value, list):
        return sum(_filtered(part) for part in value)
    if not isinstance(value, Mapping):
        return 0
    count = sum("[" in str(name) for name in value)
    path = next((part for name, part in value.items() if str(name).casefold() == "path"), "")
    path = path.casefold() if isinstance(path, str) else ""
    for name, part in value.items():
        inner = _filtered(part)
        if isinstance(part, list):
            _refuse_long(str(name).casefold(), part, path, inner)
        count += inner
    return count + ("[" in path)


def _refuse_long(name: str, part: list[object], path: str, filtered: int) -> None:
    if name == "operations" and len(part) > MOST_OPERATIONS:
        raise BadRequest(f"the body holds more than {MOST_OPERATIONS} operations", 413)
    if name == "operations" and filtered > MOST_FILTERED_HERE and _is_patch(part):
        raise BadRequest(f"one change holds more than {MOST_FILTERED_HERE} paths with a filter", 413)
    members = name == "value" and path.startswith("members")
    if len(part) > MOST_OF_ONE and name not in _LONG and not members:
        raise BadRequest(f"a list holds more than {MOST_OF_ONE} values", 413)


def _is_patch(operations: list[object]) -> bool:
    """Whether these are the operations of one PATCH and not the calls of a `/Bulk`."""
    return any(isinstance(one, Mapping) and "op" in {str(name).casefold() for name in one} for one in operations)
