"""One file over five targets of five kinds, with the installed command and real servers: one run, one report."""

import asyncio
import csv
import io
import signal
import socket
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from keyturn.app.house.build import open_house
from keyturn.core.commands import Origin
from keyturn.core.journal import RowState
from keyturn.core.outcomes import Refused
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.store.journal import open_journal
from tests.bulk.kit import Kit
from tests.cli.towns_kit import Towns, towns
from tests.support.fleet import KINDS, fleet
from tests.support.server import made_directory, serving_here

__all__ = ["towns"]

EACH = 60
ROWS = [(KINDS[number % len(KINDS)], f"user{number:03d}") for number in range(EACH * len(KINDS))]


def test_300_users_over_five_targets_are_one_run_with_one_report(tmp_path: Path) -> None:
    """Every new password works, and every row of plan, report and handout says where it went."""
    with fleet(tmp_path, [who for _, who in ROWS]) as here:
        path = here.file(ROWS)
        [plan] = here.run("plan", "reset", path, "--json").lines
        assert plan["counts"] == {"change": 300, "skip": 0, "block": 0}
        assert plan["targets"] == [{"target": kind, "change": EACH, "skip": 0, "block": 0} for kind in KINDS]
        done = here.run("reset", path, "--expect", "300", "--no-input")
        assert done.code == 0, done.err
        assert "Plan for reset on 5 targets" in done.err
        assert done.out.startswith("300 changed")
        [folder] = (here.home / "state" / "runs").iterdir()
        sheet = list(csv.DictReader(io.StringIO((folder / "report.csv").read_text("utf-8-sig"))))
        assert [(row["target"], row["user"]) for row in sheet] == ROWS
        assert {row["outcome"] for row in sheet} == {"changed"}
        handed = here.kit.handed_out()
        assert [(line["target"], line["user"]) for line in handed] == ROWS
        assert len({line["password"] for line in handed}) == 300
        with ThreadPoolExecutor(4) as pool:
            good = list(pool.map(lambda line: here.signs_in(line["user"], line["password"]), handed))
        assert good == [True] * 300


def test_a_run_over_several_targets_that_is_killed_goes_on_where_it_was(towns: Towns) -> None:
    """No finished row is sent again, nobody gets two passwords, and each target gets its own rows alone."""
    for server in towns.towns.values():
        server.delay = 0.005
    path, kit = towns.many(150), Kit(towns.home, towns.server.url)
    process = kit.start("reset", path, "--expect", "450", "--no-input", "-j", "4")
    for server in towns.towns.values():
        assert server.seen.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with closing(open_journal(towns.run_folder() / "journal.db")) as journal:
        done = {(row.target, row.who) for row in journal.rows((RowState.CHANGED,))}
    before = {each: len(towns.towns[each[0]].passwords[each[1]]) for each in done}
    assert len(done) < 450
    assert kit.run("resume", "--no-input").code == 0
    assert all(len(towns.towns[target].passwords[who]) == count for (target, who), count in before.items())
    for server in towns.towns.values():
        assert len(server.passwords) == 150
        assert all(len(set(values)) == 1 for values in server.passwords.values())
    handed = {(line["target"], line["user"]): line["password"] for line in kit.handed_out()}
    assert handed == {
        (name, who): values[-1] for name, server in towns.towns.items() for who, values in server.passwords.items()
    }
    assert len(towns.report()) == 450


def test_a_target_that_comes_back_is_first_asked_what_it_wants(tmp_path: Path) -> None:
    """At planning nobody knew how long passwords must be there; nothing was sent there, so nothing was guessed."""
    with fleet(tmp_path, ["amal", "bo", "cyd"]) as here, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # nobody listens yet
        here.configure(urls={"hdp": f"http://127.0.0.1:{listener.getsockname()[1]}"})
        path = here.file([("mas", "amal"), ("hdp", "bo"), ("hdp", "cyd")])
        done = here.run("reset", path, "--expect", "3", "--no-input")
        assert done.code == 6, done.err
        assert "hdp cannot be reached" in done.err
        assert "1 of 3 users are done, 2 were not tried" in done.err
        with serving_here(here.door.house, listener):
            done = here.run("resume", "--no-input")
        assert done.code == 0, done.err
        handed = here.kit.handed_out()
        assert [(line["target"], line["user"]) for line in handed] == [("mas", "amal"), ("hdp", "bo"), ("hdp", "cyd")]
        assert all(here.signs_in(line["user"], line["password"]) for line in handed)


def test_a_directory_on_this_machine_is_a_target_beside_servers(tmp_path: Path) -> None:
    """Users are made there and there, from one file, and each can sign in."""
    with fleet(tmp_path, []) as here:
        place, _ = made_directory(tmp_path / "own")
        config = here.home / "config.toml"
        config.write_text(config.read_text() + f'[targets.own]\nkind = "local"\ndata = "{place.data}"\n')
        path = here.file([("own", "amal"), ("mas", "bo"), ("scim", "cyd"), ("primavera", "dara")])
        done = here.run("create", path, "--expect", "4", "--no-input")
        assert done.code == 0, done.err
        assert done.out.startswith("4 created")
        own, *others = here.kit.handed_out()
        assert all(here.signs_in(line["user"], line["password"]) for line in others)
        with closing(open_house(place)) as house:
            signed = house.gate.sign_in("amal", Secret(own["password"]), door="test", origin=Origin())
            assert not isinstance(asyncio.run(_of(signed)), Refused)


async def _of(signed: Awaitable[SignedIn | Refused]) -> SignedIn | Refused:
    return await signed
