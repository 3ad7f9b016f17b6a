"""One life of a directory with its courier, in a process that may be killed at any moment.

`python -m tests.mail.killed.life` imports everything once, then makes a child for each line it reads: so a thousand
deaths take minutes.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from keyturn.app.house.build import House, Place, open_house
from keyturn.app.operator import operator
from keyturn.app.serving.mail import mailing
from keyturn.core.commands import Origin, ResetPassword
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Delivery
from keyturn.mail.relay import Relay
from tests.support.nursery import bear

LANES = 2
"""How many ask at once; a user's resets are in one lane, one after the other."""

PATIENCE = 0.005
LONGEST = 60
STUCK = 3
"""How a life ends in which a mail still waits after a minute."""


def _live(life: dict[str, Any]) -> None:
    with closing(open_house(Place(Path(life["data"])))) as house:
        asyncio.run(_reset_and_mail(house, life))
    os._exit(0)


async def _reset_and_mail(house: House, life: dict[str, Any]) -> None:
    """Ask for every reset that nobody acknowledged yet, and stay until no mail waits."""
    stop = asyncio.Event()
    relay = Relay.at(f"127.0.0.1:{life['port']}", "keyturn@example.org")
    courier = asyncio.ensure_future(mailing(house, relay, "https://id.example.org")(stop))
    ledger = os.open(life["ledger"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    lanes: list[list[Sequence[str]]] = [[] for _ in range(LANES)]
    for operation, who in life["resets"]:
        lanes[int(who[-2:]) % LANES].append((operation, who))
    await asyncio.gather(*(_ask(house, lane, ledger) for lane in lanes))
    await asyncio.to_thread(_until_nothing_waits, house)
    stop.set()
    await courier


async def _ask(house: House, resets: Sequence[Sequence[str]], ledger: int) -> None:
    directory = house.gate.directory(operator(), LOCAL, "campaign", Origin())
    for operation, who in resets:
        [outcome] = await directory.execute([ResetPassword(who, notify=True, operation=operation)])
        assert isinstance(outcome, Changed), outcome
        assert outcome.delivery is Delivery.MAILED, outcome
        os.write(ledger, f"{operation}\n".encode())


def _until_nothing_waits(house: House) -> None:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        with house.store.reading() as view:
            counts = view.outbox.counts()
        if not (counts.get("waiting") or counts.get("sending")):
            return
        time.sleep(PATIENCE)
    os._exit(STUCK)


if __name__ == "__main__":
    bear(_live)
