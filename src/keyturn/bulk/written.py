"""The order of a run, and how its file is read, as plain values and back: for journals and for frozen plans, whole.

Every field is written, whatever is added to them later; what cannot be written is refused and never left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from keyturn.bulk.job import Job, Operation, PasswordChoice, PasswordFrom, Reading


def _choice(told: str) -> PasswordChoice:
    if told == PasswordFrom.REQUEST:  # what nobody can ask for with a flag
        return PasswordChoice(PasswordFrom.REQUEST)
    return PasswordChoice.parse(told)


_HOW: Final[Mapping[str, Callable[[Any], Any]]] = {"operation": Operation, "password": _choice}
"""The fields that are more than the plain value that stands for them."""


def written(value: Job | Reading) -> dict[str, Any]:
    """All of it, as JSON knows it.  Of one password for all it is said that there is one, never which.

    What is no part of a comparison is none of the order: a recorded request, whose digest is a fact of its own.
    """
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value) if each.compare}


def read_job(told: Mapping[str, Any]) -> Job:
    """An order that was written down; what an earlier version did not write is as it was then."""
    return Job(**_values(Job, told))


def read_reading(told: Mapping[str, Any]) -> Reading:
    """How a file was read."""
    return Reading(**_values(Reading, told))


def _values(kind: type[Job | Reading], told: Mapping[str, Any]) -> dict[str, Any]:
    names = [each.name for each in fields(kind) if each.name in told]
    return {name: _HOW.get(name, _value)(told[name]) for name in names}


def _plain(value: object) -> object:
    match value:
        case PasswordChoice() | str():
            return str(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case tuple():
            return [_plain(each) for each in value]
        case _:
            raise TypeError(f"nobody has said how {type(value).__name__} is written down")


def _value(told: object) -> object:
    return tuple(map(_value, told)) if isinstance(told, list) else told
