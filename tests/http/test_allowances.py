"""What headers say of limits, in every form that servers use."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.limits import Allowance
from keyturn.http.allowances import LONGEST, read_allowances

DATE = {"date": "Sun, 29 Nov 2026 12:00:00 GMT"}
NOON = 1_795_953_600


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, []),
        ({"retry-after": "30"}, []),
        (
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60;pk=:cGs=:'},
            [Allowance("default", 100, 60, 50, 30)],
        ),
        (
            {
                "ratelimit": '"a, b";r=1;t=2 , "day";r=0;t=3600',
                "ratelimit-policy": '"a, b";q=20;w=1,"day" ;q=1000; w=86400, "far";q=5;w=9',
            },
            [Allowance("a, b", 20, 1, 1, 2), Allowance("day", 1000, 86400, 0, 3600), Allowance("far", 5, 9)],
        ),
        ({"ratelimit": '"lone";r=7'}, [Allowance("lone", left=7)]),
        (
            {"ratelimit": "limit=100, remaining=50, reset=30", "ratelimit-policy": "100;w=60"},
            [Allowance("", 100, 60, 50, 30)],
        ),
        (
            {"ratelimit-limit": "100", "ratelimit-remaining": "49", "ratelimit-reset": "50",
             "ratelimit-policy": "100;w=300"},
            [Allowance("", 100, 300, 49, 50)],
        ),
        (
            {"ratelimit-limit": '100, 100;w=60, 1000;w=3600;comment="an hour"', "ratelimit-remaining": "5"},
            [Allowance("", 100, 60, 5), Allowance("1000", 1000, 3600)],
        ),
        (
            {"x-ratelimit-limit": "600", "x-ratelimit-remaining": "599", "x-ratelimit-reset": "42"},
            [Allowance("", 600, None, 599, 42)],
        ),
        (
            {"x-rate-limit-limit": "600", "x-rate-limit-remaining": "12", "x-rate-limit-reset": str(NOON + 42), **DATE},
            [Allowance("", 600, None, 12, 42)],
        ),
        (
            {"x-ratelimit-remaining": "12", "x-ratelimit-reset": f"{NOON + 42}500", **DATE},
            [Allowance("", None, None, 12, 42.5)],
        ),
        (
            {"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "Sun, 29 Nov 2026 12:01:00 GMT", **DATE},
            [Allowance("", None, None, 0, 60)],
        ),
        (
            {"x-ratelimit-limit-second": "20", "x-ratelimit-remaining-second": "19",
             "x-ratelimit-limit-minute": "600", "x-ratelimit-remaining-minute": "512"},
            [Allowance("-second", 20, 1, 19), Allowance("-minute", 600, 60, 512)],
        ),
        ({"x-ratelimit-limit": "many", "x-ratelimit-remaining": "٣", "x-ratelimit-reset": "soon"}, [Allowance()]),
        ({"ratelimit-policy": '"x";q=0;w=60, "y";q=5;w=0, "z";q=5'}, []),
    ],
)  # fmt: skip
def test_limits_are_read(headers: Mapping[str, str], found: list[Allowance]) -> None:
    """Structured fields of each draft, plain ones with seconds, moments and dates, several at once, and nonsense."""
    assert read_allowances(headers) == found


def test_a_moment_is_compared_with_the_servers_own_clock() -> None:
    """A server whose clock is years behind still tells how many seconds there are."""
    headers = {"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(NOON + 5), **DATE}
    behind = {**headers, "x-ratelimit-reset": str(NOON - 10_000_000), "date": "Wed, 05 Aug 2026 18:13:00 GMT"}
    assert read_allowances(headers)[0].resets == 5
    assert read_allowances(behind)[0].resets == 20


@given(
    st.dictionaries(
        st.sampled_from(
            ["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit", "x-ratelimit-remaining",
             "x-ratelimit-reset", "x-rate-limit-reset", "x-ratelimit-remaining-minute", "date"]
        ),
        st.text(max_size=40) | st.from_regex(r'"?[a-z]*"?;[qwrt]=-?[0-9]{1,30}(\.[0-9]+)?,?', fullmatch=True),
    )
)  # fmt: skip
def test_nothing_that_a_server_sends_breaks_the_reader(headers: Mapping[str, str]) -> None:
    """And no number is negative or without bounds."""
    for one in read_allowances(headers):
        for number in (one.limit, one.window, one.left, one.resets):
            assert number is None or 0 <= number <= max(LONGEST, 1e9)
