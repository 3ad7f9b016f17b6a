"""Collections made as the vendors' how-tos say send what newman sent for them."""

import json
from pathlib import Path

import pytest

from tests.cli.test_postman_run import Bench
from tests.dialects.postman.how_tos import CASES, SENT, Case, as_kept, content
from tests.support.recording_server import recorder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_newman_sent_is_what_we_send(case: Case, tmp_path: Path) -> None:
    """Method, address, deciding headers and body, as newman 6.2.2 sent them (`make compat` asks newman again)."""
    with recorder() as server:
        server.answer = content
        Bench(tmp_path, server).call("postman", "run", *case.lay_out(tmp_path, server.url), "--expect", "4")
        assert as_kept(server.take()) == json.loads(SENT.read_text("utf-8"))[case.name]
