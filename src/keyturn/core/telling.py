"""What the audit says of a change: what was granted or weakened, old and new, in one line and without any secret."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.tenancy import DEFAULTS
from keyturn.core.users import Right, right_words

LONGEST: Final = 100
"""How much is told of one value."""


def told(*parts: str) -> str:
    """The parts that say something, in one line."""
    return "; ".join(part for part in parts if part)


def change_told(word: str, before: str, after: str) -> str:
    """A value before and after; nothing where it stayed.

    >>> change_told("name", "acme", "acme-2")
    'name acme -> acme-2'
    """
    return "" if before == after else f"{word} {before[:LONGEST] or 'none'} -> {after[:LONGEST] or 'none'}"


def rights_told(rights: frozenset[Right], before: frozenset[Right] | None = None) -> str:
    """What somebody or something may administer; with `before`, only where that changed.

    >>> rights_told(frozenset({Right.AUDIT, Right.KEYS}))
    'rights: audit, keys'
    >>> rights_told(frozenset({Right.AUDIT}), frozenset())
    'rights: none -> audit'
    """
    words = ", ".join(right_words(rights)) or "none"
    if before is None:
        return f"rights: {words}"
    return "" if before == rights else f"rights: {', '.join(right_words(before)) or 'none'} -> {words}"


def settings_told(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Which rules of a tenant changed, from what to what; of what only a dialect knows, only that it changed.

    >>> settings_told({}, {"profile": "vendor", "description": "Plant 4"})
    'profile nist -> vendor; description changed'
    """
    return told(*(_setting_told(name, before, after) for name in _in_order(before, after)))


def _in_order(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    names = {**before, **after}
    return [*_SHOWN, *sorted(name for name in names if name not in _SHOWN)]


def _setting_told(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    default = DEFAULTS.get(name, "")
    old, new = before.get(name) or default, after.get(name) or default
    if old == new:
        return ""
    return change_told(name, _bare(old), _bare(new)) if name in _SHOWN else f"{name} changed"


def _bare(value: str) -> str:
    """A value without what stands before an @: an address may have been kept with a password in it."""
    return value.rpartition("@")[2]


_SHOWN: Final = (*DEFAULTS, "base_url", "weak_words")
