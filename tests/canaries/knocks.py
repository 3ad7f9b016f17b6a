"""Requests that carry canaries where secrets stand, and where they have no business: all calls of all doors."""

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

from keyturn.http.described import Api, Call
from tests.malformed.malform import credentials
from tests.malformed.sent import Sent
from tests.openapi.fuzzing import Asking
from tests.openapi.test_fuzzing import SKIPPED

MARKS: Final = ("Zq7Kw9Xv", 'Zq"7\\K&9<Xv', "Zqé7Kwß9")
"""What every canary begins with: plain, with signs that each encoding writes its own way, and beyond ASCII.  The search
is for these, so that a part of a canary that gets out is found, too."""

SECRET: Final = frozenset({
    "password", "newPassword", "oldPassword", "currentPassword", "token", "client_secret", "new", "old", "again",
    "present", "session",
})  # fmt: skip
"""Names of what holds a secret in an example."""


class Canaries:
    """Draws them: each is a password that every policy takes, and comes once."""

    def __init__(self) -> None:
        self.drawn = 0
        self._dice = Random("canaries")

    def next(self, mark: int | None = None) -> str:
        """A new one.  mark: which of the three beginnings; None: in turn."""
        self.drawn += 1
        rest = "".join(self._dice.choices("bcdfghjkmnpqrstvwxz", k=10))
        return f"{MARKS[self.drawn % 3 if mark is None else mark]}{self.drawn:04}-{rest}"


def knocks(
    doors: Mapping[str, tuple[Api, Asking]], known: Mapping[str, Sequence[str]], canaries: Canaries, count: int
) -> Iterator[Sent]:
    """So many requests over all doors in turn, the same each time, with a canary each."""
    dice = Random("knocks")
    for number, name in enumerate(itertools.islice(itertools.cycle(doors), count)):
        api, how = doors[name]
        calls = [call for call in api.calls if f"{call.method} {call.path}" not in SKIPPED]
        secret = [call for call in calls if call.body is not None and _has_secret(call.body.example)]
        call = dice.choice(secret or calls) if number % 3 else dice.choice(calls)
        sent = Sent(call.method, _address(api, call, known, dice).encode(), [])
        if dice.random() < 0.8:
            sent.headers += credentials(api, call, how, dice)
        ways = WAYS if call.body is not None else NO_BODY
        ways[number // len(doors) % len(ways)](sent, call, canaries.next(), dice)
        yield sent


def _has_secret(example: Any) -> bool:
    return bool(spoken(example, "a") != spoken(example, "b"))


def spoken(value: Any, canary: str, name: str = "") -> Any:
    """An example with the canary for each secret in it."""
    if isinstance(value, Mapping):
        return {name: spoken(part, canary, name) for name, part in value.items()}
    if name in SECRET and isinstance(value, str | list):
        return canary if isinstance(value, str) else [*canary]
    return [spoken(part, canary) for part in value] if isinstance(value, list | tuple) else value


def _address(api: Api, call: Call, known: Mapping[str, Sequence[str]], dice: Random) -> str:
    path = dice.choice(api.places) + call.path
    for name, values in known.items():
        path = path.replace("{" + name + "}", dice.choice(values))
    return path


def _body(sent: Sent, call: Call, canary: str) -> bytes:
    assert call.body is not None
    kind = call.body.kinds[0]
    sent.put(b"content-type", kind.encode())
    filled = spoken(call.body.example, canary)
    if filled == call.body.example and isinstance(filled, dict):
        filled = {**filled, "password": canary}
    return (urlencode(filled) if "form" in kind else json.dumps(filled)).encode()


def _as_meant(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    sent.body = _body(sent, call, canary)


def _cut_off(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    sent.body = _body(sent, call, canary)[:-1]


def _damaged(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    body = _body(sent, call, canary)
    sent.body = dice.choice((body + body, b"[" + body, body.replace(b'"', b"'"), body.replace(b":", b":NaN,", 1)))


def _of_another_kind(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    sent.body = _body(sent, call, canary)
    sent.put(b"content-type", dice.choice((b"text/plain", b"application/xml", b"multipart/form-data; boundary=x")))


def _of_another_shape(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    _body(sent, call, canary)
    shapes: list[Any] = [canary, [canary], {canary: 1}, {"password": {"value": canary}}, {"token": [canary, canary]}]
    sent.body = json.dumps(dice.choice(shapes)).encode()


def _in_query(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    name = dice.choice(("password", "token", "access_token", "newPassword", "filter", "emailPassword", "apikey"))
    value = f'password eq "{canary}"' if name == "filter" else canary
    sent.address += b"?" + urlencode({name: value}).encode()


def _in_path(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    # Not where an id belongs: what somebody calls a user is no secret, and a vendor's error names the one it means.
    sent.address = dice.choice((b"/claim/", b"/", b"/v1/authenticate/")) + quote(canary, safe="").encode()


def _in_header(sent: Sent, call: Call, canary: str, dice: Random) -> None:
    basic = b"Basic " + base64.b64encode(f"{dice.choice(('amal', 'nobody'))}:{canary}".encode())
    name, value = dice.choice((
        (b"authorization", basic),
        (b"authorization", basic[:-5]),
        (b"authorization", b"Bearer " + canary.encode()),
        (b"x-access-token", canary.encode()),
        (b"apikey", b"mxserver-" + canary.encode()),
        (b"cookie", b"session=" + canary.encode()),
    ))  # fmt: skip
    sent.put(name, value)


Way = Callable[[Sent, Call, str, Random], None]
NO_BODY: Final[tuple[Way, ...]] = (_in_query, _in_header, _in_path)
WAYS: Final[tuple[Way, ...]] = (
    _as_meant, _as_meant, _as_meant, _cut_off, _damaged, _of_another_kind, _of_another_shape, *NO_BODY
)  # fmt: skip
