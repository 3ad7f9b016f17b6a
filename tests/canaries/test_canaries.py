"""No secret leaves by a side door: canaries through every door, file and trouble, searched for in all that is left."""

import logging
import os
from pathlib import Path

import pytest

from tests.canaries.campaign import Seen, campaign
from tests.canaries.knocks import MARKS
from tests.support.canary import leaks

COUNT = int(os.environ.get("KEYTURN_CANARIES", "100"))
"""How many canaries; `make campaign` sends 1,000."""

pytestmark = pytest.mark.proves("R-8", "LG-4", "AP-13", "V16.2.5", "V14.2.1", "V3.5.1", "V3.5.2")


def test_no_canary_is_found_anywhere_but_where_it_was_sent(tmp_path: Path) -> None:
    """Debug logging on, a disk that takes nothing, a relay that is down; nine disguises; figures with -s or in logs."""
    seen, canaries, server = campaign(tmp_path, COUNT)
    places: dict[str, list[Path | bytes]] = {
        "files": [tmp_path / "all"],
        "answers": [b"\n".join(seen.answers)],
        "letters": [b"\n".join(seen.letters)],
        "commands": [b"\n".join(seen.said)],
        "processes": [b"\n".join(seen.processes)],
    }
    hits = {name: leaks(MARKS, *where) for name, where in places.items()}
    made = [server.made.password.reveal(), server.made.key.token.reveal(), *seen.made]
    hits["made"] = leaks(made, tmp_path / "all" / "directory", tmp_path / "all" / "server.log", *places["processes"])
    log = (tmp_path / "all" / "server.log").read_text()
    size = sum(path.stat().st_size for path in (tmp_path / "all").rglob("*") if path.is_file())
    logging.getLogger(__name__).info(
        "%d canaries, %d answers %s, with a full disk %s, %d letters, runs ended %s, %d lines of log, %d bytes of files"
        ", %d made secrets: %d hits",
        canaries.drawn, len(seen.answers), dict(seen.statuses), dict(seen.troubled), len(seen.letters), seen.exits,
        log.count("\n"), size, len(made), sum(map(len, hits.values())),
    )  # fmt: skip
    assert {name: found for name, found in hits.items() if found} == {}
    assert canaries.drawn >= COUNT
    assert_it_was_a_campaign(seen, log)


def assert_it_was_a_campaign(seen: Seen, log: str) -> None:
    """Everything that was to happen did: an empty search of nothing would be worth nothing."""
    assert {200, 201, 204, 400, 401, 404} <= seen.statuses.keys()
    assert any(status >= 500 for status in seen.troubled)
    assert seen.exits == [0, 0, 0]
    assert seen.letters
    assert len(seen.processes) >= 4
    assert '"level": "debug"' in log
    assert not any(b"set-cookie" in answer for answer in seen.answers), (
        "then no other site can use what a browser keeps"
    )
