"""A run of a collection that is killed goes on with `resume`, with the installed command and a real server."""

import json
import signal
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.bulk.record.same import VARIABLES
from keyturn.core.journal import DONE, RowState
from keyturn.store.journal import open_journal
from tests.bulk.kit import Kit
from tests.dialects.postman.kit import collection, item
from tests.support.recording_server import Arrived, Recorder, recorder

ROWS = 120
SECRET = "a-token-of-the-command-line"
GRANT = item("POST", "{{baseUrl}}/grants/{{userid}}", '{"role": "reader"}', header=[], name="Grant")
RESET = item("POST", "{{baseUrl}}/v3/users/{{userid}}/password", '{"token": "{{start}}"}', header=[])
SIGNED = {"type": "apikey", "apikey": {"key": "x-access-token", "value": "{{token}}", "in": "header"}}


class Slow:
    """An answer that takes its time, and says when so many requests have come."""

    def __init__(self, server: Recorder, *, until: int) -> None:
        self.enough = threading.Event()
        self._left = until
        server.answer = self

    def __call__(self, arrived: Arrived) -> tuple[int, object]:
        """Content with everything."""
        time.sleep(0.004)
        self._left -= 1
        if self._left == 0:
            self.enough.set()
        return 200, {}


@pytest.mark.proves("RN-2", "RN-3", "RN-14")
@pytest.mark.parametrize("request_of", [GRANT, RESET], ids=["as it stands", "a reset"])
def test_a_killed_run_goes_on_with_the_same_collection_and_does_no_finished_row_again(
    request_of: dict[str, object], tmp_path: Path
) -> None:
    """What is not known to be harmless is sent once at most; what the command line said is kept, sealed."""
    with recorder() as server:
        slow, kit = Slow(server, until=ROWS // 3), Kit(tmp_path / "home", server.url)
        book, rows = tmp_path / "c.json", tmp_path / "users.csv"
        book.write_text(json.dumps(collection(request_of, auth=SIGNED)))
        rows.write_text("userid,start\n" + "".join(f"u{n:03},Linden-harbour-{n}\n" for n in range(ROWS)))
        said = ("--env-var", f"baseUrl={server.url}", "--env-var", f"token={SECRET}")
        process = kit.start("postman", "run", str(book), "-d", str(rows), *said, "-n", str(ROWS), "-j", "4")
        assert slow.enough.wait(60)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        [folder] = (tmp_path / "home" / "state" / "runs").iterdir()
        with closing(open_journal(folder / "journal.db")) as journal:
            done = {row.who for row in journal.rows(tuple(DONE))}
        assert 0 < len(done) < ROWS
        assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.rglob("home/**/*") if path.is_file())
        resumed = kit.run("resume", "--no-input")
        with closing(open_journal(folder / "journal.db")) as journal:
            after = {row.who: row.state for row in journal.rows()}
            kept = journal.facts()[VARIABLES]
        arrived = server.take()
    asked = Counter(one.target.split("/")[-1 if request_of is GRANT else 3] for one in arrived)
    assert {one.headers["x-access-token"] for one in arrived} == {SECRET}
    assert len(asked) == len(after) == ROWS
    assert {who for who, times in asked.items() if times > 1} & done == set()
    doubtful = [who for who, state in after.items() if state is RowState.UNCERTAIN]
    if request_of is GRANT:
        assert max(asked.values()) == 1
        assert len(doubtful) <= 4
    else:
        assert doubtful == []
        assert resumed.code == 0, resumed.err
        assert kept == ""
    assert sum(state in DONE for state in after.values()) == ROWS - len(doubtful)
