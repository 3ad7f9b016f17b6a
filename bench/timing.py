"""`python -m bench.timing`: whether the time of an answer tells what an account is.

A server of its own, at full cost, with accounts in every state that lets nobody in.  Each state is asked for in turn,
so that whatever else the machine does falls on all alike; the rounds run side by side.  For each pair of states the
answers of one are compared with those of the other.  AUC is how often one of the first takes longer than one of the
second: 0.5 tells nothing.
"""

import argparse
import http.client
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from bench.keyturn import PROGRAM, Made, make
from bench.processes import EVERYWHERE, serving
from keyturn.app.house.build import House, Place, open_house
from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import Command, CreateUser, ResetPassword, SetStatus
from keyturn.core.outcomes import Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status

WIDEST: Final = 0.10
"""How far from 0.5 an AUC may be: 0.40 to 0.60."""

WRONG: Final = "a wrong guess of mine"
RIGHT: Final = "nine green bottles on a wall"
EACH: Final = 4
"""Wrong passwords that an account takes before it waits."""

USED_UP: Final = frozenset({"wrong password", "known value", "one-time secret", "imported bcrypt", "imported PBKDF2"})
"""States in which each guess counts, so that there are as many accounts as it takes."""

HASHES: Final[Mapping[str, str]] = {
    "imported bcrypt": "$2b$08$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "imported PBKDF2": "$pbkdf2-sha256$30000$c2FsdHNhbHRzYWx0c2FsdA$YfD1BHWZV4GhB8r0FvNzj8h6cEe0y3Zs7sYGQk3lq1E",
}
"""Hashes of other systems by state, of passwords that nobody gives here."""

States = Mapping[str, Sequence[str]]
"""By state: the sign-in names to ask for in turn."""


def main() -> int:
    """Measure; 1 when an AUC is outside of what is allowed."""
    parser = argparse.ArgumentParser(prog="bench.timing", description=__doc__)
    parser.add_argument("--samples", type=int, default=200, help="answers of each state (200)")
    parser.add_argument("--repeats", type=int, default=3, help="how often all is measured (3)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyturn-timing-") as name:
        made = make(Path(name) / "data")
        states = furnish(made, given.samples * given.repeats)
        server: list[str | Path] = [PROGRAM, "serve", "--data", made.data, "--port", "0"]
        with serving(server, cores=EVERYWHERE, env={"KEYTURN_SERVE_GUESSES_PER_SOURCE": "0"}) as address:
            with ThreadPoolExecutor(given.repeats) as pool:
                turns = [pool.submit(measure, address, states, given.samples, turn) for turn in range(given.repeats)]
            rounds = [turn.result() for turn in turns]
    return tell(rounds)


def furnish(made: Made, samples: int) -> States:
    """Accounts in every state, enough of those that wrong passwords use up."""
    states: dict[str, list[str]] = {
        "no such account": ["nobody-at-all"],
        "locked": ["locked"],
        "disabled": ["disabled"],
        "waiting": ["waiting"],
        "no password here": ["bare"],
        "time is up": ["expired"],
    }
    for state in sorted(USED_UP & {"wrong password", "known value", "one-time secret", *HASHES}):
        states[state] = [f"{state.replace(' ', '-')}-{number}" for number in range(-(-samples // EACH))]
    with closing(open_house(Place(made.data))) as house:
        users = [name for names in states.values() for name in names if name != "nobody-at-all"]
        hashes = {name: Secret(HASHES[state]) for state, names in states.items() if state in HASHES for name in names}
        _do(house, [CreateUser(name, Profile(), imported=hashes.get(name)) for name in users])
        lasting = ["locked", "disabled", "waiting", *states["wrong password"]]
        _do(house, [ResetPassword(name, Secret(RIGHT), permanent=True) for name in lasting])
        _do(house, [ResetPassword(name, Secret(RIGHT)) for name in ("expired", *states["known value"])])
        _do(house, [ResetPassword(name) for name in states["one-time secret"]])
        _do(house, [SetStatus("locked", Status.LOCKED), SetStatus("disabled", Status.DISABLED)])
        _age(house)
    return states


def _do(house: House, commands: Sequence[Command]) -> None:
    for start in range(0, len(commands), 500):
        outcomes = house.directory(FOUNDER, "bench").execute(commands[start : start + 500])
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        if refused:
            raise SystemExit(f"the directory refused: {refused[0]}")


def _age(house: House) -> None:
    """Put into the store what only time brings: somebody waits, and somebody's time is up."""
    now = datetime.now(UTC)
    with house.store.writing() as transaction:
        [waiting], [expired] = transaction.users.logins("waiting"), transaction.users.logins("expired")
        for _ in range(20):
            transaction.users.count_failure(waiting.uid, now, "*")
        transaction.users.wait(waiting.uid, now + timedelta(hours=6))
        past = int((now - timedelta(hours=1)).timestamp() * 1_000_000)
        connection = transaction.connection  # type: ignore[attr-defined]  # what no call of the store does
        connection.exec_driver_sql(f"UPDATE credentials SET expires = {past} WHERE number = {expired.number}")


def measure(address: str, states: States, samples: int, turn: int) -> Mapping[str, list[float]]:
    """Seconds of so many answers of each state, in an order that is new for each round."""
    took: dict[str, list[float]] = {state: [] for state in states}
    place, order = urlsplit(address), secrets.SystemRandom()
    with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)) as connection:
        for number in range(samples):
            names = list(states)
            order.shuffle(names)
            for state in names:
                whom = states[state]
                took[state].append(_ask(connection, whom[(turn * samples + number) % len(whom)]))
    return took


def _ask(connection: http.client.HTTPConnection, login: str) -> float:
    body = json.dumps({"login": login, "password": WRONG}).encode()
    began = time.perf_counter()
    connection.request("POST", "/keyturn/v1/sessions", body, {"content-type": "application/json"})
    response = connection.getresponse()
    response.read()
    took = time.perf_counter() - began
    if response.status != 401:
        raise SystemExit(f"{login} was answered {response.status}")
    return took


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """How often one of the first is larger than one of the second; equal ones count half.

    >>> auc([1, 2, 3], [1, 2, 3]), auc([4, 5], [1, 2])
    (0.5, 1.0)
    """
    larger = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return larger / (len(one) * len(other))


def pairs(took: Mapping[str, list[float]]) -> Iterator[tuple[str, str, float]]:
    """The AUC of each pair of states."""
    for one, other in combinations(took, 2):
        yield one, other, auc(took[one], took[other])


def tell(rounds: Sequence[Mapping[str, list[float]]]) -> int:
    """Print the median of each state and the AUC of each pair, a column a round."""
    print(f"{'median of an answer, ms':<44}" + "".join(f"{turn:>9}" for turn in range(1, len(rounds) + 1)))
    for state in rounds[0]:
        print(f"{state:<44}" + "".join(f"{1000 * median(took[state]):>9.2f}" for took in rounds))
    print(f"\n{'AUC':<44}" + "".join(f"{turn:>9}" for turn in range(1, len(rounds) + 1)))
    found = [list(pairs(took)) for took in rounds]
    for row in zip(*found, strict=True):
        print(f"{row[0][0] + ' / ' + row[0][1]:<44}" + "".join(f"{one[2]:>9.3f}" for one in row))
    furthest = max(abs(one[2] - 0.5) for row in found for one in row)
    print(f"\n{len(found[0])} pairs, {len(rounds)} rounds: at most {furthest:.3f} from 0.5, allowed {WIDEST:.2f}")
    return 0 if furthest <= WIDEST else 1


if __name__ == "__main__":
    sys.exit(main())
