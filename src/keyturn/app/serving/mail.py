"""Puts the courier to work on a directory's outbox."""

from keyturn.app.house.build import House
from keyturn.app.languages import languages
from keyturn.app.serving.serve import Chore
from keyturn.core.errors import ConfigError
from keyturn.mail.courier import Courier
from keyturn.mail.relay import Relay


def relay_of(smtp: str, *, sender: str = "") -> Relay | None:
    """The relay at HOST:PORT; None when there is none.  Raises ConfigError for what is no such address."""
    return Relay.at(smtp, sender) if smtp else None


def said_address(house: House, given: str) -> str:
    """What links shall begin with: what was given, else what the directory was made with; empty when nobody said it."""
    with house.store.reading() as view:
        tenants = view.tenants.all()
    return given or (tenants[0].settings.get("base_url", "") if tenants else "")


def public_address(house: House, given: str, otherwise: str = "") -> str:
    """What links in mails begin with: what was given, else what the directory was made with, else `otherwise`.

    Raises ConfigError when nobody said it: a link that leads nowhere would use up the person's patience, and a host
    name taken from a request would let a stranger choose where it leads.
    """
    found = said_address(house, given) or otherwise
    if not found:
        raise ConfigError(
            "mails need an address that their links begin with",
            code="KT-CFG-025",
            fix="say it with --base-url, as [serve] public_url in the settings, or once with keyturn init --base-url",
        )
    return found


def courier_of(house: House, relay: Relay, base_url: str, *, per_minute: int = 0) -> Courier:
    """A courier for the directory; base_url: what the links in its letters begin with."""
    return Courier(house.parts, relay, base_url, languages(), per_minute=per_minute)


def mailing(house: House, relay: Relay, base_url: str, *, per_minute: int = 0) -> Chore:
    """The chore that sends what the outbox holds, at once when something was put there."""
    courier = courier_of(house, relay, base_url, per_minute=per_minute)
    house.threads.on_mail = courier.poke
    return courier.run
