"""Success is read, not assumed."""

from datetime import UTC, datetime

import pytest

from keyturn.core.secret import Secret
from keyturn.http.answers import Answer, doubt, harmless, read_retry_after, sentence, withheld

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}
OK = frozenset({200})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, JSON, b""),
        Answer(200, JSON, b"{}"),
        Answer(200, {}, b'{"id":"amal"}'),
        Answer(200, JSON, b"null"),
        Answer(200, JSON, b"[]"),
        Answer(200, JSON, b'{"errors":[],"succeeded":true}'),
        Answer(200, {"content-type": "text/html"}, b" "),
    ],
)
def test_an_empty_or_agreeing_answer_is_believed(answer: Answer) -> None:
    """Where the vendor documents no verdict, nothing must speak against it."""
    assert doubt(answer, OK, "amal") == ""


@pytest.mark.proves("RN-5")
@pytest.mark.parametrize(
    "answer",
    [
        Answer(202, JSON, b"{}"),
        Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<!doctype html>"),
        Answer(200, JSON, b"\n <html>sign in</html>"),
        Answer(200, {"content-type": "text/plain"}, b"OK"),
        Answer(200, JSON, b'{"id":"bert"}'),
        Answer(200, JSON, b'{"exception":{"id":"X"}}'),
        Answer(200, JSON, b'{"error":"no"}'),
        Answer(200, JSON, b'{"succeeded":false}'),
        Answer(200, JSON, b'{"id":'),
    ],
)
def test_an_answer_that_contradicts_success_is_not_believed(answer: Answer) -> None:
    """Another status, a web page, half an answer, an error inside, or another user."""
    assert doubt(answer, OK, "amal") != ""


@pytest.mark.proves("RN-8")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        (" 7 ", 7.0),
        ("99999999999999", 3600.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2026 11:59:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:00 GMT", 3600.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(text: str, seconds: float | None) -> None:
    """RFC 9110 section 10.2.3: seconds or a date."""
    assert read_retry_after(text, NOON) == seconds
    assert Answer(429, {"retry-after": text}).retry_after(NOON) == seconds


@pytest.mark.proves("RN-8")
def test_a_date_to_wait_for_is_compared_with_the_targets_own_clock() -> None:
    """Whatever ours says: a clock that jumped makes no wait longer, and a target whose clock is wrong is understood."""
    headers = {"date": "Tue, 03 Jan 2006 10:00:00 GMT", "retry-after": "Tue, 03 Jan 2006 10:00:12 GMT"}
    assert Answer(429, headers).retry_after() == 12


def test_a_stranger_s_text_is_one_short_printable_line() -> None:
    """No escape sequence of a target reaches a terminal."""
    assert sentence("a\x1b[31m\n\tb ") == "a [31m b"
    assert len(sentence("x" * 1000)) == 300


def test_only_some_redirects_say_that_nothing_was_done() -> None:
    """303 is the answer after an effect."""
    assert [code for code in (301, 302, 303, 307, 308) if harmless(code)] == [301, 307, 308]


def test_an_answer_never_prints_its_body() -> None:
    """It may hold a generated password."""
    assert "hush" not in repr(Answer(200, JSON, b'{"token":"hush"}'))


def test_a_stranger_s_words_are_withheld_when_they_quote_the_password() -> None:
    """Four characters in a row are a quotation, in any letter case; of a short password the whole of it."""
    secret = Secret("nine green bottles")
    assert withheld("no such user", secret) == withheld("no such user", None) == "no such user"
    assert withheld("GREEN is not allowed", secret) != "GREEN is not allowed"
    assert withheld("ab is too short", Secret("ab")) != "ab is too short"
    assert withheld("too short", Secret("")) == "too short"
