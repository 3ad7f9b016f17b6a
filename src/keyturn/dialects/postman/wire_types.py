"""What newman makes of a cell that looks like a number, for those who ask for it: `007` becomes `7`.  Pure.

newman 6.2.2 reads its data with csv-parse and `cast`: measured 2026-11-29, a number is read as JavaScript reads one and
written as JavaScript writes one.
"""

import re
from math import isinf
from typing import Final

_START: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_HEX: Final = re.compile(r"0[xX][0-9a-fA-F]+")


def as_newman(cell: str) -> str:
    """The text that newman sends for a cell."""
    text = cell.strip()
    start = _START.match(text)
    if start is None or not (start.end() == len(text) or _HEX.fullmatch(text)):
        return cell
    number = float(start[0])
    return cell if isinf(number) else written(number)


def written(number: float) -> str:
    """A number as JavaScript writes it.

    >>> written(12345678901234567890.0), written(1.1), written(1e21)
    ('12345678901234567000', '1.1', '1e+21')
    """
    if abs(number) >= 1e21 or (number and abs(number) < 1e-6):
        return re.sub(r"e([+-])0*", r"e\1", repr(number))
    if number == int(number):
        return f"{number:.17g}" if abs(number) < 2**53 else _shortest(number)
    return repr(number)


def _shortest(number: float) -> str:
    """The fewest digits that are this number again, and zeros."""
    digits, _, exponent = f"{number!r}".partition("e")
    whole, _, part = digits.partition(".")
    part = "" if part == "0" else part
    return whole + part.ljust(int(exponent or 0), "0")
