"""Credentials of a request: read in one place, never guessed, never contradictory."""

import base64

import pytest
from starlette.requests import Request

from keyturn.core.secret import Secret
from keyturn.http.authn import basic, bearer, named_token
from keyturn.http.json import BadRequest


def asking(*headers: tuple[str, str]) -> Request:
    """A request with these headers."""
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers]})


def packed(text: str) -> str:
    """What stands after `Basic`."""
    return base64.b64encode(text.encode()).decode()


def test_a_bearer_token_is_taken_in_any_case_of_the_word() -> None:
    """RFC 9110: the scheme has no case."""
    assert bearer(asking(("authorization", "Bearer abc"))) == Secret("abc")
    assert bearer(asking(("authorization", "bearer  abc "))) == Secret("abc")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_no_bearer_token_is_nothing(value: str) -> None:
    """Which a door answers with 401."""
    assert bearer(asking(("authorization", value))) is None
    assert bearer(asking()) is None


def test_a_header_of_its_own_or_bearer_may_carry_the_token() -> None:
    """Both with the same token are fine; both with different ones are not."""
    assert named_token(asking(("x-access-token", " t ")), "x-access-token") == Secret("t")
    assert named_token(asking(("authorization", "Bearer t")), "x-access-token") == Secret("t")
    assert named_token(asking(("x-access-token", ""), ("authorization", "Bearer t")), "x-access-token") == Secret("t")
    same = asking(("x-access-token", "t"), ("authorization", "Bearer t"))
    assert named_token(same, "x-access-token") == Secret("t")
    for headers in (
        (("x-access-token", "t"), ("authorization", "Bearer u")),
        (("x-access-token", "t"), ("x-access-token", "t")),
        (("authorization", "Bearer t"), ("authorization", "Bearer t")),
    ):
        with pytest.raises(BadRequest):
            named_token(asking(*headers), "x-access-token")


def test_basic_is_a_name_and_a_password_in_utf8() -> None:
    """A password may hold colons."""
    given = basic(asking(("authorization", f"Basic {packed('müller:a:b')}")))
    assert given is not None
    assert (given.name, given.password) == ("müller", Secret("a:b"))
    assert "a:b" not in repr(given)


@pytest.mark.parametrize(
    "value", ["Basic !!!", "Basic " + packed("nocolon"), "Basic /w==", "Bearer x", "Basic " + packed("a\0:b")]
)
def test_what_is_no_basic_is_nothing(value: str) -> None:
    """Not base64, no colon, not UTF-8, U+0000."""
    assert basic(asking(("authorization", value))) is None
