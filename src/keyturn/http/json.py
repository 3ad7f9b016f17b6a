"""The one reader of request bodies: strict, so that no two readers can understand a body differently."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Final, NoReturn

import msgspec

SINGLE: Final = 64 * 1024
"""Most bytes of a body that speaks of one thing."""

BATCH: Final = 1024 * 1024
"""Most bytes of a body that carries a batch."""

DEEPEST: Final = 32
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?')
_LARGEST: Final = 2**63


class BadRequest(Exception):
    """The request cannot be understood.  The reason never repeats what was sent."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def read_object(body: bytes, most: int = SINGLE) -> dict[str, object]:
    """The members of a JSON object.  Raises BadRequest for everything else."""
    value = read_json(body, most)
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return value


def read_json(body: bytes, most: int = SINGLE) -> object:
    """Any JSON value: UTF-8, at most `most` bytes and 32 levels, no name twice, no number or text without a meaning.

    Raises BadRequest.
    """
    if len(body) > most:
        raise BadRequest("the body is too large", 413)
    if not body:
        raise BadRequest("the body is empty; send JSON")
    if _too_deep(body):
        raise BadRequest("the body is nested too deeply")
    try:
        value: object = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadRequest("the body is not UTF-8") from None
    except json.JSONDecodeError:
        raise BadRequest("the body is not JSON") from None
    if b"\\u" in body or b"\0" in body:
        _refuse_odd_text(value)
    return value


_encoder: Final = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """JSON bytes of plain values."""
    return _encoder.encode(value)


def read_answer(body: bytes) -> object:
    """The JSON value of an answer; None when it is not JSON.  An answer is judged by what it says, not refused."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value


def _too_deep(body: bytes) -> bool:
    """Whether brackets outside of texts nest deeper than allowed; looked at before anything is built."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def _refuse_odd_text(value: object) -> None:
    for text in _texts(value):
        if "\0" in text:
            raise BadRequest("a text holds the character U+0000")
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise BadRequest("a text holds half a character (a lone surrogate)")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("the body has a name twice in one object")
    return members


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -_LARGEST <= (number := int(digits)) < _LARGEST:
        raise BadRequest("the body holds a number that is too large")
    return number


def _real(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise BadRequest("the body holds a number that is too large")
    return number


def _no_number(name: str) -> NoReturn:
    raise BadRequest("the body holds NaN or Infinity")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_real, parse_constant=_no_number
)
