"""Bodies that are not what they should be: bytes that are no JSON, and JSON that means nothing."""

import gzip
import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import urlencode

from tests.malformed.addresses import FILTERS
from tests.malformed.sent import Sent

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**63 - 1, -(2**63), 1e308, 12.0, "", " ", "x" * 5000, "é" * 300, [], {}, [[]],
    [None], [1, "a", None], {"": ""}, {"a": {"b": {"c": []}}}, "true", "2147483648", "1e5", "\u202e\u0007\x7f",
    "\ufeff",
    "a\r\nx-new: y", "../../etc/passwd", "' or 1=1 --", "%00%s%n", "\U0001f600" * 40, [[[[[[]]]]]], ["amal"] * 300,
    "9999-99-99T99:99:99Z", "0000-00-00", "{{7*7}}", "\u0130\u0131\ufb03", "a\u0308" * 50,
)  # fmt: skip
"""Values in place of what a member should be."""

RAW: tuple[bytes, ...] = (
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"{", b"}", b"[", b'{"a"}', b'{"a":}', b'{"a":1,}', b"[1,]",
    b"{'a':1}", b"nan", b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b".5", b"+1", b"0x10", b"1e999", b"-1e999",
    b'"\xff"', b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\x00", b'"\\ud800"', b'{"\\ud800":1}', b'{"a":"\\u0000"}',
    b'{"a":"\x00"}', b'{"a":"\x07"}', b'{"a":"\\x"}', b"/* */{}", b"{}{}", b"{}\n{}", b"<a/>", b"<?xml version='1.0'?>",
    b'{"a":1,"a":2}', b'"\xed\xa0\x80"', b"[" * 40, b"[" * 60_000, b'{"a":' * 10_000, b"[" * 31 + b"]" * 31,
    b"9" * 60_000,
    b"[" + b"9" * 60_000 + b"]", b'"' * 60_001, b"[" + b"{}," * 20_000 + b"{}]", b'"' + b"\\" * 60_001, b"x" * 65_537,
    b"[" + b"0," * 40_000 + b"0]", b'{"a":-' + b"1" * 400 + b"}", b'{"a":1e-99999}', b'{"a":0.' + b"3" * 50_000 + b"}",
    b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n", b"a=b&c=%zz", b"a=b&a=c", b"=", b"&&&",
    b" " * 60_000 + b"{}", b'{"__proto__":{"a":1}}', b'{"a":"' + b"\\u00e9" * 9_000 + b'"}', b"x" * 1_100_000,
)  # fmt: skip
"""Whole bodies."""

KINDS: tuple[bytes, ...] = (
    b"", b"text/plain", b"application/xml", b"application/x-www-form-urlencoded", b"multipart/form-data",
    b"multipart/form-data; boundary=x", b"application/json; charset=utf-16", b"application/json; charset=nothing",
    b"application/json;;;=", b"APPLICATION/JSON", b"json", b"application/", b"/json", b"*/*",
    b"application/json, text/x",
    b"\xff\xfe", b"a" * 4000, b"application/patch+json", b"application/scim+json; x=\"", b"application/octet-stream",
)  # fmt: skip
"""Media types that are wrong, or odd."""


