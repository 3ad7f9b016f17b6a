"""The blocklist: what attackers try first is refused, what merely contains it is not."""

import gzip
import re
import string
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyturn.core.outcomes import Reason
from keyturn.core.patterns import walks
from keyturn.core.policy import Policy, ProfileName, Rule, judge
from keyturn.core.secret import Secret
from keyturn.crypto.blocklist import DATA, FileBlocklist, digest

BLOCKLIST = FileBlocklist()
LONG = gzip.decompress(Path(__file__).with_name("long-passwords.txt.gz").read_bytes()).decode().splitlines()
NIST = Policy.of(ProfileName.NIST)
PAGES = (Path(__file__).parents[2] / "docs" / "explanation").glob("*.md")
WORDS = sorted(
    {word for page in PAGES for word in re.findall(r"\b[a-z]{4,9}\b", page.read_text("utf-8")) if not walks(word)}
)
tails = st.text("0123456789!?", max_size=3)


@pytest.mark.proves("PW-4", "V6.2.4")
def test_the_list_holds_far_more_long_passwords_than_nist_asks_for() -> None:
    assert len(LONG) == 4000
    assert all(len(password) >= 15 for password in LONG)
    assert [password for password in LONG if not BLOCKLIST.finds(Secret(password))] == []
    assert [password for password in LONG if not BLOCKLIST.finds(Secret(password.swapcase()))] == []


@pytest.mark.proves("PW-4", "N3.1.1.2-10", "N3.1.1.2-11")
def test_a_listed_password_is_refused_under_nist_and_only_noted_under_vendor() -> None:
    verdicts = [judge(Secret(password), NIST, BLOCKLIST) for password in LONG[:3000]]
    assert {(verdict.reason, verdict.rule) for verdict in verdicts} == {(Reason.TOO_COMMON, Rule.LISTED)}
    assert all("attackers try first" in verdict.text for verdict in verdicts)
    verdict = judge(Secret("password"), Policy.of(ProfileName.VENDOR), BLOCKLIST)
    assert verdict.reason is None
    assert verdict.warning


@pytest.mark.proves("PW-4")
def test_two_hundred_phrases_that_contain_a_listed_word_are_accepted() -> None:
    phrases = [f"{password.lower()} over the harbour {number}" for number, password in enumerate(LONG[:200])]
    assert [phrase for phrase in phrases if judge(Secret(phrase), NIST, BLOCKLIST).reason] == []


@pytest.mark.parametrize("word", ["password", "123456", "qwerty", "letmein", "Dragon", "PASSWORD", "iloveyou"])
def test_the_commonest_short_ones_are_listed(word: str) -> None:
    assert BLOCKLIST.finds(Secret(word))


@pytest.mark.parametrize(
    "pattern",
    [
        "passwordpassword", "secretsecretsecret", "correcthorse1correcthorse1", "aaaaaaaaaaaaaaa", "abababababababa",
        "123456789012345", "987654321098765", "abcdefghijklmnop", "zyxwvutsrqponml", "qwertyuiopasdfghjkl",
        "QWERTYUIOPASDFGHJKL", "1qaz2wsx3edc4rfv", "q1w2e3r4t5y6u7i8", "qwertzuiopasdfghjkl", "azertyuiopqsdfghjklm",
        "zxcvbnmlkjhgfdsa", "qazwsxedcrfvtgbyhn", "abcdefg1234567890", "poiuytrewqlkjhgfdsa",
    ],
)  # fmt: skip
def test_repetitions_sequences_and_keyboard_walks_are_refused(pattern: str) -> None:
    assert BLOCKLIST.finds(Secret(pattern)) in (Rule.PATTERN, Rule.LISTED)


@pytest.mark.parametrize(
    "made",
    ["P@ssw0rd1234567", "Basketball2024!", "$un5h1ne$un5h1ne!", "pass-word-qwerty", "x" * 14 + "y" * 14 + "harbour",
     "elephant 1987 !!", "4dministrat0r!!!", "1qaz2wsxpassword", "drowssap20042004"],
)  # fmt: skip
def test_what_is_a_trick_away_from_a_listed_word_is_refused_as_its_variant(made: str) -> None:
    assert BLOCKLIST.finds(Secret(made)) in (Rule.VARIANT, Rule.PATTERN)
    verdict = judge(Secret(made), NIST, BLOCKLIST)
    assert verdict.reason is Reason.TOO_COMMON
    assert "choose several words" in verdict.text


@pytest.mark.parametrize("short", ["Spring-2024", "P@ssw0rd-77", "sunshine!2024!"])
def test_where_shorter_ones_are_taken_they_are_compared_as_they_stand(short: str) -> None:
    assert judge(Secret(short), Policy.of(ProfileName.NIST_MFA), BLOCKLIST).reason is None
    assert judge(Secret(short.ljust(15, "!")), NIST, BLOCKLIST).rule is Rule.VARIANT


@pytest.mark.parametrize(
    "phrase",
    ["a quiet harbour at dawn", "correct horse battery staple", "", "ab", "kestrel lamp orbit 77",
     "qwerty is what I type",
     "the long way round the long way home", "blätter im november"],
)  # fmt: skip
def test_phrases_of_ones_own_are_not(phrase: str) -> None:
    assert not BLOCKLIST.finds(Secret(phrase))


@given(st.text(string.ascii_letters + string.digits, min_size=24, max_size=40))
def test_random_passwords_are_not_listed(text: str) -> None:
    """Unless they happen to repeat, which two words of an unlucky draw may."""
    if len(set(text)) > 16:
        assert not BLOCKLIST.finds(Secret(text))


@given(st.text(min_size=1, max_size=14), st.integers(2, 5))
@example("0000000000000ß", 2)
def test_a_short_piece_repeated_is_refused(piece: str, times: int) -> None:
    assert BLOCKLIST.finds(Secret(piece * times))


@pytest.mark.proves("PW-4")
@settings(max_examples=200)
@given(st.lists(st.sampled_from(WORDS), min_size=4, max_size=6, unique=True), st.sampled_from(" -_."), tails)
def test_a_phrase_of_four_words_is_never_refused(words: list[str], between: str, tail: str) -> None:
    phrase = between.join(words) + tail
    assert len(phrase) < 15 or judge(Secret(phrase), NIST, BLOCKLIST, frozenset(words[:1])).reason is None
    capitals = "".join(word.title() for word in words) + tail
    assert len(capitals) < 15 or judge(Secret(capitals), NIST, BLOCKLIST).reason is None


def test_the_data_is_sorted_and_small_and_names_its_source() -> None:
    data = DATA.read_bytes()
    numbers = [int.from_bytes(data[at : at + 8], "big") for at in range(0, len(data), 8)]
    assert numbers == sorted(set(numbers))
    assert len(data) < 2_500_000
    assert "MIT" in (DATA.parent / "NOTICE").read_text()


def test_another_list_may_be_used_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "list.bin"
    file.write_bytes(digest("kestrel lamp orbit").to_bytes(8, "big"))
    assert FileBlocklist(file).finds(Secret("Kestrel Lamp Orbit"))
    assert not FileBlocklist(file).finds(Secret("Mailcreated5240"))
