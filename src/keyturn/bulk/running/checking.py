"""Reads a whole run back: all of its targets side by side, each at its own pace."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.bulk.intake.source import Source
from keyturn.bulk.ports import RunKeys
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.running.breaker import Trip
from keyturn.bulk.running.orders import OrderBook
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.verifying import Asked, Bench, Verifier


@dataclass(frozen=True, slots=True)
class Trials:
    """What knows the passwords of a run: they are tried where a target offers that."""

    run: str
    keys: RunKeys
    source: Source

    def orders(self, share: Share) -> OrderBook | None:
        """The passwords that were sent to a target; None where they cannot be tried."""
        able = share.directory.capabilities
        return OrderBook(self.run, share.job, able, self.keys, self.source) if able.trial else None


async def look_before(bench: Bench, shares: Sequence[Share], folder: RunFolder, stop: Stop) -> None:
    """Read what is there before anything is sent.  A target that cannot be read says so when it is sent to."""
    verifiers = [Verifier(bench, share, stop.branch(), folder.before(share.target)) for share in shares]
    await asyncio.gather(*(each.look_before() for each in verifiers))


async def read_back(
    bench: Bench,
    shares: Sequence[Share],
    folder: RunFolder,
    stop: Stop,
    *,
    asked: Sequence[Asked] = (),
    trials: Trials | None = None,
) -> Sequence[tuple[str, Trip]]:
    """Read rows back; answers which targets could not be read to the end, and why.

    asked: which rows, for each share; without it those that nobody has read back.  trials: try their passwords, too.
    """

    async def check(number: int, share: Share) -> tuple[str, Trip] | None:
        if share.trip is not None:
            return share.target, share.trip
        branch = stop.branch()
        verifier = Verifier(bench, share, branch, folder.before(share.target))
        orders = trials.orders(share) if trials is not None else None
        await verifier.verify(asked[number] if asked else Asked(), orders)
        return (share.target, branch.trip) if branch.trip is not None else None

    ended = await asyncio.gather(*(check(number, share) for number, share in enumerate(shares)))
    return [each for each in ended if each is not None]
