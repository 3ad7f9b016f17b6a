"""How often one address may be wrong, whoever it guesses at: looked at before any work, and kept in memory alone."""

import ipaddress
from collections.abc import Callable
from typing import Final, TypeVar

V = TypeVar("V")

WINDOW: Final = 60.0
"""Seconds in which an address gets all its guesses back."""

MOST_SOURCES: Final = 100_000
"""Addresses that are remembered; of more, those that were quiet longest are forgotten."""


def place_of(source: str) -> str:
    """The address as it is counted: of IPv6 the network that one site has (/64), else the address itself.

    >>> place_of("2001:db8:1:2:3:4:5:6"), place_of("::ffff:192.0.2.1"), place_of("192.0.2.1"), place_of("unix")
    ('2001:db8:1:2::', '192.0.2.1', '192.0.2.1', 'unix')
    """
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)


class Guard:
    """So many wrong passwords a minute from one address; a right one costs nothing.

    most: wrong ones in a minute, 0 for no limit.  now: seconds that never run backwards.  sources: how many addresses
    are remembered.
    """

    def __init__(self, most: int, now: Callable[[], float], *, sources: int = MOST_SOURCES) -> None:
        self.most = most
        self._now = now
        self._sources = sources
        self._left: dict[str, tuple[float, float]] = {}
        self._told: dict[str, float] = {}

    def take(self, source: str) -> float:
        """Take a guess; 0 when there was one, else the seconds until there is one.  An unknown address has no limit."""
        if not self.most or not source:
            return 0.0
        place, now = place_of(source), self._now()
        left = self._of(place, now)
        if left < 1.0:
            return (1.0 - left) * WINDOW / self.most
        self._keep(place, left - 1.0, now)
        return 0.0

    def give_back(self, source: str) -> None:
        """The guess was right, or was not looked at."""
        place, now = place_of(source), self._now()
        if place in self._left:
            self._keep(place, min(self.most, self._of(place, now) + 1.0), now)

    def untold(self, source: str) -> bool:
        """Whether it is to be told now that an address is shut out: once a minute of each."""
        place, now = place_of(source), self._now()
        if now - self._told.get(place, float("-inf")) < WINDOW:
            return False
        self._put(self._told, place, now)
        return True

    def _of(self, place: str, now: float) -> float:
        left, when = self._left.get(place, (float(self.most), now))
        return min(self.most, left + (now - when) * self.most / WINDOW)

    def _keep(self, place: str, left: float, now: float) -> None:
        self._put(self._left, place, (left, now))

    def _put(self, known: dict[str, V], place: str, value: V) -> None:
        """Keep a value as the newest, and forget the oldest when there are too many."""
        known.pop(place, None)
        known[place] = value
        if len(known) > self._sources:
            del known[next(iter(known))]
