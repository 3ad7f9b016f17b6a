"""Which language suits somebody, and what a catalogue may look like."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.app.languages import languages
from keyturn.core.languages import LANGUAGES, Languages, Words, accepted, best, known, read_catalogue

AT = datetime(2026, 11, 2, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de", "de"), ("de-CH", "de"), ("DE_at", "de"), ("de_DE.UTF-8", "de"), ("ger", "de"), ("ja_JP", "ja"),
     ("es-419", "es"), ("fr@euro", "fr"), (" en-GB ", "en"), ("", ""), ("pt-BR", ""), ("den", ""), ("German", "")],
)  # fmt: skip
def test_a_tag_names_a_language_or_none(tag: str, language: str) -> None:
    assert known(tag) == language


def test_the_first_language_that_there_are_words_for_is_taken() -> None:
    assert best("pt-BR", "de-CH", "fr") == "de"
    assert best("pt", "") == "en"
    assert languages().words("tlh", "ja-JP").tag == "ja"
    assert languages().words().tag == "en"


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-CH,de;q=0.9,en;q=0.8", "de"), ("en;q=0.3, fr;q=0.7", "fr"), ("pt, *;q=0.1", ""), ("de;q=0", ""),
     ("ja;q=nonsense, es", "es"), ("", ""), ("en-US,en;q=0.5", "en"), (",;,", "")],
)  # fmt: skip
def test_a_browser_says_what_it_likes_most(header: str, language: str) -> None:
    assert accepted(header) == language


@given(st.text())
def test_no_header_breaks_the_choice(header: str) -> None:
    assert accepted(header) in (*LANGUAGES, "")


@pytest.mark.parametrize(
    ("tag", "usual", "first"),
    [("en", "2 November 2026, 09:05 UTC", "1 November 2026, 09:05 UTC"),
     ("de", "2. November 2026, 09:05 UTC", "1. November 2026, 09:05 UTC"),
     ("es", "2 de noviembre de 2026, 09:05 UTC", "1 de noviembre de 2026, 09:05 UTC"),
     ("fr", "2 novembre 2026, 09:05 UTC", "1er novembre 2026, 09:05 UTC"),
     ("ja", "2026年11月2日 09:05 UTC", "2026年11月1日 09:05 UTC")],
)  # fmt: skip
def test_a_moment_is_written_as_the_language_writes_it(tag: str, usual: str, first: str) -> None:
    words = languages().words(tag)
    assert (words.moment(AT), words.moment(AT.replace(day=1))) == (usual, first)


def test_a_word_without_a_translation_stays_english() -> None:
    assert Words("de", {"Password": ""})("Password") == "Password"
    assert Languages({}).words("de")("Password") == "Password"


def test_a_catalogue_is_read_with_its_escapes_and_long_lines() -> None:
    text = 'msgid ""\nmsgstr "Language: de\\n"\n\n# for people\nmsgid "a \\"b\\""\n"c"\nmsgstr ""\n"d\\n"\n"e"\n'
    assert read_catalogue(text) == {'a "b"c': "d\ne"}
    assert read_catalogue("# empty\n") == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [('msgctxt "a"\n', "line 1"), ('"loose"\n', "line 1"), ('msgid "a"\nmsgstr unquoted\n', "line 2"),
     ('msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"\n', "twice")],
)  # fmt: skip
def test_what_is_no_catalogue_is_refused(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read_catalogue(text)
