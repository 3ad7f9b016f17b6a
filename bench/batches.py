"""Drives the local directory without HTTP: makes users, or resets all of them in batches with one-time secrets."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from keyturn.app.house.build import Place, open_house
from keyturn.app.operator import DOOR, operator
from keyturn.core.commands import Command, CreateUser, ResetPassword
from keyturn.core.directory import LocalDirectory
from keyturn.core.outcomes import Changed, Created
from keyturn.core.users import Contact, Profile

BATCH = 1000


def ids(count: int) -> list[str]:
    """The users that the files of bench name."""
    return [f"user{i:06d}" for i in range(count)]


def in_batches(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    """The commands, a thousand at a time."""
    for start in range(0, len(commands), BATCH):
        yield commands[start : start + BATCH]


def creation(who: str) -> CreateUser:
    """A user without a password who can be mailed."""
    return CreateUser(who, Profile(display_name=who, emails=(Contact(f"{who}@example.com", "work", primary=True),)))


def carry_out(directory: LocalDirectory, commands: Sequence[Command]) -> float:
    """Seconds for all of them; all must succeed."""
    start = time.monotonic()
    for batch in in_batches(commands):
        for outcome in directory.execute(batch):
            if not isinstance(outcome, Created | Changed):
                raise SystemExit(f"not done: {outcome}")
    return time.monotonic() - start


def main(data: Path, count: int, *, make: bool, notify: bool) -> dict[str, float]:
    """Rows a second over all batches."""
    with closing(open_house(Place(data))) as house:
        directory = house.directory(operator(), DOOR)
        commands: list[Command] = [creation(who) if make else ResetPassword(who, notify=notify) for who in ids(count)]
        seconds = carry_out(directory, commands)
    return {"rows": count, "seconds": seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--make", action="store_true", help="make the users first")
    parser.add_argument("--notify", action="store_true", help="mail the secret: one more row, in the outbox")
    given = parser.parse_args()
    json.dump(main(given.data, given.count, make=given.make, notify=given.notify), sys.stdout)
