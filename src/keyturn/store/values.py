"""How values of the core look in a row: moments as microseconds, rights as a mask, profiles as JSON."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from keyturn.core.users import Address, Contact, Profile, Right

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = 86_400_000_000


def micros(moment: datetime) -> int:
    """A moment as microseconds since 1970 in UTC; one without a time zone is a mistake of the caller.

    >>> micros(datetime(1970, 1, 1, 1, tzinfo=UTC))
    3600000000
    """
    since = moment - _EPOCH
    return since.days * _DAY + since.seconds * 1_000_000 + since.microseconds


def micros_or_none(moment: datetime | None) -> int | None:
    """As `micros`; None stays None."""
    return None if moment is None else micros(moment)


def moment(stored: int) -> datetime:
    """The moment that was stored, in UTC."""
    return _EPOCH + timedelta(microseconds=stored)


def moment_or_none(stored: int | None) -> datetime | None:
    """As `moment`; None stays None."""
    return None if stored is None else _EPOCH + timedelta(microseconds=stored)


def _sets() -> Mapping[int, frozenset[Right]]:
    most = sum(right.value for right in Right)
    return {mask: frozenset(right for right in Right if mask & right.value) for mask in range(most + 1)}


RIGHTS: Final = _sets()
"""The set of rights of every mask."""


def mask(rights: Iterable[Right]) -> int:
    """A set of rights as one number."""
    return sum(right.value for right in rights)


def numbers(text: str) -> frozenset[int]:
    """The set of numbers that `number_text` wrote."""
    return frozenset(int(number) for number in text.split())


def number_text(wanted: Iterable[int]) -> str:
    """A set of numbers as text."""
    return " ".join(str(number) for number in sorted(wanted))


def folded(profile: Profile) -> list[str]:
    """The mail addresses of a profile as they are compared: without regard to case, each once."""
    return list(dict.fromkeys(contact.value.casefold() for contact in profile.emails if contact.value))


def search_text(key: str, login: str, profile: Profile) -> str:
    """What a search looks through."""
    return "\n".join([key.casefold(), login.casefold(), profile.display_name.casefold(), *folded(profile)])


def write_profile(profile: Profile) -> str:
    """A profile as JSON; what is empty is left out."""
    parts: dict[str, Any] = {"owner": profile.owner}
    for field in fields(profile):
        value = getattr(profile, field.name)
        if field.name in _LISTS:
            value = [{part.name: getattr(item, part.name) for part in fields(item)} for item in value]
        if value:
            parts[field.name] = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(parts, separators=(",", ":"))


def read_profile(text: str) -> Profile:
    """The profile that `write_profile` wrote."""
    parts: dict[str, Any] = json.loads(text)
    for name, kind in _LISTS.items():
        if name in parts:
            parts[name] = tuple(kind(**item) for item in parts[name])
    return Profile(**parts)


_LISTS: Final[Mapping[str, type[Contact] | type[Address]]] = {
    "emails": Contact,
    "phones": Contact,
    "addresses": Address,
}
