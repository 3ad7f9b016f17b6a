"""The requests: the described calls of a door with credentials that are good in half of them, each broken."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import urlencode

from keyturn.http.described import Api, Call, varying
from tests.malformed.addresses import break_id, break_path, break_query
from tests.malformed.bodies import break_body
from tests.malformed.heads import break_frame, break_header, break_method, break_sign_in
from tests.malformed.sent import Sent
from tests.openapi.fuzzing import Asking
from tests.openapi.test_fuzzing import SKIPPED

CANARY = "Quokka-Marmalade-Lighthouse-77"
"""Stands for every password that is sent; nothing may write it down."""

_SECRET = frozenset(
    {"password", "newPassword", "oldPassword", "currentPassword", "token", "new", "old", "again", "present"}
)


def malformed(api: Api, how: Asking, known: Mapping[str, Sequence[str]], seed: str, count: int) -> Iterator[Sent]:
    """So many broken requests of a door, the same for the same seed.

    known: by the name of what varies in a path, what is there to be found.
    """
    dice = Random(f"{seed} {api.name}")
    for _ in range(count):
        call = dice.choice(api.calls)
        sent = right(api, call, how, known, dice)
        for _ in range(dice.choice((1, 1, 1, 2))):
            _break(sent, api, call, known, dice)
        if {name.lower() for name, _ in sent.headers} & {b"content-length", b"upgrade", b"expect"}:
            sent.whole = False
        yield sent


def right(api: Api, call: Call, how: Asking, known: Mapping[str, Sequence[str]], dice: Random) -> Sent:
    """A call as it should be, with good credentials in half of them."""
    path = dice.choice(api.places) + call.path
    for name, values in known.items():
        path = path.replace("{" + name + "}", dice.choice(values))
    sent = Sent(call.method, path.encode(), [])
    if dice.random() < 0.5 and f"{call.method} {call.path}" not in SKIPPED:
        sent.headers += credentials(api, call, how, dice)
        sent.about.append("signed in")
    if call.body is not None:
        kind, example = call.body.kinds[0], spoken(call.body.example)
        text = urlencode(example) if "form" in kind else json.dumps(example)
        sent.body = text.encode()
        sent.put(b"content-type", kind.encode())
    return sent


def spoken(value: Any, name: str = "") -> Any:
    """An example with the canary for each password in it."""
    if isinstance(value, Mapping):
        return {name: spoken(part, name) for name, part in value.items()}
    if name in _SECRET and isinstance(value, str | list):
        return CANARY if isinstance(value, str) else [*CANARY]
    return [spoken(part) for part in value] if isinstance(value, list | tuple) else value


def credentials(api: Api, call: Call, how: Asking, dice: Random) -> list[tuple[bytes, bytes]]:
    """The header of one of the ways to sign in."""
    ways = [way for way in call.ways or api.usual if way in how.ways]
    if not ways:
        return []
    way = dice.choice(ways)
    given, told = how.ways[way], api.ways[way]
    if "username" in given:
        pair = base64.b64encode(f"{given['username']}:{given['password']}".encode())
        return [(b"authorization", b"Basic " + pair)]
    if told["type"] == "apiKey":
        return [(str(told["name"]).encode(), given["api_key"].encode())]
    return [(b"authorization", b"Bearer " + given["bearer"].encode())]


def _break(sent: Sent, api: Api, call: Call, known: Mapping[str, Sequence[str]], dice: Random) -> None:
    asked = [one.name for one in call.parameters if one.where == "query"]
    ways: dict[Callable[[], None], int] = {
        lambda: break_body(sent, spoken(call.body.example) if call.body else None, dice): 8 if call.body else 1,
        lambda: break_query(sent, asked, dice): 6 if call.parameters else 1,
        lambda: break_id(sent, dice.choice(api.places) + call.path, known, dice): 2 * len(varying(call.path)),
        # Behind the sign-in it is what is asked for that is read; the rest is judged before.
        lambda: break_sign_in(sent, dice): 0 if "signed in" in sent.about else 4,
        lambda: break_path(sent, dice): 1,
        lambda: break_header(sent, dice): 1,
        lambda: break_frame(sent, dice): 1,
        lambda: break_method(sent, dice): 1,
    }
    [way] = dice.choices([*ways], [*ways.values()])
    way()
