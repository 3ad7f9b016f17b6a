"""Whatever is asked of a target keeps to the limits that the target tells, without any of them in the settings."""

from collections.abc import Sequence

import pytest

from bench.limits import Limiter
from tests.bulk.desk import users
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

COUNT = 16
RUN = ("-t", "there", "--no-input", "--expect", str(COUNT))
LIMITS = ((8, 1.0),)
SLIPS = 1
"""Answers that may say slow down on a machine that lets threads wait; without a pace it would be half of them."""


def begun(place: Place, *more: str) -> str:
    """A run of so many users, before anybody enforced anything; its id."""
    place.call("reset", place.file(users(COUNT)), *RUN, *more)
    return place.run_folder().name


@pytest.mark.proves("RN-9")
@pytest.mark.parametrize(
    "command",
    [
        ("handout", "status", "RUN"),
        ("runs", "verify", "RUN"),
        ("runs", "followup", "RUN"),
        ("plan", "reset", "FILE", "-t", "there", "--lookup"),
    ],
    ids=" ".join,
)
def test_who_only_looks_is_never_told_to_slow_down(place: Place, command: Sequence[str]) -> None:
    """The first answer says how many a second it takes, and so many it gets."""
    run = begun(place)
    limiter = place.server.limiter = Limiter(LIMITS)
    words = {"RUN": run, "FILE": str(place.tmp / "users.csv")}
    before = place.server.looks
    place.call(*(words.get(word, word) for word in command))
    assert place.server.looks - before >= COUNT
    assert limiter.refused <= SLIPS


@pytest.mark.proves("RN-9")
def test_the_reading_after_a_run_goes_on_at_the_pace_of_the_run(place: Place) -> None:
    """What left a moment ago counts, whatever it was for."""
    limiter = place.server.limiter = Limiter(LIMITS)
    begun(place, "--verify")
    assert place.server.looks == 2 * COUNT
    assert limiter.refused <= SLIPS
