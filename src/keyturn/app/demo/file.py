"""The demo's users and its file, with the traps that make the difference to other tools."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from keyturn.core.users import Contact, Profile

USERS: Final = 1000
GHOST: Final = "ghost42"
DOMAIN: Final = "demo.example"

HEADER: Final = ("userid", "name", "site")
GHOST_ROW: Final = 503
REPEATS: Final[Mapping[int, int]] = {12: 3, 640: 77}
"""Rows that repeat an earlier one, as a sheet counts (the header is row 1)."""
BLANK_ROW: Final = 1005

TRAPS: Final = ("007", "1E5", "0x1F", "1.10", "12345678901234567890", "x%41y", "müller", "john doe", "a+b", "a#b")
"""Ids that other tools change on the way: numbers that are none, signs that mean something in an address."""

BUSY: Final = "000150"
"""The first answer for this user is 503."""
SLOW_DOWN: Final = "000300"
"""The first answer for this user is 429 with Retry-After."""
LOST: Final = "000450"
"""The server does what is asked for this user; its answer gets lost."""

_GIVEN: Final = (
    "Amal",
    "Björn",
    "Chloé",
    "Dmitri",
    "Esra",
    "Fátima",
    "Goran",
    "Hana",
    "Imani",
    "Jürgen",
    "Keiko",
    "Lena",
)
_FAMILY: Final = (
    "Almeida",
    "Brandt",
    "Çelik",
    "Dubois",
    "Eriksson",
    "Fischer",
    "García",
    "Hansen",
    "Ito",
    "Jansen",
    "Kovács",
)
_SITES: Final = ("Lyon", "Pune", "Recife", "Turku")


def ids() -> Sequence[str]:
    """The ids of the 1,000 sample users: the traps first, then numbers with leading zeros."""
    return (*TRAPS, *(f"{number:06}" for number in range(1, USERS - len(TRAPS) + 1)))


def profile(number: int, who: str) -> Profile:
    """A sample person with a mail address of their own."""
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]
    mail = Contact(f"user{number:04}@{DOMAIN}", "work", primary=True)
    return Profile(f"{given} {family}", given, family, emails=(mail,))


def rows() -> Iterator[tuple[str, ...]]:
    """The rows of the file from row 2 on: every user once, two of them twice, one stranger, one blank line."""
    users = iter([(who, profile(number, who).display_name) for number, who in enumerate(ids())])
    written: dict[int, tuple[str, ...]] = {}
    for row in range(2, BLANK_ROW):
        if row in REPEATS:
            written[row] = written[REPEATS[row]]
        elif row == GHOST_ROW:
            written[row] = (GHOST, "Nobody", _SITES[0])
        else:
            written[row] = (*next(users), _SITES[row % len(_SITES)])
        yield written[row]
    yield ()


def write(path: Path) -> None:
    """Write the file as a spreadsheet would: CSV in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows())
