"""The settings of the server, and what all tables of the config file have in common."""

from typing import Annotated

import msgspec

from keyturn.app.config.sources import Source

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A table of the config file; an unknown name in it is an error, so that a typing mistake cannot hide."""


class ServeSettings(Section, frozen=True):
    """The directory server."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    port: Port = 8765
    """The port to listen on; 0 takes a free one."""

    data: str = ""
    """The folder that `keyturn init` made; empty: a folder of the user who starts it."""

    database: Source | str = ""
    """The database, where it is not in the folder.  A URL with a password in it goes in a source."""

    smtp: str = ""
    """The mail relay, as in `mail.example.com:587`; empty: mail stays in the outbox."""

    mail_from: str = ""
    """The sender of the mails."""

    mails_per_minute: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    """How many mails are handed to the relay in a minute, for relays that turn away who sends too fast; 0 for no limit.
    Of several servers each sends so many."""

    public_url: str = ""
    """The address under which people reach the server, for the links in mails."""

    hosts: tuple[str, ...] = ()
    """The names by which people and programs ask it, as in `id.example.com`; that of `public_url`, and this machine's
    own, need not be named.  A request for another one is answered 421."""

    proxies: tuple[str, ...] = ()
    """The networks of the proxies in front, as in `10.0.3.0/24`: whom they speak for is read from `X-Forwarded-For` or
    `Forwarded`, and nobody else's word is taken."""

    guesses_per_source: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 60
    """How many wrong passwords a minute may come from one address (of IPv6: from one /64) before it is answered 429; 0
    for no limit.  Behind a TLS proxy it holds only where `proxies` names that, since else all have its address."""

    connections: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 900
    """Most connections at once; each takes an open file, of which the system allows so many."""

    connections_each: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 300
    """Most connections at once of one address; does not hold for `proxies`."""
