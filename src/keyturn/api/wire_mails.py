"""The call of our own API about mails, as clients see it."""

from collections.abc import Mapping
from typing import Final

from keyturn.api.mails import STATES
from keyturn.http.described import (
    COUNT,
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Call,
    Parameter,
    Schema,
    many,
    maybe,
    members,
    one_of,
    shape,
)  # fmt: skip

_STATE: Final = one_of(*STATES)
_MAIL: Final[Mapping[str, Schema]] = {
    "id": TEXT,
    "login": TEXT,
    "recipient": TEXT,
    "template": one_of("secret", "link", "value", "notice", "address", "factor"),
    "state": _STATE,
    "created": TIME,
    "not_before": TIME,
    "expires": TIME,
    "settled": maybe(TIME),
    "attempts": WHOLE,
    "why": TEXT,
}

SHAPES: Final[Mapping[str, Schema]] = {
    "Mails": members({"mails": many(shape("Mail"))}, "mails"),
    "Mail": members(_MAIL, *_MAIL),
}

MAILS: Final = (
    Call("GET", "/keyturn/v1/mails", "What became of mails; none is shown with what it says",
         {200: Answer("Mails, newest first.", shape("Mails"), {"mails": []})}, needs=("mail.list",),
         parameters=(Parameter("who", "Only to the user with this id."),
                     Parameter("state", "Only in this state.", _STATE),
                     Parameter("count", "How many at most, up to 1,000.", COUNT))),
)  # fmt: skip
