"""Request bodies are read strictly; what is refused never comes back in the reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.http.json import BATCH, DEEPEST, SINGLE, BadRequest, encode, read_answer, read_json, read_object

words = st.text(st.characters(codec="ascii", exclude_characters="\0"))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)

REFUSED = {
    "a name twice": b'{"a":1,"a":2}',
    "a name twice inside": b'[{"a":{"b":1,"\\u0062":2}}]',
    "NaN": b'{"a":NaN}',
    "Infinity": b"[-Infinity]",
    "a real that overflows": b"[1e400]",
    "an integer over 64 bit": b"[9223372036854775808]",
    "an integer of thousands of digits": b"[" + b"9" * 5000 + b"]",
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a lone surrogate as a name": b'{"\\udfff":1}',
    "an encoded surrogate": b'["\xed\xa0\x80"]',
    "U+0000": b'["a\\u0000b"]',
    "Latin-1": b'["m\xfcller"]',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a byte mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "blanks": b"  ",
    "two values": b"{}{}",
    "single quotes": b"{'a':1}",
    "a comma too many": b'{"a":1,}',
    "an open text": b'{"a":"',
    "a raw line break in a text": b'["a\nb"]',
    "too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "very deep": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_a_body_that_two_readers_could_read_differently_is_refused(body: bytes) -> None:
    """400, and the reason says nothing of the content."""
    with pytest.raises(BadRequest) as refused:
        read_json(body, BATCH)
    assert refused.value.status == 400
    assert "ller" not in refused.value.reason


def test_a_body_over_its_size_is_refused_before_it_is_read() -> None:
    """413; a batch may be larger than a single thing."""
    body = b'"' + b"x" * SINGLE + b'"'
    with pytest.raises(BadRequest) as refused:
        read_json(body)
    assert refused.value.status == 413
    assert read_json(body, BATCH) == "x" * SINGLE


@given(plain)
def test_what_is_plain_json_is_read_as_it_was_meant(value: object) -> None:
    """Strict does not mean wrong: every value comes back."""
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    """A password may be made of brackets."""
    many = "[{" * 200 + '\\"' + "[" * 100
    assert read_json(json.dumps({"token": many}).encode()) == {"token": many}
    assert read_json(b"[" + b",".join([b"{}"] * 200) + b"]") == [{}] * 200


def test_as_deep_as_allowed_is_read() -> None:
    """32 levels pass."""
    assert read_json(b"[" * DEEPEST + b"]" * DEEPEST) is not None


def test_only_an_object_has_members() -> None:
    """A list where an object is needed is refused."""
    assert read_object(b'{"a":[1,"b",{"c":"\\u00fc"}]}') == {"a": [1, "b", {"c": "ü"}]}
    with pytest.raises(BadRequest):
        read_object(b"[]")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else can happen."""
    with suppress(BadRequest):
        read_json(body)


def test_an_answer_that_is_no_json_is_nothing() -> None:
    """Answers from outside are judged, not refused."""
    assert read_answer(b'{"a":1}') == {"a": 1}
    assert read_answer(b"<html>") is None
    assert read_answer(b"\xff") is None
    assert read_answer(b"[" * 100_000) is None


@pytest.mark.proves("V1.2.3")
@given(plain)
def test_what_is_encoded_can_be_read(value: object) -> None:
    """Our own answers are plain JSON."""
    assert json.loads(encode(value)) == value
