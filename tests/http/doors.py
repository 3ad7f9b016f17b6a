"""All doors of one served directory, and their calls as somebody with every right makes them."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keyturn.api.wire_api import API as OURS
from keyturn.app.doors import DOORS
from keyturn.app.house.build import House, Place
from keyturn.http.described import Api, Call, varying
from tests.openapi.fuzzing import PASSWORD, Asking, asking
from tests.support.server import OpenDoor, Person, open_cheaply, served

APIS: Mapping[str, Api] = {**{name: door.api for name, door in DOORS.items()}, OURS.name: OURS}
PEOPLE = [Person("amal", "amal@example.com", PASSWORD)]
CALLS = [(name, call) for name, api in APIS.items() for call in api.calls]

CHEAP = ("mas", "uipath", "primavera", "scim", "keyturn")
"""Doors that can be asked with a token: no password is hashed for a call."""


def ids(calls: list[tuple[str, Call]]) -> list[str]:
    """Names for parametrised tests."""
    return [f"{name} {call.method} {call.path}" for name, call in calls]


@dataclass(frozen=True)
class Doors:
    """A served directory with the credentials for each door."""

    door: OpenDoor
    hows: Mapping[str, Asking]

    def headers(self, name: str, call: Call) -> dict[str, str]:
        """Credentials for a call; the cheapest that it takes."""
        how = self.hows[name]
        for way in ("bearer", "client", "token", "apikey", "basic"):
            if way in how.ways and way in (call.ways or APIS[name].usual):
                return _said(how.ways[way], APIS[name].ways[way])
        return {}

    def path(self, name: str, call: Call, **known: str) -> str:
        """The address of a call below its door, with something in each place that varies."""
        path = call.path
        for place in varying(path):
            told = self.hows[name].known.get(f"path.{place}", known.get(place, "amal"))
            path = path.replace("{" + place + "}", told, 1)
        return self.hows[name].base.removeprefix(self.door.url) + path


def _said(parts: Mapping[str, str], way: Mapping[str, object]) -> dict[str, str]:
    if "bearer" in parts:
        return {"authorization": f"Bearer {parts['bearer']}"}
    if "api_key" in parts:
        return {str(way["name"]): parts["api_key"]}
    pair = b64encode(f"{parts['username']}:{parts['password']}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


@contextmanager
def all_doors(folder: Path, opened: Callable[[Place], House] = open_cheaply) -> Iterator[Doors]:
    """A directory with somebody in it."""
    with served(folder, profile="vendor", users=PEOPLE, opened=opened) as door:
        yield Doors(door, {name: asking(name, door) for name in APIS})


def effects(door: OpenDoor) -> list[str]:
    """What was changed by anybody, from the audit, but signing in and out."""
    with door.house.store.reading() as view:
        events = [entry.event for entry in view.audit.entries(0, 100_000)]
    return [one.verb for one in events if one.outcome in ("created", "changed") and not one.verb.startswith("session.")]
