"""Cases c and d: our own directory, over HTTP and without, held against the hash and against a figure."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.keyturn import Made, make, served, users_file
from bench.processes import CLIENT, EVERYWHERE, SERVER, module
from bench.results import Aim, Finding, Spread

IN_FLIGHT = 32


@contextmanager
def directory(users: int) -> Iterator[tuple[Made, Path]]:
    """A new directory with so many users, and a file that names them."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as name:
        made = make(Path(name) / "data")
        module("batches", str(made.data), "--count", str(users), "--make", cores=EVERYWHERE)
        yield made, users_file(Path(name) / "users.csv", users)


def drive(address: str, made: Made, users: Path, body: str, cores: set[int]) -> dict[str, Any]:
    """The bare loop against our server; every answer must be a success.  Rows, seconds."""
    words = (address, str(users), "--in-flight", str(IN_FLIGHT), "--body", body)
    told = module("bare", *words, cores=cores, env=made.key.environment)
    if set(told["answers"]) != {"200"}:
        raise SystemExit(f"the server answered {told['answers']}")
    return told


def known_values(rounds: int, *, quick: bool) -> Finding:
    """Case c: resets to a known value cost an argon2id each; how much of that ceiling is left over HTTP.

    Both sides want every core, so whatever else runs counts against both: they take short turns.
    """
    users, seconds, turns = (8, 0.1, 1) if quick else (200, 1.5, 4 * rounds)
    threads = os.cpu_count() or 1
    finding = Finding("c", "Resets to a known value over HTTP against the hash itself", turns)
    ceiling, rate = [], []
    with directory(users) as (made, file), served(made) as address:
        for _ in range(turns):
            told = module("argon", "--threads", str(threads), "--seconds", str(seconds), cores=EVERYWHERE)
            ceiling.append(told["rate"])
            told = drive(address, made, file, '{"token":"Kettle-{row}-marble-Q7"}', EVERYWHERE)
            rate.append(told["rows"] / told["seconds"])
    ratio = Spread.of([a / b for a, b in zip(rate, ceiling, strict=True)])
    finding.aims.append(Aim("resets over HTTP against raw argon2id on all cores", ratio.median, 0.85, "x"))
    finding.figure("POST /v3/users/ID/password with a token", rate, "resets/s", f"{IN_FLIGHT} in flight")
    finding.figure("argon2id, PyNaCl", ceiling, "hashes/s", f"{threads} threads, m=19456 KiB, t=2, p=1")
    finding.figures.append(("the ratio of each turn", f"{ratio} x", ""))
    return finding


def one_time(rounds: int, *, quick: bool) -> Finding:
    """Case d: resets to a secret that the directory makes need no slow hash; what is left is the store."""
    users = 1000 if quick else 10_000
    over_http = 100 if quick else 5000
    finding = Finding("d", "Resets to a generated one-time secret", rounds)
    plain: list[float] = []
    mailed: list[float] = []
    apart: list[float] = []
    together: list[float] = []
    with directory(users) as (made, file):
        some = users_file(file.with_name("some.csv"), over_http)
        for _ in range(rounds):
            for rates, words in ((plain, ""), (mailed, "--notify")):
                told = module("batches", str(made.data), "--count", str(users), *words.split())
                rates.append(told["rows"] / told["seconds"])
            for rates, server, client in ((apart, SERVER, CLIENT), (together, EVERYWHERE, EVERYWHERE)):
                with served(made, cores=server) as address:
                    told = drive(address, made, some, "{}", client)
                rates.append(told["rows"] / told["seconds"])
    finding.aims.append(Aim("local directory, batches of 1,000", Spread.of(plain).median, 10_000, "/s"))
    finding.aims.append(Aim("over HTTP, one by one", Spread.of(apart).median, 1000, "/s"))
    finding.figure("local directory, batches of 1,000", plain, "resets/s", "one core; synchronous FULL, audit")
    finding.figure("the same, each mailed", mailed, "resets/s", "one more row each, in the outbox")
    more = f"{IN_FLIGHT} in flight; synchronous FULL, audit"
    finding.figure(
        "POST /v3/users/ID/password with {}", apart, "resets/s", f"server on one core, client on another; {more}"
    )
    finding.figure("the same", together, "resets/s", f"both on all cores; {more}")
    return finding
