"""Ids and parameters arrive as they were written, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from keyturn.http.json import BadRequest
from keyturn.http.paths import canonical, quoted, segment
from keyturn.http.query import flag, read_query, whole

ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def arriving(path: str, name: str) -> str:
    """An id as an endpoint sees it when a route matched this part of the path."""
    return segment(Request({"type": "http", "headers": [], "path_params": {"id": path.rpartition("/")[2]}}), name)


@pytest.mark.proves("V1.2.2")
@given(ids)
def test_an_id_arrives_exactly_as_it_was_sent(who: str) -> None:
    """Encoded once, decoded once; an encoded slash does not cut the path."""
    path = canonical(f"/v3/users/{quoted(who)}".encode())
    assert path.startswith("/v3/users/")
    assert arriving(path, "id") == who


@pytest.mark.parametrize(
    ("raw", "who"),
    [
        (b"a+b@x.com", "a+b@x.com"),
        (b"a%2Bb", "a+b"),
        (b"x%2541y", "x%41y"),
        (b"a%23b", "a#b"),
        (b"a%3Fb", "a?b"),
        (b"m%C3%BCller", "müller"),
        (b"john%20doe", "john doe"),
        (b"a%2Fb", "a/b"),
        (b"007", "007"),
        (b"1E5", "1E5"),
    ],
)
def test_an_odd_id_means_the_same_person(raw: bytes, who: str) -> None:
    """The ids that other runners damage."""
    assert arriving(canonical(b"/v3/users/" + raw), "id") == who


def test_slashes_collapse() -> None:
    """IBM's own test sends two in a row."""
    assert canonical(b"//v3///users/x/") == "/v3/users/x"
    assert canonical(b"//v3/%78") == "/v3/x"
    assert canonical(b"/") == "/"


@pytest.mark.parametrize("raw", [b"/a%00b", b"/%ff", b"/%ed%a0%80", b"/m\xfcller"])
def test_a_path_without_a_meaning_is_refused(raw: bytes) -> None:
    """U+0000 and what is not UTF-8."""
    with pytest.raises(BadRequest):
        canonical(raw)


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "1"])
def test_true_is_true_in_any_case(word: str) -> None:
    """Python clients write `True`."""
    assert flag(read_query(f"emailPassword={word}".encode()), "emailPassword")


@pytest.mark.parametrize("query", [b"emailPassword=False", b"emailPassword=0", b"emailPassword=", b"other=1", b""])
def test_everything_false_is_false(query: bytes) -> None:
    """Absent is false, too."""
    assert not flag(read_query(query), "emailPassword")


def test_a_boolean_is_not_guessed() -> None:
    """`yes` is neither."""
    with pytest.raises(BadRequest):
        flag(read_query(b"emailPassword=yes"), "emailPassword")


@pytest.mark.parametrize(
    "query",
    [b"a=1&a=1", b"a=1&b=2&a=3", b"a=%ff", b"a=%00", "ü=1".encode(), b"&".join(b"p%d=1" % n for n in range(200))],
)
def test_a_query_that_two_readers_could_read_differently_is_refused(query: bytes) -> None:
    """A parameter given twice, one that is no text, or too many."""
    with pytest.raises(BadRequest):
        read_query(query)


@pytest.mark.proves("V1.4.2")
def test_whole_numbers_are_bounded() -> None:
    """More than the most is the most; what is no number is refused."""
    query = read_query(b"limit=5000&size=&start=7&page=x&long=" + b"9" * 30)
    assert whole(query, "limit", 100, most=1000) == 1000
    assert whole(query, "size", 100, most=1000) == 100
    assert whole(query, "start", 0, most=1000) == 7
    for name in ("page", "long"):
        with pytest.raises(BadRequest):
            whole(query, name, 0, most=1000)
