"""Keeps sheets from computing what somebody wrote into a name: cells are defused on the way out, and restored when
they come back in.

Both ways are exact: `restored(defused(cell)) == cell` for every cell, so that no file grows quotes however often it
goes round.
"""

import re
from collections.abc import Sequence
from typing import Final

from keyturn.core.harmless import harmless

_FORMULA: Final = re.compile(r"['\s\x00\ufeff\u200b-\u200f\u2060]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""The signs with which a sheet begins a formula, the full-width ones too, behind anything that it passes over.

An apostrophe is among what may stand in front: a cell that was defused once, or that looks so, gets one more, and only
so can the way back tell them apart.
"""


def begins_formula(cell: str) -> bool:
    """Whether a sheet might take a cell for a formula."""
    return _FORMULA.match(cell) is not None


def defused(cell: str) -> str:
    """A cell that no sheet takes for a formula.

    >>> defused("  =1+1")
    "'  =1+1"
    """
    return f"'{cell}" if begins_formula(cell) else cell


def restored(cell: str) -> str:
    """The cell that was defused.

    >>> restored("'  =1+1")
    '  =1+1'
    """
    return cell[1:] if cell.startswith("'") and begins_formula(cell[1:]) else cell


def shown_cell(text: str) -> str:
    r"""A cell of a sheet that people read and nothing reads back: what is not seen in it is spelt out.

    >>> shown_cell("=\u202etxt.exe")
    "'=\\u202etxt.exe"
    """
    return defused(harmless(text))


_QUOTE: Final = '"'
_QUOTED: Final = re.compile('[,;|\t"\r\n]')


def sheet_line(cells: Sequence[object], delimiter: str = ",") -> str:
    """A line of a file for sheets.

    A cell is in quotes when it holds any sign at which some sheet splits, not the delimiter of this file alone: what
    stood behind it would begin a cell of its own there, and could begin a formula.

    >>> sheet_line(["a;=1", 2])
    '"a;=1",2\\r\\n'
    """
    texts = ["" if cell is None else str(cell) for cell in cells]
    if texts == [""]:
        return '""\r\n'  # alone, it would be a blank line
    if not _splits("".join(texts), delimiter):
        return delimiter.join(texts) + "\r\n"
    return (
        delimiter.join(f'"{text.replace(_QUOTE, _QUOTE * 2)}"' if _splits(text, delimiter) else text for text in texts)
        + "\r\n"
    )


def _splits(text: str, delimiter: str) -> bool:
    return delimiter in text or _QUOTED.search(text) is not None
