"""One judgement for every password, in one order, that never repeats a part of the candidate."""

import unicodedata

import precis_i18n
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.outcomes import Reason
from keyturn.core.policy import MOST_BYTES, Policy, ProfileName, Rule, judge, opaque_string
from keyturn.core.secret import Secret


class Listed:
    """A blocklist of the words that a test names."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def finds(self, candidate: Secret) -> Rule | None:
        return Rule.LISTED if candidate.reveal().casefold() in self._words else None


NIST = Policy.of(ProfileName.NIST)
VENDOR = Policy.of(ProfileName.VENDOR)


def reason(text: str, policy: Policy = NIST, *listed: str) -> Reason | None:
    return judge(Secret(text), policy, Listed(*listed)).reason


@pytest.mark.parametrize(
    "symbol", ["a", "é", "ß", "日", "😀"], ids=["ascii", "accented", "sharp s", "ideograph", "emoji"]
)
def test_fifteen_code_points_are_enough_and_fourteen_are_not(symbol: str) -> None:
    assert reason(symbol * 14) is Reason.TOO_SHORT
    assert reason(symbol * 15) is None
    assert reason(symbol * 128) is None
    assert reason(symbol * 129) is Reason.TOO_LONG


@pytest.mark.proves("PW-1", "N3.1.1.2-15")
def test_length_counts_what_is_left_after_normalisation() -> None:
    decomposed = unicodedata.normalize("NFD", "é" * 14)
    assert len(decomposed) == 28
    assert reason(decomposed) is Reason.TOO_SHORT


def test_a_door_can_raise_the_shortest_and_lower_the_longest_but_not_the_reverse() -> None:
    assert Policy.of(ProfileName.VENDOR, shortest=8).shortest == 8
    assert Policy.of(ProfileName.NIST, shortest=8).shortest == 15
    assert Policy.of(ProfileName.NIST, longest=32).longest == 32
    assert Policy.of(ProfileName.NIST, longest=999).longest == 128
    assert reason("a" * 33, Policy.of(ProfileName.NIST, longest=32)) is Reason.TOO_LONG


@pytest.mark.proves("PW-5")
def test_a_huge_candidate_is_refused_before_it_is_normalised() -> None:
    assert reason("a" + "\u0301" * 100_000) is Reason.TOO_LONG
    assert reason("é" * (MOST_BYTES // 2 + 1)) is Reason.TOO_LONG


@pytest.mark.parametrize(
    "text", ["", "fifteen letters\x00", "tab\there and more", "\ud800 lone surrogate", "\u2028" * 20]
)
def test_what_cannot_be_typed_everywhere_is_refused(text: str) -> None:
    assert reason(text) is Reason.UNUSABLE_CHARACTER


def test_a_listed_password_is_refused_whatever_its_case() -> None:
    assert reason("Correct Horse Battery", NIST, "correct horse battery") is Reason.TOO_COMMON
    assert reason("correct horse battery staple", NIST, "correct horse battery") is None


def test_the_login_is_no_password() -> None:
    verdict = judge(Secret("Amal.Haddad@example.com"), NIST, Listed(), frozenset({"amal.haddad@example.com"}))
    assert verdict.reason is Reason.TOO_COMMON


def test_the_vendor_profile_takes_a_listed_password_with_a_warning() -> None:
    verdict = judge(Secret("secret1"), VENDOR, Listed("secret1"))
    assert verdict.reason is None
    assert verdict.warning


def test_the_warning_says_which_rule_would_have_refused() -> None:
    verdict = judge(Secret("amal-2024"), VENDOR, Listed(), frozenset({"amal"}))
    assert (verdict.reason, verdict.rule, verdict.warning) == (None, Rule.CONTEXT, "the password is made of names")


def test_fifteen_lower_case_letters_need_no_other_class() -> None:
    assert reason("abcdefghijklmno") is None


@pytest.mark.proves("PW-7")
@given(st.text(min_size=1, max_size=200))
def test_a_refusal_never_repeats_the_candidate(text: str) -> None:
    canary = f"canary{text}canary"
    verdict = judge(Secret(canary), Policy.of(ProfileName.NIST, longest=16), Listed())
    assert "canary" not in verdict.text


@pytest.mark.proves("PW-5", "N3.1.1.2-15")
@given(st.text(min_size=1, max_size=60))
def test_opaque_string_agrees_with_the_published_profile_wherever_that_accepts(text: str) -> None:
    """RFC 8265 section 4.2, with precis-i18n as the judge."""
    try:
        published = precis_i18n.get_profile("OpaqueString").enforce(text)
    except UnicodeEncodeError:
        return
    assert opaque_string(text) == published


def test_spaces_of_every_width_become_one_kind() -> None:
    assert opaque_string("a\u00a0b\u3000c") == "a b c"


def test_length_change_in_the_last_place_makes_another_password() -> None:
    one, other = "a" * 127 + "b", "a" * 127 + "c"
    assert judge(Secret(one), NIST, Listed()).password != judge(Secret(other), NIST, Listed()).password
