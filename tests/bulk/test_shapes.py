"""Runs against a server that answers in every shape: totals add up, and nothing is claimed that is not known."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keyturn.cli.main import cli
from keyturn.crypto.handout import AgeSealer
from tests.support.shapes_server import SHAPES, ShapesServer, guid, shapes_server

MEGABYTE = 1 << 20
NOTHING = {"created": 0, "changed": 0, "skipped": 0, "failed": 0, "uncertain": 0, "not tried": 0}


@pytest.fixture
def server() -> Iterator[ShapesServer]:
    """A sick server, and one that waits for tokens."""
    with shapes_server() as found:
        yield found


@dataclass(frozen=True)
class Came:
    """What came of a run: the state of each shape, what was handed out, and what a machine was told."""

    states: dict[str, str]
    handed: dict[str, str]
    summary: dict[str, Any]


def run(tmp: Path, server: ShapesServer, kind: str, *more: str) -> Came:
    """Reset a user of each shape there."""
    home, file = tmp / "home", tmp / "users.csv"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[targets.there]\nkind = "{kind}"\nurl = "{server.url}"\ntoken = {{ env = "THERE_TOKEN" }}\n'
    )
    named = {(guid(shape.name) if kind == "uipath" else shape.name): shape.name for shape in SHAPES}
    file.write_text("\n".join(["id", *named, ""]))
    environment = {"KEYTURN_HOME": str(home), "THERE_TOKEN": "a-token-for-tests", "NO_COLOR": "1"}

    def call(*args: str) -> list[dict[str, Any]]:
        result = CliRunner(env=environment).invoke(cli, [*args, "--output", "jsonl"])
        assert result.exit_code in (0, 3, 9), result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    flags = ("--expect", str(len(SHAPES)), "--no-input", "--max-failures", "100%", "--retries", "1", "--timeout", "0.7")
    told = call("reset", str(file), "-t", "there", *flags, "-j", "16", *more)
    [summary] = [line for line in told if line["type"] == "summary"]
    states = {named[line["user"]]: line["outcome"] for line in call("runs", "rows")}
    [handout] = home.glob("state/runs/*/handout-*.age")
    opened = AgeSealer().open(handout.read_bytes(), home / "keys" / "handout-identity.txt").decode().splitlines()
    return Came(states, {named[line["user"]]: line["password"] for line in map(json.loads, opened)}, summary)


def hold_together(came: Came, server: ShapesServer, lies: Collection[str] = ()) -> None:
    """What is true of every run, whatever was answered.  lies: believed, since the vendor documents no verdict."""
    counts = {**NOTHING}
    for state in came.states.values():
        counts[state] += 1
    assert {**NOTHING, **came.summary["outcomes"]} == counts
    assert sum(counts.values()) == len(SHAPES)
    changed = {name for name, state in came.states.items() if state == "changed"}
    failed = {name for name, state in came.states.items() if state == "failed"}
    assert {name for name in changed if name not in server.effects} == set(lies), "it counts as changed, and is not"
    assert {name for name in failed if name in server.effects} == set(), "it counts as failed, and is changed"
    assert {name for name in changed - set(lies) if came.handed[name] != server.effects[name][-1]} == set()
    assert server.stolen == [], "a request followed a redirect to another server"
    assert server.astray == [], "a request followed a redirect"
    assert server.streamed < 64 * MEGABYTE


SURE = {"well", "well-in-pieces", "well-until-closed", "well-after-1xx"}
LATER = {shape.name for shape in SHAPES if shape.name.startswith(("429", "503"))}
SAYS_NO = {"400", "400-nonsense", "404", "404-page", "307-here", "307-away", "308-away"}


@pytest.mark.proves("RN-3", "RN-4", "RN-5", "RN-7", "R-4")
def test_every_shape_of_answer_from_a_server_without_verdicts(tmp_path: Path, server: ShapesServer) -> None:
    """What is lost is sent again with the same password, so that whoever has one has one."""
    came = run(tmp_path, server, "mas")
    # Nothing in the vendor's page says what a success must hold: what is empty or JSON and does not contradict is
    # believed, and only reading back finds the lie.
    lies = {"empty-without-effect", "a-list"}
    hold_together(came, server, lies)
    believed = {name for name, state in came.states.items() if state == "changed"}
    again = {"drop-before", "drop-after", "reset-before", "reset-after"}
    assert believed == SURE | LATER | again | {"empty", *lies}
    assert {name for name, state in came.states.items() if state == "failed"} == SAYS_NO
    assert all(len(set(values)) == 1 for values in server.effects.values())


@pytest.mark.proves("RN-3", "RN-5", "RN-7", "R-4")
def test_every_shape_of_answer_from_a_server_with_verdicts(tmp_path: Path, server: ShapesServer) -> None:
    """Without the verdict nothing counts."""
    came = run(tmp_path, server, "uipath")
    hold_together(came, server)
    believed = {name for name, state in came.states.items() if state == "changed"}
    assert believed == SURE | LATER | {"drop-before", "drop-after", "reset-before", "reset-after"}
    assert {name for name, state in came.states.items() if state == "failed"} == SAYS_NO | {
        "succeeded-false",
        "twice-the-same-key",
    }


@pytest.mark.proves("RN-3", "R-4")
def test_where_the_server_makes_passwords_no_row_is_done_twice(tmp_path: Path, server: ShapesServer) -> None:
    """A second request would make a second password, so that what is lost stays uncertain."""
    came = run(tmp_path, server, "mas", "--password", "target")
    hold_together(came, server)
    assert all(len(values) == 1 for values in server.effects.values())
    sent_again = {name for name, count in server.asked.items() if count > 1}
    assert sent_again == LATER
    assert {name for name, state in came.states.items() if state == "changed"} == SURE | LATER
