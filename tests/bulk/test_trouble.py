"""A long run at a server that is in every kind of trouble: totals add up, the rate holds, the memory stays small.

`make campaign` has ten thousand rows; here there are as many as show that it works.
"""

import json
import os
import random
from bisect import bisect_left
from pathlib import Path

import pytest

from bench.keyturn import PROGRAM
from keyturn.crypto.handout import AgeSealer
from tests.support.peak import Peak, peak
from tests.support.shapes_server import SHAPES, ShapesServer, shapes_server

ROWS = int(os.environ.get("KEYTURN_TROUBLE", "400"))
RATE = 200
MOST = 100.0
"""Megabytes, although answers without end are read as far as an answer may be long, several side by side."""

WELL = 0.7
"""The part of the users of whom nothing bad comes."""

BELIEVED = {"empty-without-effect", "a-list"}
"""Lies that no page of the vendor's lets anybody see; reading back finds them."""


def a_mix(rows: int) -> list[str]:
    """Users, each with the shape of the answer for them; every shape is there."""
    chance = random.Random(1)
    kinds = [shape.name for shape in SHAPES]
    kinds += [chance.choice(kinds[1:]) if chance.random() > WELL else "well" for _ in range(rows - len(kinds))]
    chance.shuffle(kinds)
    return [f"{kind}~{number}" for number, kind in enumerate(kinds)]


def keyturn(tmp: Path, *words: str) -> Peak:
    """Run the installed command with the home that is there."""
    return peak([PROGRAM, *words], {"KEYTURN_HOME": str(tmp / "home"), "THERE_TOKEN": "a-token-for-tests"})


def prepared(tmp: Path, server: ShapesServer) -> list[str]:
    """A home with the target, and a file of users; answers who they are."""
    (tmp / "home").mkdir()
    (tmp / "home" / "config.toml").write_text(
        f'[targets.there]\nkind = "mas"\nurl = "{server.url}"\ntoken = {{ env = "THERE_TOKEN" }}\nrate = "{RATE}/s"\n'
    )
    people = a_mix(ROWS)
    (tmp / "users.csv").write_text("\n".join(["id", *people, ""]))
    return people


def lines(ended: Peak) -> list[dict[str, str]]:
    """What a command said, line by line."""
    return [json.loads(line) for line in ended.output.splitlines()]


@pytest.mark.proves("R-12", "R-4", "RN-5", "RN-9")
def test_every_kind_of_trouble_at_once_adds_up(tmp_path: Path) -> None:
    """Each row ends in a state that is true of the server, whatever became of the rows beside it."""
    flags = ("--no-input", "--expect", str(ROWS), "--max-failures", "100%", "--retries", "1", "--timeout", "0.7")
    with shapes_server() as server:
        people = prepared(tmp_path, server)
        ended = keyturn(tmp_path, "reset", str(tmp_path / "users.csv"), "-t", "there", "-j", "16", *flags)
    assert ended.code == 9
    assert ended.memory < MOST
    states = {row["user"]: row["outcome"] for row in lines(keyturn(tmp_path, "runs", "rows", "--output", "jsonl"))}
    assert list(states) == people
    hold(tmp_path, server, states)


def hold(tmp: Path, server: ShapesServer, states: dict[str, str]) -> None:
    """What the journal says, against what the server did."""
    kinds = {who: who.partition("~")[0] for who in states}
    changed = {who for who, state in states.items() if state == "changed" and kinds[who] not in BELIEVED}
    failed = {who for who, state in states.items() if state == "failed"}
    assert {who for who in changed if who not in server.effects} == set(), "changed, it says, and it is not"
    assert {who for who in failed if who in server.effects} == set(), "failed, it says, and it is changed"
    assert set(states.values()) == {"changed", "failed", "uncertain"}
    [handout] = (tmp / "home").glob("state/runs/*/handout-*.age")
    opened = AgeSealer().open(handout.read_bytes(), tmp / "home" / "keys" / "handout-identity.txt").decode()
    handed = {line["user"]: line["password"] for line in map(json.loads, opened.splitlines())}
    wrong = {who for who, values in server.effects.items() if set(values) != {handed.get(who)}}
    assert wrong == set(), "a password counts there that is not the one in the handout"
    assert (server.stolen, server.astray) == ([], [])
    assert busiest(server.arrived) <= RATE * 1.02


def busiest(arrived: list[float]) -> int:
    """The most requests in any one second."""
    times = sorted(arrived)
    return max(place - bisect_left(times, at - 1.0) + 1 for place, at in enumerate(times))
