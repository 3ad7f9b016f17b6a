"""Reads what an answer says of limits, in the forms that servers use; what cannot be read says nothing.

* `RateLimit` and `RateLimit-Policy` as structured fields (draft-ietf-httpapi-ratelimit-headers-08 to -11:
  `"day";r=50;t=30` and `"day";q=100;w=60`; -07: `limit=100, remaining=50, reset=30` and `100;w=60`);
* `RateLimit-Limit`, `-Remaining`, `-Reset` (the same draft up to -06, which many servers still speak), the limit with
  its policies behind it, as in `100, 100;w=60, 1000;w=3600`;
* `X-RateLimit-*` and `X-Rate-Limit-*` (Okta, GitHub, Envoy), each alone or with a unit behind it, as Kong has it
  (`X-RateLimit-Remaining-Minute`).

Resets are seconds from now or moments since 1970, in seconds or milliseconds.  A moment is compared with the server's
own `Date`, so that no clock of ours has to be right.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from keyturn.core.limits import Allowance

LONGEST: Final = 400 * 86_400.0
"""Most seconds of a window or until a reset that are believed."""

_MOST: Final = 1_000_000_000
_EPOCH: Final = 1_000_000_000
"""A reset from here on is a moment and no number of seconds."""

_MILLIS: Final = _EPOCH * 1000
_FAMILIES: Final = ("ratelimit", "x-ratelimit", "x-rate-limit")
_UNITS: Final = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_TELLING: Final = re.compile("rate-?limit", re.IGNORECASE)
"""What stands in every name of a header that tells of a limit: most answers have none, and there are many answers."""

_MEMBER: Final = re.compile(r'\s*((?:"(?:[^"\\]|\\.)*"|[^,"])+)')
_PART: Final = re.compile(r'\s*((?:"(?:[^"\\]|\\.)*"|[^;"])+)')
_NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")


def read_allowances(headers: Mapping[str, str]) -> Sequence[Allowance]:
    """Every limit that the headers of an answer tell.  headers: asked for in lower case."""
    if _TELLING.search("\n".join(headers)) is None:
        return []
    found = _structured(headers)
    if found:
        return found
    for family in _FAMILIES:
        if f"{family}-remaining" in headers or f"{family}-limit" in headers:
            return _plain(headers, family, "", None)
        for unit, seconds in _UNITS.items():
            if f"{family}-remaining-{unit}" in headers:
                found += _plain(headers, family, f"-{unit}", seconds)
        if found:
            break
    return found


def served_at(headers: Mapping[str, str]) -> datetime:
    """When an answer left, by the server's own clock; ours, where it does not say."""
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return datetime.now(UTC)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _structured(headers: Mapping[str, str]) -> list[Allowance]:
    """The two fields of the draft, the state of each policy beside what the policy is."""
    state = headers.get("ratelimit", "")
    policies = dict(_policies(headers.get("ratelimit-policy", "")))
    if "remaining=" in state.replace(" ", ""):  # draft 07: one limit, whose policy has no name
        named = dict(_pair(member) for member in _MEMBER.findall(state))
        limit, left = _count(named.get("limit")), _count(named.get("remaining"))
        window = next((policy.window for policy in policies.values() if policy.limit == limit), None)
        return [Allowance("", limit, window, left, _seconds(named.get("reset"), headers))]
    found = {}
    for member in _MEMBER.findall(state):
        name, parts = _item(member)
        policy = policies.get(name, Allowance())
        left, resets = _count(parts.get("r")), _seconds(parts.get("t"), headers)
        found[name] = Allowance(name, policy.limit, policy.window, left, resets)
    if "ratelimit-remaining" in headers or "ratelimit-limit" in headers:
        return [*found.values()]  # an older draft, in which the policies belong to those
    return [*found.values(), *(policy for name, policy in policies.items() if name not in found)]


def _policies(text: str) -> Iterator[tuple[str, Allowance]]:
    """The policies of a field; one without a name (draft 07 and before) begins with its limit."""
    for member in _MEMBER.findall(text):
        name, parts = _item(member)
        limit = _count(parts.get("q", name))
        window = _length(parts.get("w"))
        if limit and window:
            yield name, Allowance(name, limit, window)


def _plain(headers: Mapping[str, str], family: str, unit: str, window: float | None) -> list[Allowance]:
    """One limit in headers of its own, and further policies that stand behind it or beside it."""
    text = headers.get(f"{family}-limit{unit}", "")
    limit = _count(_item(text.partition(",")[0])[0])
    policies = dict(_policies(text.partition(",")[2])) | dict(_policies(headers.get("ratelimit-policy", "")))
    for name, policy in list(policies.items()):
        if policy.limit == limit and window is None:
            window = policies.pop(name).window
    left = _count(headers.get(f"{family}-remaining{unit}"))
    resets = _seconds(headers.get(f"{family}-reset{unit}"), headers)
    if resets is None and window is not None and unit:
        resets = _seconds(headers.get(f"{family}-reset"), headers)
    return [Allowance(unit, limit, window, left, resets), *policies.values()]


def _item(member: str) -> tuple[str, Mapping[str, str]]:
    """An item of a structured field: its value, and its parameters."""
    value, *parts = _PART.findall(member) or [""]
    return value.strip().strip('"'), dict(map(_pair, parts))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
        return 0  # some servers go on counting below nothing
    return min(int(float(text)), _MOST) if _NUMBER.fullmatch(text) else None


def _length(text: str | None) -> float | None:
    seconds = float(text) if text and _NUMBER.fullmatch(text) else 0.0
    return seconds if 0 < seconds <= LONGEST else None


def _seconds(text: str | None, headers: Mapping[str, str]) -> float | None:
    """Seconds until a reset that is told as such, as a moment, or as a date."""
    text = (text or "").strip()
    if _NUMBER.fullmatch(text):
        told = float(text)
        if told < _EPOCH:
            return min(told, LONGEST)
        told = told / 1000 if told >= _MILLIS else told
    else:
        try:
            told = parsedate_to_datetime(text).timestamp()
        except ValueError:
            return None
    return min(max(told - served_at(headers).timestamp(), 0.0), LONGEST)
