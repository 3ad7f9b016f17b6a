"""`keyturn serve` from start to stop: log, socket, directory, web, mail, checkpoints."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from keyturn import __version__
from keyturn.app.house.build import DATABASE, House, Place, open_house
from keyturn.app.serving.connections import Patience
from keyturn.app.serving.housekeeping import checkpoints
from keyturn.app.serving.logging import set_up
from keyturn.app.serving.mail import mailing, public_address, said_address
from keyturn.app.serving.serve import PATIENT, Chore, address_of, bind, serve, stop_on_signals
from keyturn.app.serving.starting import front_of, refuse_debugging, refuse_open_files
from keyturn.app.serving.web import web_app
from keyturn.mail.relay import Relay

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

_log = logging.getLogger("keyturn.app")


@dataclass(frozen=True, slots=True)
class Serving:
    """How a server shall run.  relay None: mail stays in the outbox.  base_url empty: links begin with our address.

    hosts: names by which it is asked besides; proxies: networks whose word is taken for whom they speak for.
    """

    place: Place
    host: str = "127.0.0.1"
    port: int = 8765
    relay: Relay | None = None
    base_url: str = ""
    behind_tls: bool = False
    hosts: Sequence[str] = ()
    proxies: Sequence[str] = ()
    connections: int = PATIENT.all
    connections_each: int = PATIENT.each
    guesses_each: int = 0
    mails_per_minute: int = 0


def run(serving: Serving, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.  announce: called once with the address, when requests are taken."""
    set_up()
    refuse_debugging(serving.host, debugging=sys.flags.dev_mode)
    refuse_open_files(serving.place.data, None if serving.place.database else serving.place.data / DATABASE)
    listener = bind(serving.host, serving.port, behind_tls=serving.behind_tls)
    with listener, closing(_open(serving)) as house:
        address = address_of(listener)
        front = front_of(
            serving.host,
            behind_tls=serving.behind_tls,
            public_url=said_address(house, serving.base_url),
            hosts=serving.hosts,
            proxies=serving.proxies,
        )
        house.threads.address = serving.base_url or ("" if serving.behind_tls else address)
        patience = Patience(all=serving.connections, each=serving.connections_each, proxies=front.proxies)

        def ready() -> None:
            _log.info("server.started", extra={"fields": {"address": address, "version": __version__}})
            announce(address)

        # Behind a proxy our own address is not the one that people reach.
        chores = chores_of(house, serving, "" if serving.behind_tls else address)

        async def main() -> None:
            stop = asyncio.Event()
            stop_on_signals(stop)
            web = web_app(house, front)
            await serve(web, listener, chores=chores, announce=ready, stop=stop, patience=patience)

        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(main())
    _log.info("server.stopped")


def _open(serving: Serving) -> House:
    """The directory, with as many guesses for one address as can be told apart."""
    guesses = serving.guesses_each
    if guesses and serving.behind_tls and not serving.proxies:
        guesses = 0
        why = "the proxy is not named in [serve] proxies, so that everybody has its address"
        _log.warning("guesses.unlimited", extra={"fields": {"why": why}})
    return open_house(serving.place, guesses=guesses)


def chores_of(house: House, serving: Serving, address: str) -> list[Chore]:
    """What the server does beside answering."""
    chores = [checkpoints(house.store, house.signer, house.parts.clock, house.threads)]
    if serving.relay is None:
        _log.warning("mail.waits", extra={"fields": {"why": "no relay is configured (--smtp)"}})
        return chores
    links = public_address(house, serving.base_url, address)
    return [*chores, mailing(house, serving.relay, links, per_minute=serving.mails_per_minute)]
