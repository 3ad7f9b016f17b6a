"""The tricks that programs try on every word are taken back; a phrase of several words is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.patterns import filler, slack
from keyturn.core.variants import MOST_SLACK, bases, joined, made_of

NAMES = {"amal", "haddad", "keyturn", "li"}
words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12)
padding = st.text("0123456789!?#", max_size=MOST_SLACK)


@pytest.mark.parametrize(
    "made",
    [
        "sunshine", "sunshine1", "!sunshine!", "sunshine2024", "1987sunshine", "sunshine!!!!!!!!!!",
        "sunshine123456789",
        "sunshineqwerty", "abcdsunshine", "$un5h1ne", "5unsh!n3#77", "sun-shine", "s.u.n.s.h.i.n.e", "enihsnus",
        "enihsnus99", "sunshinesunshine", "sunshine sunshine!", "sun shine sun shine", "77sunshine88",
        "1990sunshine2024",
    ],
)  # fmt: skip
def test_a_word_is_found_behind_every_trick(made: str) -> None:
    assert {"sunshine", "enihsnus"} & set(bases(made))


@pytest.mark.parametrize(
    "made",
    ["sunshine58291", "sunshine harbour", "83927sunshine", "mysunshine", "sunshineharbour1", "sun1x2shine", "7" * 20],
)
def test_what_needs_guessing_beside_the_word_is_let_pass(made: str) -> None:
    assert "sunshine" not in set(bases(made))


def test_one_sign_may_stand_for_two_letters() -> None:
    assert {"million", "bill"} <= {*bases("m1ll10n"), *bases("b!ll")}


@given(words, padding)
def test_a_word_with_a_few_digits_and_signs_never_hides(word: str, more: str) -> None:
    assert word in set(bases(word + more))
    assert word in set(bases(more + word))


@given(st.text(min_size=1, max_size=128))
def test_every_text_has_few_bases_and_is_its_own_first(text: str) -> None:
    found = list(bases(text))
    assert found[0] == text
    assert len(found) <= 64 * 9


@pytest.mark.parametrize(
    "made",
    [
        "amal", "li", "amalhaddad", "haddad.amal", "amal haddad 1987", "@m4l-h4ddad!", "amalamalamal",
        "keyturnkeyturn1",
        "keyturn-amal-2024", "amal123456789", "haddadqwertzuiop", "zzzzamal!!!!!!", "7amal7haddad77",
    ],
)  # fmt: skip
def test_names_make_no_password_however_they_are_put_together(made: str) -> None:
    assert made_of(made, NAMES)


@pytest.mark.parametrize(
    "made",
    [
        "", "2024123456!!!!", "amal drove to the harbour at dawn", "haddad58291", "lililililili", "amalia haddadi",
        "the keyturn of my door", "qwertzuiop",
    ],
)  # fmt: skip
def test_what_merely_contains_a_name_may_be_one(made: str) -> None:
    assert not made_of(made, NAMES)
    assert not made_of(made, set())


def test_separators_go_and_signs_that_look_like_letters_stay() -> None:
    assert joined("a-b_c d.e@f$g") == "abcde@f$g"


@pytest.mark.parametrize(("text", "loose"), [("", 0), ("1999", 0), ("aaa", 0), ("4812", 4), ("7!2024", 2), ("qwe", 0)])
def test_only_what_is_in_no_pattern_has_to_be_guessed(text: str, loose: int) -> None:
    assert slack(text) == loose


def test_a_filler_is_as_long_as_its_longest_reading() -> None:
    assert filler("20202020x", 0) == 4
    assert filler("2000000", 2) == 5
    assert filler("1234567", 0) == 7
    assert filler("k", 0) == 0
