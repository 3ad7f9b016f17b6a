"""Refusals that no command makes are in the audit like all others."""

from dataclasses import replace

from keyturn.core.audit import LONGEST_WHO
from keyturn.core.commands import Origin
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from tests.support.house import House

ORIGIN = Origin("req-9", "192.0.2.1", "run-1", 7)


def test_a_refusal_at_a_door_is_audited_with_the_one_who_asked(house: House) -> None:
    """In their tenant, with where it came from, and only as much of a name as fits."""
    refused = Refused("x" * 1000, Reason.NOT_ALLOWED, "the scope is missing")
    actor = Actor("a-key", "automation", 2, frozenset())
    assert house.signing_in.refuse(refused, "session.use", actor, door="test", origin=ORIGIN) == refused
    with house.parts.store.reading() as view:
        [entry] = view.audit.entries(0, 10)
    event = entry.event
    assert (event.tenant, event.actor, event.verb, event.outcome) == (2, "a-key", "session.use", "refused")
    assert (event.who, event.reason, event.detail) == ("x" * LONGEST_WHO, "not-allowed", "the scope is missing")
    assert (event.door, Origin(event.request, event.source, event.run, event.row)) == ("test", ORIGIN)


def test_a_refusal_of_nobody_known_stands_in_the_first_tenant(house: House) -> None:
    """As a failed sign-in does."""
    refused = Refused("", Reason.NOT_SIGNED_IN)
    house.signing_in.refuse(refused, "session.use", None, door="test", origin=replace(ORIGIN, row=None))
    assert house.events() == [("session.use", "refused", "", "not-signed-in")]
    with house.parts.store.reading() as view:
        assert [(one.event.tenant, one.event.actor) for one in view.audit.entries(0, 10)] == [(1, "")]
