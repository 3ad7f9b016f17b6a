"""What a stranger sends in place of a passkey's answer is refused and breaks nothing."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.core.factors import Factor, FactorKind, Site
from keyturn.crypto.passkeys import WebauthnPasskeys
from tests.support.authenticator import Passkey

SITE = Site("id.example.com", "https://id.example.com")
CHECKER = WebauthnPasskeys()
PASSKEY = Passkey(SITE.origin, counts=False)
MAKING = CHECKER.to_make(SITE, "uid", "amal", [])
MADE: dict[str, Any] = PASSKEY.make(MAKING.options)
KNOWN = CHECKER.made(SITE, MAKING.challenge, MADE)
assert KNOWN is not None
FACTOR = Factor(
    "f",
    "uid",
    FactorKind.PASSKEY,
    "",
    KNOWN.reference,
    KNOWN.key,
    KNOWN.counter,
    True,
    datetime(2026, 11, 22, tzinfo=UTC),
)
SHOWING = CHECKER.to_show(SITE, [KNOWN.reference])
SHOWN: dict[str, Any] = PASSKEY.show(SHOWING.options)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bent(draw: st.DrawFn, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with one part of it changed: its bytes, or what stands there at all."""
    response = dict(answer["response"])
    name = draw(st.sampled_from(sorted(response)))
    clear = bytearray(base64.urlsafe_b64decode(response[name] + "=="))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(clear) - 1))
        clear[at] ^= draw(st.integers(1, 255))
        cut = draw(st.integers(1, len(clear)) | st.just(len(clear)))
        response[name] = base64.urlsafe_b64encode(bytes(clear[:cut])).rstrip(b"=").decode()
        return {**answer, "response": response}
    if draw(st.booleans()):
        response[name] = draw(JSON)
        return {**answer, "response": response}
    return {**answer, draw(st.sampled_from(sorted(answer))): draw(JSON)}


def test_the_answers_are_good_as_they_are() -> None:
    assert CHECKER.shown(SITE, SHOWING.challenge, SHOWN, FACTOR) == 0


@settings(max_examples=150)
@given(bent(MADE))
def test_a_bent_answer_of_a_new_passkey_breaks_nothing(answer: dict[str, Any]) -> None:
    made = CHECKER.made(SITE, MAKING.challenge, answer)
    assert made is None or made.reference  # nothing signs a new one: what is changed of the key is another key


@pytest.mark.proves("N3.1.6.1")
@settings(max_examples=150)
@given(bent(SHOWN))
def test_a_bent_answer_of_a_known_passkey_is_none(answer: dict[str, Any]) -> None:
    came = CHECKER.shown(SITE, SHOWING.challenge, answer, FACTOR)
    signed = ("authenticatorData", "clientDataJSON", "signature")
    assert came is None or all(answer["response"][name] == SHOWN["response"][name] for name in signed)