def break_body(sent: Sent, example: Any, dice: Random) -> None:
    """Put a body that is broken in one of many ways; example: what would be right, None where there is none."""
    ways = (
        _odd_member,
        _odd_member,
        _odd_member,
        _very_many,
        _missing,
        _more,
        _raw,
        _raw,
        _damaged,
        _twice,
        _kind,
        _packed,
        _form,
    )
    way = dice.choice(ways)
    sent.about.append(f"body {way.__name__.strip('_')}")
    way(sent, example if example is not None else {"a": "b"}, dice)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside, and to the whole."""
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*at, name))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """The same with something new in one place."""
    if not at:
        return new
    copy = deepcopy(value)
    inner = copy
    for name in at[:-1]:
        inner = inner[name]
    inner[at[-1]] = new
    return copy


def _odd_member(sent: Sent, example: Any, dice: Random) -> None:
    for _ in range(dice.choice((1, 1, 1, 3))):
        at = dice.choice([*places(example)])
        read = at[-1] if at and at[-1] in ("filter", "path", "sortBy") else ""
        example = put(example, at, dice.choice(FILTERS if read and dice.random() < 0.8 else ODD))
    sent.body = json.dumps(example, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def _very_many(sent: Sent, example: Any, dice: Random) -> None:
    """A list of whatever its elements are, as long as the body of a batch, or of any other call, may be."""
    lists = [at for at in places(example) if isinstance(_at(example, at), list)]
    at = dice.choice(lists or [*places(example)])
    listed = _at(example, at)
    element = dice.choice((1, None, "", {}, [], *(listed if isinstance(listed, list) else ())))
    size = dice.choice((60_000, 60_000, 1_000_000)) - len(json.dumps(example))
    sent.body = json.dumps(put(example, at, [element] * (size // (len(json.dumps(element)) + 2)))).encode()


def _missing(sent: Sent, example: Any, dice: Random) -> None:
    inside = [at for at in places(example) if at]
    if inside:
        *above, last = dice.choice(inside)
        example = deepcopy(example)
        inner = example
        for name in above:
            inner = inner[name]
        del inner[last]
    sent.body = json.dumps(example).encode()


def _more(sent: Sent, example: Any, dice: Random) -> None:
    within = [at for at in places(example) if isinstance(_at(example, at), dict)]
    if not within:
        sent.body = json.dumps([example, dice.choice(ODD)]).encode()
        return
    at = dice.choice(within)
    names = ("id", "password", "rights", "tenant", "", "__class__", "a" * 3000, "$ref", "members", "groups", "status")
    sent.body = json.dumps(put(example, at, {**_at(example, at), dice.choice(names): dice.choice(ODD)})).encode()


def _at(value: Any, at: tuple[Any, ...]) -> Any:
    for name in at:
        value = value[name]
    return value


def _raw(sent: Sent, example: Any, dice: Random) -> None:
    sent.body = dice.choice(RAW)


def _damaged(sent: Sent, example: Any, dice: Random) -> None:
    body = bytearray(json.dumps(example).encode())
    if dice.random() < 0.5:
        del body[dice.randrange(len(body)) :]
    for _ in range(dice.choice((1, 1, 4))):
        if body:
            body[dice.randrange(len(body))] = dice.randrange(256)
    sent.body = bytes(body)


def _twice(sent: Sent, example: Any, dice: Random) -> None:
    text = json.dumps(example)
    sent.body = (text[:-1] + "," + text[1:] if len(text) > 2 else text * 2).encode()


def _kind(sent: Sent, example: Any, dice: Random) -> None:
    sent.body = json.dumps(example).encode("utf-16" if dice.random() < 0.2 else "utf-8")
    sent.drop(b"content-type")
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        sent.headers.append((b"content-type", dice.choice(KINDS)))


def _packed(sent: Sent, example: Any, dice: Random) -> None:
    sent.body = gzip.compress(json.dumps(example).encode() * dice.choice((1, 5000)), mtime=0)
    sent.put(b"content-encoding", dice.choice((b"gzip", b"br", b"identity", b"gzip, gzip", b"\xff")))


def _form(sent: Sent, example: Any, dice: Random) -> None:
    fields = example if isinstance(example, dict) else {"a": example}
    spoilt = [(name, dice.choice((value, dice.choice(ODD)))) for name, value in fields.items()]
    spoilt += spoilt[:1] * dice.choice((0, 1, 2000))
    sent.body = urlencode([(name, str(value)) for name, value in spoilt]).encode()
    if dice.random() < 0.5:
        sent.body = sent.body.replace(b"%", b"%z", 3) + b"&%ff=%00&\xff"
    sent.put(b"content-type", b"application/x-www-form-urlencoded")
