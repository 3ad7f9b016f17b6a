"""No change without its entry, and no entry without its change: whatever statement fails, all of it or nothing."""

from collections.abc import Iterator
from typing import Final

import pytest

from keyturn.core.errors import StoreError
from tests.audit.failing import Faults, content, different, failing, locked_away
from tests.audit.triggers import TRIGGERS
from tests.audit.world import World, a_world

EFFECTS: Final = frozenset({"created", "changed", "started", "sent", "failed"})
"""The outcomes of something that was done; all others changed nothing."""

AUDIT: Final = ["audit", "audit_head"]
ELSEWHERE: Final = frozenset({"directory.backup", "policy.breaches"})
"""What makes a file beside the directory, and changes nothing in it."""

OUTSIDE: Final = frozenset(
    {
        "mail.sent",
        "mail.failed",
        "keyring.rotate",
        "keyring.prune",
        "directory.backup",
        "directory.restore",
        "policy.breaches",
    }
)
"""What is more than one transaction: a relay, or files of the key folder, take part."""

GUESSES: Final = frozenset({"session.start", "factor.show"})
"""What is counted even when it fails, so that only the first tries are looked at."""

ALL: Final = list(TRIGGERS)
DONE: Final = [event for event in ALL if event[1] in EFFECTS and event[0] not in OUTSIDE]


def named(events: list[tuple[str, str]]) -> list[str]:
    """The names of tests."""
    return [" ".join(event) for event in events]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Faults]]:
    """A world whose database fails on demand."""
    with failing() as faults, a_world(tmp_path_factory.mktemp("faulty")) as world:
        yield world, faults


@pytest.mark.proves("LG-2", "R-14", "V16.5.3")
@pytest.mark.parametrize(("verb", "outcome"), ALL, ids=named(ALL))
def test_nothing_is_done_without_its_entry_and_nothing_is_entered_that_was_not_done(
    faulty: tuple[World, Faults], verb: str, outcome: str
) -> None:
    """First where no entry can be written, and then where one can.  Files have a right to be outside: `OUTSIDE`."""
    world, _ = faulty
    act = TRIGGERS[verb, outcome](world)
    effect = outcome in EFFECTS
    before, whole = content(world.opened.place), content(world.opened.place, silent=effect)
    with locked_away(world.opened.place), pytest.raises(StoreError):
        act()
    assert different(before, content(world.opened.place)) == [], (
        "what works on files as well takes them back where it fails"
    )
    if verb in OUTSIDE:  # what a relay or a file has to do with has begun, and begins anew
        act = TRIGGERS[verb, outcome](world)
        whole = content(world.opened.place, silent=effect)
    act()
    touched = different(whole, content(world.opened.place, silent=effect))
    assert set(AUDIT) <= set(touched)
    assert bool(set(touched) - set(AUDIT)) is (effect and verb not in ELSEWHERE), touched


@pytest.mark.proves("DB-2", "LG-2", "V2.3.3")
@pytest.mark.parametrize(("verb", "outcome"), DONE, ids=named(DONE))
def test_a_fault_at_any_statement_leaves_all_or_nothing(faulty: tuple[World, Faults], verb: str, outcome: str) -> None:
    world, faults = faulty
    act = TRIGGERS[verb, outcome](world)
    before = content(world.opened.place)
    for at in range(1, 60):
        if verb in GUESSES:
            act = TRIGGERS[verb, outcome](world)
            before = content(world.opened.place)
        faults.start(at)
        try:
            act()
        except StoreError:
            faults.start(0)
            assert different(before, content(world.opened.place)) == [], f"after statement {at}"
        else:
            done = list(faults.seen)
            faults.start(0)
            assert len(done) < at, f"the fault at {done[at - 1]} was swallowed"
            return
    raise AssertionError("there is no end of statements")
