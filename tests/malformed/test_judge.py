"""The campaign itself: the same requests for the same seed, of all kinds, and a judge who sees what is wrong."""

import pytest

from keyturn.api.wire_api import API
from tests.malformed.judge import NO_HTTP, TOO_MUCH, Tally
from tests.malformed.malform import CANARY, malformed
from tests.malformed.sent import Got, Sent
from tests.openapi.fuzzing import Asking

HOW = Asking("", {"bearer": {"bearer": "a good token"}})
GOOD = b'{"type":"about:blank","title":"No","status":400,"code":"KT-SRV-400"}'


def some(seed: str) -> list[Sent]:
    """Some requests, as they come for a seed."""
    return [*malformed(API, HOW, {"id": ["amal"]}, seed, 1000)]


def test_the_same_seed_gives_the_same_requests() -> None:
    """A red build is red again at one's desk."""
    assert [sent.raw() for sent in some("a")] == [sent.raw() for sent in some("a")]
    assert [sent.raw() for sent in some("a")] != [sent.raw() for sent in some("b")]


def test_requests_are_broken_everywhere_and_half_of_them_are_signed_in() -> None:
    requests = some("a")
    broken = {word.partition(" ")[0] for sent in requests for word in sent.about if word != "signed in"}
    assert broken == {"body", "path", "id", "query", "credentials", "header", "frame", "method"}
    assert 0.4 < sum("signed in" in sent.about for sent in requests) / len(requests) < 0.6
    assert any(CANARY.encode() in sent.body for sent in requests)


@pytest.mark.parametrize(
    ("got", "why"),
    [
        (Got(500, {}, GOOD, 0.1), "a server error"),
        (Got(502, {}, GOOD, 0.1), "a server error"),
        (Got(503, {}, GOOD, 0.1), "a server error"),
        (Got(400, {}, GOOD, 2.1), "slow"),
        (Got(-1, {}, b"", 10.0), "slow"),
        (Got(0, {}, b"", 0.1), "no answer"),
        (Got(400, {}, b'{"error":"x"}', 0.1), "not in the shape"),
        (Got(400, {}, b"Bad Request", 0.1), "not in the shape"),
        (Got(404, {}, b"", 0.1), "not in the shape"),
        (Got(400, {}, GOOD, 0.1), ""),
        (Got(400, {}, NO_HTTP, 0.1), ""),
        (Got(431, {}, TOO_MUCH, 0.1), ""),
        (Got(400, {"content-type": "text/html; charset=utf-8"}, b"<p>", 0.1), ""),
        (Got(200, {}, b"anything", 0.1), ""),
    ],
)
def test_the_judge_sees_what_is_wrong(got: Got, why: str) -> None:
    tally = Tally(API)
    tally.note(Sent("GET", b"/", []), got)
    assert [line.startswith(why) for line in tally.wrong] == [True] * bool(why)
    assert tally.statuses == {got.status: 1}
    assert tally.slowest == got.seconds


def test_whoever_is_sent_half_a_request_may_hang_up() -> None:
    tally = Tally(API)
    tally.note(Sent("GET", b"/", [], whole=False), Got(0, {}, b"", 0.3))
    assert tally.wrong == []
