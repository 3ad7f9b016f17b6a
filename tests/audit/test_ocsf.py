"""Every event of the catalogue, as it really happens, is a valid event of the schema that security tools read."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from keyturn.app.trail.ocsf import as_ocsf, class_of, event_of
from keyturn.core.audit import GENESIS, Entry, Event
from keyturn.core.catalogue import CATALOGUE
from tests.audit.ocsf_facts import (
    CLASSES,
    EITHER_OF_ENDPOINT,
    EITHER_OF_ENTITY,
    EITHER_OF_USER,
    OF_ALL,
    OF_METADATA,
    SEVERITIES,
    STATUSES,
)
from tests.audit.triggers import TRIGGERS
from tests.audit.world import ORIGIN, World, a_world
from tests.support.stores import NOON


@pytest.fixture(scope="module")
def happened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Entry]]:
    """What the audit holds after everything has happened once."""
    with a_world(tmp_path_factory.mktemp("world")) as world:
        yield everything(world)


def everything(world: World) -> list[Entry]:
    """Trigger all events."""
    for trigger in TRIGGERS.values():
        trigger(world)()
    return world.entries()


def faults(event: Mapping[str, Any]) -> list[str]:
    """What the schema does not allow of an event."""
    asked = CLASSES[event["class_uid"]]
    found = [name for name in (*OF_ALL, *asked.required) if name not in event]
    found += [f"metadata.{name}" for name in OF_METADATA if name not in event["metadata"]]
    rules = {
        "category": event["category_uid"] == asked.category,
        "activity": event["activity_id"] in {0, 99, *asked.activities},
        "type": event["type_uid"] == event["class_uid"] * 100 + event["activity_id"],
        "severity": event["severity_id"] in SEVERITIES,
        "status": event["status_id"] in STATUSES,
        "time": isinstance(event["time"], int),
        "either": not asked.either or any(name in event for name in asked.either),
        "user": _one_of(event, "user", EITHER_OF_USER),
        "group": _one_of(event, "group", EITHER_OF_ENTITY),
        "entity": _one_of(event, "entity", EITHER_OF_ENTITY),
        "actor.user": _one_of(event["actor"], "user", EITHER_OF_USER),
        "src_endpoint": _one_of(event, "src_endpoint", EITHER_OF_ENDPOINT),
    }
    return found + [name for name, kept in rules.items() if not kept]


def _one_of(event: Mapping[str, Any], name: str, wanted: tuple[str, ...]) -> bool:
    return name not in event or any(event[name].get(part) for part in wanted)


@pytest.mark.proves("LG-1")
def test_every_event_that_can_happen_fits_the_schema(happened: list[Entry]) -> None:
    wrong = {f"{one.event.verb} {one.event.outcome}": faults(event_of(one)) for one in happened}
    assert {name: found for name, found in wrong.items() if found} == {}
    assert {one.event.verb for one in happened} >= CATALOGUE.keys()


def entry(verb: str, outcome: str = "changed", **more: Any) -> Entry:
    """An entry about Amal."""
    said = {"target": "uid-1", "who": "amal", "door": "mas", "source": ORIGIN.source, "request": "req-9", **more}
    return Entry(0, 7, GENESIS, "ab" * 32, Event(NOON, 2, "root", verb, outcome, **said))


def test_a_reset_says_who_reset_whose_password_from_where() -> None:
    told = json.loads(as_ocsf(entry("password.reset", run="run-7", row=3)))
    assert (told["class_uid"], told["activity_id"], told["type_uid"], told["status_id"]) == (3001, 4, 300104, 1)
    assert (told["actor"], told["user"]) == ({"user": {"uid": "root"}}, {"name": "amal", "uid": "uid-1"})
    assert told["src_endpoint"] == {"ip": "192.0.2.9"}
    assert told["time"] == 1_795_262_400_123
    assert told["metadata"]["uid"] == "0-7"
    assert told["metadata"]["correlation_uid"] == "req-9"
    assert {told["unmapped"][name] for name in ("tenant", "door", "run", "row")} == {2, "mas", "run-7", 3}


PLACES = {
    ("user.status", "locked"): (3001, 9),
    ("user.status", "active"): (3001, 2),
    ("user.status", "something else"): (3001, 99),
    ("user.update", ""): (3001, 99),
    ("session.end", "2"): (3002, 2),
    ("session.use", ""): (3002, 99),
    ("group.join", "g-1"): (3006, 3),
    ("group.create", ""): (3004, 1),
    ("key.revoke", ""): (3004, 4),
    ("user.list", ""): (3004, 2),
    ("mail.sent", "secret m-1: 250"): (3004, 99),
    ("quite.new", ""): (3004, 99),
}


@pytest.mark.parametrize(("verb", "detail"), PLACES)
def test_each_verb_has_the_class_and_the_activity_that_it_is(verb: str, detail: str) -> None:
    told = event_of(entry(verb, detail=detail))
    assert (told["class_uid"], told["activity_id"]) == PLACES[verb, detail]
    assert faults(told) == []
    assert class_of(verb).uid == told["class_uid"]


def test_a_refusal_of_nobody_known_is_a_failure_with_its_reason() -> None:
    told = event_of(entry("session.start", "refused", reason="not-signed-in", target="", who="", source="", door=""))
    assert (told["status_id"], told["severity_id"], told["status_code"]) == (2, 2, "not-signed-in")
    assert "src_endpoint" not in told
    assert faults(told) == []
