"""Every route of every door is described: what is not, has no row in OpenAPI, in the table of rights, in the docs."""

from typing import cast

import pytest
from starlette.routing import BaseRoute

from keyturn.api import manual
from keyturn.api import routes as ours
from keyturn.api.audit import Reader
from keyturn.api.factors import OpenPersonal
from keyturn.api.wire_api import API as OURS
from keyturn.app.doors import DOORS
from keyturn.core.permissions import NEEDS
from keyturn.core.ports import Gate
from keyturn.http.described import Api, refusals
from keyturn.http.requests import Answered

APIS = {name: door.api for name, door in DOORS.items()} | {OURS.name: OURS}


def routes_of(name: str) -> list[BaseRoute]:
    """The routes of a door; none of them asks anything of its gate before a request comes."""
    gate = cast(Gate, object())
    if name == OURS.name:
        personal, reader, watcher = cast(OpenPersonal, object()), cast(Reader, object()), cast(ours.Watcher, object())
        return [*ours.routes(gate, personal, reader, watcher), *manual.routes({})]
    return [*DOORS[name].routes(gate)]


def answered(routes: list[BaseRoute]) -> set[tuple[str, str]]:
    """Method and path of everything that these routes answer."""
    found = set()
    for route in routes:
        assert isinstance(route, Answered), f"{route} is not made by `keyturn.http.requests.route`"
        found |= {(method, route.path) for method in route.answers}
    return found


@pytest.mark.proves("V2.1.1")
@pytest.mark.parametrize("name", APIS)
def test_every_route_is_described_and_everything_described_is_a_route(name: str) -> None:
    """The rows of `wire_api.py` and the routes of the running server are the same set."""
    described = [(call.method, call.path) for call in APIS[name].calls]
    assert len(described) == len(set(described))
    assert set(described) == answered(routes_of(name))


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_every_call_names_rows_of_the_table_of_rights(api: Api) -> None:
    """A need without a row would decide nothing; what nobody need be signed in for needs no right."""
    unknown = [(call.path, need) for call in api.calls for need in call.needs if need not in NEEDS]
    assert unknown == []
    assert [call.path for call in api.calls if call.anybody and call.needs] == []
    assert [way for call in api.calls for way in (*call.ways, *api.usual) if way not in api.ways] == []


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_what_is_not_served_is_not_served(api: Api) -> None:
    """The list of what a vendor documents and we do not answer is kept by hand: it must not outlive its truth."""
    served = {(call.method, call.path) for call in api.calls}
    assert [row for row in api.not_served if (row.method, row.path) in served] == []
    assert all(row.why for row in api.not_served)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_refusals_of_a_call_follow_from_who_may_call_it(api: Api) -> None:
    """Who must be signed in can be told that they are not; what needs a right can be refused for want of it."""
    for call in api.calls:
        codes = {fault.reason.value for faults in refusals(call, api).values() for fault in faults}
        assert call.anybody or "not-signed-in" in codes
        assert not call.needs or "not-allowed" in codes
