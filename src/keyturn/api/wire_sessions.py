"""The calls of our own API about who is signed in, as clients see them."""

from collections.abc import Mapping
from typing import Final

from keyturn.http.described import FLAG, TEXT, TIME, Answer, Call, Schema, many, members, shape

_ROOT: Final = "/keyturn/v1"
_ENDED: Final = Answer("They are dead; there is no body.")
_LIST: Final = Answer(
    "Sessions, oldest first.",
    shape("OpenSessions"),
    {
        "sessions": [
            {
                "id": "0f4a52c1d2a84c6e8f6b1f6f7b0a9d31",
                "door": "keyturn",
                "source": "192.0.2.7",
                "started": "2026-11-21T12:00:00+00:00",
                "expires": "2026-11-21T13:00:00+00:00",
                "current": True,
            }
        ]
    },
)

SHAPES: Final[Mapping[str, Schema]] = {
    "OpenSessions": members({"sessions": many(shape("OpenSession"))}, "sessions"),
    "OpenSession": members(
        {"id": TEXT, "door": TEXT, "source": TEXT, "started": TIME, "expires": TIME, "current": FLAG},
        "id",
        "door",
        "source",
        "started",
        "expires",
        "current",
    ),
}

SESSIONS: Final = (
    Call("GET", _ROOT + "/me/sessions", "Where one is signed in", {200: _LIST}, needs=("session.list",)),
    Call("DELETE", _ROOT + "/me/sessions", "End all one's own sessions but this one", {204: _ENDED},
         needs=("session.end",)),
    Call("DELETE", _ROOT + "/me/sessions/{id}", "End one of one's own sessions", {204: _ENDED},
         needs=("session.end",)),
    Call("GET", _ROOT + "/users/{id}/sessions", "Where a user is signed in", {200: _LIST}, needs=("session.list",)),
    Call("DELETE", _ROOT + "/users/{id}/sessions", "End the sessions of a user", {204: _ENDED},
         needs=("session.end",)),
)  # fmt: skip
