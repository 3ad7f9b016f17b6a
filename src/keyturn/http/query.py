"""Reads the query of an address strictly: no parameter twice, no guess at a boolean."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from keyturn.http.json import BadRequest

_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0", ""})


def read_query(raw: bytes) -> Mapping[str, str]:
    """The parameters of a query.  Raises BadRequest for a repeated one, or for text that is not UTF-8."""
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadRequest("the query cannot be read") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise BadRequest("a query parameter is given twice")
    if "\0" in raw.decode("ascii") or any("\0" in value for value in parameters.values()):
        raise BadRequest("the query holds the character U+0000")
    return parameters


def flag(parameters: Mapping[str, str], name: str) -> bool:
    """A boolean in any letter case, as Python's `True` or as `1`; absent is false.  Raises BadRequest for others."""
    word = parameters.get(name, "").casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadRequest(f"{name} must be true or false")


def whole(parameters: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """A whole number, at most `most`.  Raises BadRequest for anything else."""
    digits = parameters.get(name, "")
    if not digits:
        return default
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise BadRequest(f"{name} must be a whole number")
    return min(int(digits), most)
