"""What the server does by itself beside answering: signs the audit now and then, and once more when it stops."""

import asyncio
import contextlib
import logging
from typing import Final

from keyturn.app.house.bridge import Threads
from keyturn.app.serving.serve import Chore
from keyturn.app.trail.trail import sign_off
from keyturn.core.errors import StoreError
from keyturn.core.ports import Clock, Signer
from keyturn.core.storage import Store

CHECKPOINT_EVERY: Final = 600.0
"""Seconds between checkpoints: how much of the end of the trail could be cut off without a trace."""

_log = logging.getLogger("keyturn.app")


def checkpoints(
    store: Store, signer: Signer, clock: Clock, threads: Threads, *, every: float = CHECKPOINT_EVERY
) -> Chore:
    """The chore that signs where the audit stands."""

    async def chore(closing: asyncio.Event) -> None:
        while not closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), every)
            try:
                await threads.read(sign_off, store, signer, clock)
            except StoreError:
                # The next round signs what this one could not; requests say by themselves that the store is ill.
                _log.warning("audit.checkpoint.failed", exc_info=True)

    return chore
