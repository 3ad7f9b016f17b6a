"""Tells ids that people mix up: they differ in capitals alone, or in letters of another script that look the same.

Such rows are never merged, because to the target they are two users; whoever says yes to a run sees their numbers.
"""

import unicodedata
from typing import Final

_LOOK_LIKE: Final = {
    "-": "2010 2011 2012 2013 2014 2212",
    "0": "0660 06F0",
    "1": "06F1",
    "3": "0417",
    "a": "0251 0391 03B1 0410 0430 13AA A4EE",
    "b": "0392 0412 0432 13F4 A4D0",
    "c": "0421 0441 0481 13DF 1D04 A4DA",
    "d": "0501 13A0 A4D3",
    "e": "0395 03B5 0415 0435 13AC A4F0",
    "f": "A4DD",
    "g": "0261 050C 050D 0581 13C0 A4D6",
    "h": "0397 041D 043D 04BB 0570 13BB A4E7",
    "i": "0131 0269 0399 03B9 0406 0456 13C6 A4F2",
    "j": "0408 0458 0575 13AB A4D9",
    "k": "039A 03BA 041A 043A 13E6 A4D7",
    "l": "13DE A4E1",
    "m": "039C 041C 043C 13B7 A4DF",
    "n": "039D 03B7 043F 0578 A4E0",
    "o": "039F 03BF 03C3 041E 043E 0555 0585 1D0F A4F3",
    "p": "03A1 03C1 0420 0440 13E2 A4D1",
    "q": "051A 051B 0566",
    "r": "0433 13D2 A4E3",
    "s": "0405 0455 13DA A4E2 A731",
    "t": "03A4 03C4 0422 0442 13A2 A4D4",
    "u": "03C5 054D 057D A4F4",
    "v": "03BD 0474 0475 13D9 1D20 A4E6",
    "w": "03C9 051C 051D 13B3 1D21 A4EA",
    "x": "03A7 03C7 0425 0445 A4EB",
    "y": "028F 03A5 03B3 0423 0443 04AE A4EC",
    "z": "0396 13C3 1D22 A4DC",
}
"""ASCII letters, digits and signs, with the code points that look like them: the Cyrillic, Greek, Armenian, Cherokee,
Lisu and Latin letters that confusables.txt of Unicode Technical Standard 39 maps to them, and a few that do so in
small letters.  What compatibility alone makes equal, as full-width letters, is left to it."""

_TABLE: Final = {int(code, 16): letter for letter, codes in _LOOK_LIKE.items() for code in codes.split()}


def shape(name: str) -> str:
    """What a name looks like: the same for names that people take for one another.

    >>> shape("Amal") == shape("\N{CYRILLIC SMALL LETTER A}mal") == "amal"
    True
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", name).translate(_TABLE).casefold()
