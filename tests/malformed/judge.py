"""What an answer to a broken request may be."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openapi_schema_validator import OAS31Validator

from keyturn.api.wire_api import API as OURS
from keyturn.http.described import Api, Schema
from tests.malformed.sent import Got, Sent
from tests.openapi.fuzzing import unsupported

SLOWEST = 2.0
"""Seconds that an answer may take."""

NO_HTTP = b"this is no request of HTTP/1.1\n"
TOO_MUCH = b"the head is too large\n"
"""What is said before any door is known."""


@dataclass
class Tally:
    """What came back in all.  wrong: what should not have."""

    api: Api
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        errors = [self.api.error, *(call.error for call in self.api.calls if call.error is not None)]
        self._own = [_validator(error, self.api.shapes) for error in errors]
        self._ours = [_validator(OURS.error, OURS.shapes)]
        self._above = {int(status) for status in unsupported(self.api)} | {405}
        self._pages = any(call.pages for call in self.api.calls)

    def note(self, sent: Sent, got: Got) -> None:
        """Count an answer, and judge it."""
        self.statuses[got.status] += 1
        self.slowest = max(self.slowest, got.seconds)
        why = self._why_wrong(sent, got)
        if why:
            asked = f"{sent.method} {sent.address[:200]!r} {sent.headers!r:.300} {sent.body[:300]!r}"
            self.wrong.append(
                f"{why} ({got.status}, {got.seconds:.2f} s) for {sent.about}: {asked}: {got.body[:200]!r}"
            )

    def _why_wrong(self, sent: Sent, got: Got) -> str:
        if got.seconds > SLOWEST:
            return "slow"
        if got.status == 0:
            return "no answer" if sent.whole else ""
        if got.status >= 500 and got.status not in self._above:
            return "a server error"
        if got.status < 400 or got.body in (NO_HTTP, TOO_MUCH) or sent.method == "HEAD" or got.status in self.api.bare:
            return ""
        return "" if self._is_shaped(sent, got) else "not in the shape of the door"

    def _is_shaped(self, sent: Sent, got: Got) -> bool:
        kind = got.headers.get("content-type", "").partition(";")[0]
        if kind == "text/html":
            return self._pages or sent.elsewhere
        try:
            body = json.loads(got.body)
        except ValueError:
            return False
        allowed = [*self._own, *(self._ours if sent.elsewhere else ())]
        return any(validator.is_valid(body) for validator in allowed)


def _validator(schema: Schema, shapes: Mapping[str, Schema]) -> Any:
    return OAS31Validator({**schema, "components": {"schemas": dict(shapes)}})
