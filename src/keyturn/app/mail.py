"""Puts the courier to work on a directory's outbox."""

from keyturn.app.build import House
from keyturn.app.serve import Chore
from keyturn.mail.courier import Courier
from keyturn.mail.relay import Relay


def relay_of(smtp: str, *, sender: str = "") -> Relay | None:
    """The relay at HOST:PORT; None when there is none.  Raises ConfigError for what is no such address."""
    return Relay.at(smtp, sender) if smtp else None


def courier_of(house: House, relay: Relay, base_url: str) -> Courier:
    """A courier for the directory; base_url: what the links in its letters begin with."""
    return Courier(house.parts, relay, base_url)


def mailing(house: House, relay: Relay, base_url: str) -> Chore:
    """The chore that sends what the outbox holds, at once when something was put there."""
    courier = courier_of(house, relay, base_url)
    house.threads.on_mail = courier.poke
    return courier.run
