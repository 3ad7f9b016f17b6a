"""Whoever loses a right in the middle of a run loses it for the next row; the run stops and says so."""

import time
from pathlib import Path

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.bulk.record.exit import ExitCode
from keyturn.core.audit import Entry
from keyturn.core.commands import UpdateUser
from keyturn.core.outcomes import Changed, Refused
from keyturn.core.ports import KeyChange
from keyturn.core.users import USER_RIGHTS
from tests.support.fleet import ADMIN, Fleet, fleet

ROWS = 60
BEFORE = 8
IN_FLIGHT = 2
PATIENCE = 30


def resets(place: Fleet) -> list[Entry]:
    """Every reset that was recorded so far, but for those that made the stage."""
    with place.door.house.store.reading() as view:
        entries = view.audit.entries(0, 10_000)
    return [each for each in entries if each.event.verb == "password.reset" and each.event.actor != FOUNDER.id]


def demote(place: Fleet, kind: str) -> None:
    """Take the right from whoever the run acts as: the person, or the key."""
    if kind == "hdp":
        held = frozenset(place.door.made.key.key.rights - USER_RIGHTS)
        [outcome] = place.door.house.directory(FOUNDER, "test").execute([UpdateUser(ADMIN, rights=held)])
        assert isinstance(outcome, Changed), outcome
        return
    administration = place.door.house.administration(FOUNDER, "test")
    keys = administration.keys()
    assert not isinstance(keys, Refused)
    for key in keys:
        if key.kind == kind and key.id != place.door.made.key.key.id:
            administration.update_key(key.id, KeyChange(active=False))


@pytest.mark.proves("AZ-7", "V8.3.2", "V8.3.3")
@pytest.mark.parametrize("kind", ["hdp", "mas"])
def test_no_row_succeeds_after_its_actor_was_demoted(tmp_path: Path, kind: str) -> None:
    """In the middle of a run of many rows: only what was being answered at that moment may still end well."""
    people = [f"row{number}" for number in range(ROWS)]
    with fleet(tmp_path, people) as place:
        file = place.file([(kind, who) for who in people])
        process = place.kit.start(
            "reset", file, "--no-input", "--expect", str(ROWS), "-j", str(IN_FLIGHT), "--rate", "40/s"
        )
        until = time.monotonic() + PATIENCE
        while len(resets(place)) < BEFORE and time.monotonic() < until:
            time.sleep(0.02)
        demote(place, kind)
        with place.door.house.store.reading() as view:
            last = view.audit.last()
        assert last is not None
        told = process.communicate(timeout=PATIENCE)
        every = resets(place)
    after = [entry for entry in every if entry.sequence > last.sequence]
    assert len([entry for entry in after if entry.event.outcome != "refused"]) <= IN_FLIGHT
    assert BEFORE <= len(every) - len(after) < ROWS - IN_FLIGHT, told
    assert process.returncode in (ExitCode.SIGN_IN, ExitCode.FAILURES, ExitCode.BRAKE)
