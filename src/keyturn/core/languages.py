"""The languages that people are written to in: which one suits somebody, and its words.

The catalogues are gettext's `.po` files; their text comes from whoever may read files.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de", "es", "fr", "ja")
"""What there are words for.  English is the language of the messages themselves and has no catalogue."""

_LONG: Final = {"eng": "en", "deu": "de", "ger": "de", "spa": "es", "fra": "fr", "fre": "fr", "jpn": "ja"}
_ACCEPTED: Final = re.compile(r"\s*([A-Za-z*][\w-]{0,34})\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.ASCII)


def marked(text: str) -> str:
    """The text itself; marks it as one that catalogues translate."""
    return text


_MONTHS: Final = (
    marked("January"), marked("February"), marked("March"), marked("April"), marked("May"), marked("June"),
    marked("July"), marked("August"), marked("September"), marked("October"), marked("November"), marked("December"),
)  # fmt: skip
_DAY: Final = marked("%(day)s %(month)s %(year)s, %(time)s UTC")
_FIRST: Final = marked("1 %(month)s %(year)s, %(time)s UTC")
"""The first of a month by itself, for languages that count it otherwise."""


def known(tag: str) -> str:
    """The language of a tag such as `de-CH`, `ja_JP` or `ger`; empty when there are no words for it."""
    first = re.split(r"[-_.@]", tag.strip().lower(), maxsplit=1)[0]
    first = _LONG.get(first, first)
    return first if first in LANGUAGES else ""


def best(*tags: str) -> str:
    """The first of these that there are words for; else English."""
    return next(filter(None, map(known, tags)), ENGLISH)


def accepted(header: str) -> str:
    """The language that an Accept-Language header likes most of those there are; empty when it likes none."""
    liked: list[tuple[float, str]] = []
    for part in header[:1000].split(","):
        found = _ACCEPTED.fullmatch(part)
        if found and known(found[1]):
            liked.append((float(found[2] or 1), known(found[1])))
    liked.sort(key=lambda one: -one[0])
    return liked[0][1] if liked and liked[0][0] > 0 else ""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words.  messages: translations by the English text."""

    tag: str = ENGLISH
    messages: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        """The text in this language; in English where there is no translation."""
        return self.messages.get(text) or text

    def moment(self, time: datetime) -> str:
        """A moment as people of this language write it, in UTC."""
        at = time.astimezone(UTC)
        month = self(_MONTHS[at.month - 1])
        return self(_FIRST if at.day == 1 else _DAY) % {
            "day": at.day, "month": month, "year": at.year, "time": f"{at:%H:%M}",
        }  # fmt: skip


class Languages:
    """All of them.  catalogues: the text of the `.po` file of each language."""

    def __init__(self, catalogues: Mapping[str, str]) -> None:
        self._words = {tag: Words(tag, read_catalogue(text)) for tag, text in catalogues.items()}

    def words(self, *tags: str) -> Words:
        """The words of the first tag that there are any for; else English."""
        tag = best(*tags)
        return self._words.get(tag) or Words()


def read_catalogue(text: str) -> Mapping[str, str]:
    """The translations in a `.po` file by their English text, without its header.

    Raises ValueError for a line that is none of gettext's (of what we use: no plurals, no contexts).
    """
    found: dict[str, str] = {}
    for english, other in _pairs(text):
        if english in found:
            raise ValueError(f"there twice: {english!r}")
        found[english] = other
    found.pop("", None)
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    pair: dict[str, str] = {}
    word = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        start, _, rest = line.partition(" ")
        if start in ("msgid", "msgstr"):
            if start == "msgid" and pair:
                yield pair["msgid"], pair["msgstr"]
                pair = {}
            word, pair[start], line = start, "", rest.strip()
        if not word or not re.fullmatch(r'"([^"\\]|\\.)*"', line):
            raise ValueError(f"line {number} is no line of a catalogue")
        pair[word] += str(ast.literal_eval(line))
    if pair:
        yield pair["msgid"], pair["msgstr"]
