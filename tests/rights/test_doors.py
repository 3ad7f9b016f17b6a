"""The full cross product of the table of rights, asked of every route of every door on behalf of every role."""

from collections.abc import Mapping
from functools import partial

import pytest

from keyturn.http.described import Call
from tests.openapi.test_described import APIS
from tests.rights.asks import DOORS, DoorUnderTest
from tests.rights.stage import Asking, OnOthers, OnSelf, Stage
from tests.rights.table import CONFINED, ROLES, TABLE, may
from tests.support.server import Answer

REFUSED = frozenset({401, 403, 404})


@pytest.mark.proves("AZ-1", "V8.1.1")
@pytest.mark.parametrize("name", APIS)
def test_every_route_that_needs_a_right_is_asked_for_here(name: str) -> None:
    """A new route that decides by a right has a row in `asks.py`, or the build is red."""
    asked = {route: {need for needs in rows for need in needs} for route, rows in DOORS[name].asks.items()}
    wanted = {(call.method, call.path): set(call.needs) for call in APIS[name].calls if call.needs}
    assert asked == wanted


@pytest.mark.proves("AZ-1", "AZ-2", "V8.2.1", "V8.3.1")
@pytest.mark.parametrize("role", ROLES)
def test_each_route_is_open_and_shut_as_the_table_says(stage: tuple[str, Stage], role: str) -> None:
    name, on = stage
    if role == CONFINED and DOORS[name].by_key:
        pytest.skip("no key has to set a new password")
    under, wrong = DOORS[name], list[str]()
    for call in APIS[name].calls:
        for needs, asking in under.asks.get((call.method, call.path), {}).items():
            wrong += _deviations(on, under, call, needs, asking, role)
    assert wrong == [], "\n".join(wrong)


def _deviations(
    stage: Stage, under: DoorUnderTest, call: Call, needs: tuple[str, ...], asking: Asking, role: str
) -> list[str]:
    """Which answers of a route to a role differ from the table, over all targets."""
    wrong, seen = list[str](), dict[str, int]()
    skips_self = under.by_key or isinstance(asking, OnOthers)
    targets = ["self"] if isinstance(asking, OnSelf) else _targets(needs, role, skips_self=skips_self)
    reaches = under.reaches and role == "administrator"
    if reaches and "tenant.appoint" in needs:
        targets.remove("foreign")  # who may be appointed where is for the tests of that door
    for target in targets:
        actor, headers = stage.actor(role, fresh=target == "self")
        asked = asking(stage, target, actor)
        answer = stage.door.ask(call.method, asked.path, headers={**headers, **asked.headers}, send=asked.send)
        good = answer.status < 300 if asked.good is None else asked.good(answer, partial(_follow, stage, headers))
        refused = answer.status in REFUSED or (asked.good is not None and not good and answer.status < 500)
        meant = "peer" if target == "foreign" and reaches else target
        if good is not may(needs, role, meant) or not (good or refused):
            wrong.append(f"{role} {call.method} {call.path} {target}: {answer.status} {answer.text[:200]}")
        seen[target] = answer.status
    if "foreign" in seen and seen["foreign"] != seen["missing"] and not reaches:
        wrong.append(f"{role} {call.method} {call.path}: a foreign one is told from a missing one: {seen}")
    return wrong


def _follow(stage: Stage, headers: Mapping[str, str], path: str) -> Answer:
    return stage.door.ask("GET", path, headers=headers)


def _targets(needs: tuple[str, ...], role: str, *, skips_self: bool) -> list[str]:
    known = [target for need in needs for target in TABLE["targets"][need]]
    targets = [target for target in dict.fromkeys(known) if target != "nobody"] or ["nobody"]
    if skips_self:
        targets = [target for target in targets if target != "self"]
    return [target for target in targets if target != "above" or ROLES[role] != ROLES["administrator"]]
