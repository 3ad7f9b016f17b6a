"""The chain: whatever is changed, moved or cut out of it, the hashes tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.audit import GENESIS, SHARD, Checkpoint, Event, canonical, chain, link

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVENTS = [Event(AT, 1, "admin", "password.reset", "changed", target=f"u{n}", row=n) for n in range(5)]


def test_each_entry_follows_the_one_before() -> None:
    entries = chain(GENESIS, SHARD, 1, EVENTS)
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]


@given(
    st.sampled_from(
        ["actor", "verb", "outcome", "target", "who", "reason", "door", "source", "request", "run", "detail"]
    )
)
def test_a_change_of_any_field_changes_the_hash(field: str) -> None:
    change: dict[str, Any] = {field: "x"}
    changed = replace(EVENTS[0], **change)
    assert link(GENESIS, SHARD, 1, changed) != link(GENESIS, SHARD, 1, EVENTS[0])


def test_the_same_moment_in_another_zone_is_the_same_event() -> None:
    elsewhere = replace(EVENTS[0], at=AT.astimezone(timezone(timedelta(hours=9))))
    assert canonical(elsewhere) == canonical(EVENTS[0])


def test_place_and_shard_are_part_of_the_hash() -> None:
    hashes = {
        link(GENESIS, SHARD, 1, EVENTS[0]),
        link(GENESIS, SHARD, 2, EVENTS[0]),
        link(GENESIS, SHARD + 1, 1, EVENTS[0]),
    }
    assert len(hashes) == 3


def test_a_checkpoint_states_sequence_hash_and_time() -> None:
    statement = Checkpoint(SHARD, 5, "ab" * 32, AT, "k1", "").statement()
    assert b"\n5\n" in statement
    assert ("ab" * 32).encode() in statement
    assert b"2026-11-21T12:00:00.000000+00:00" in statement
