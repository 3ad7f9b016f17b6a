"""Writes a page in Markdown, as the summaries of CI jobs show them; no text in it can become a mark or a formula."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from keyturn.core.harmless import harmless

_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]")
_WIDE: Final = re.compile("[\uff1d\uff0b\uff0d\uff20]")
_HARMLESS: Final = frozenset("./:,'%")


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on it.  tables: rows of cells under their head; facts: how it was run, in pairs."""

    title: str
    verdict: str
    tables: Mapping[tuple[str, ...], Sequence[tuple[str, ...]]]
    facts: Mapping[str, str]
    run: str


def write_page(file: BinaryIO, page: Page) -> None:
    """Write the whole file."""
    lines = [f"## {plain(page.title)}", "", f"**{plain(page.verdict)}**", ""]
    for head, rows in page.tables.items():
        lines += _table(head, rows) if rows else []
    lines += _table(("how it was run", ""), list(page.facts.items()))
    lines += [f"Every row: `keyturn runs rows {page.run}`, or `report.csv` beside this page.", ""]
    file.write("\n".join(lines).encode("utf-8", "backslashreplace"))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [_line(head), f"|{'---|' * len(head)}", *(_line([plain(cell) for cell in row]) for row in rows), ""]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    r"""A text that means nothing but itself, on one line.

    >>> plain("=1 | <b>")
    '\\=1 \\| \\<b\\>'
    """
    marked = _MARKS.sub(lambda found: found[0] if found[0] in _HARMLESS else f"\\{found[0]}", harmless(text))
    return _WIDE.sub(lambda found: f"&#{ord(found[0])};", marked)
