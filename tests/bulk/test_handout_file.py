"""The handout of a large run: an age file that opens for its recipients and nobody else, however the run ends."""

import hashlib
import json
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from keyturn.bulk.intake.source import read_source
from keyturn.bulk.record.facts import sealed_as
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.handing import Handing
from keyturn.bulk.record.handout import Handout
from keyturn.core.errors import ConfigError
from keyturn.core.journal import Row, RowState
from keyturn.core.secret import Secret
from keyturn.crypto.handout import AgeSealer, new_identity
from keyturn.crypto.runkeys import RunKeys
from tests.bulk.desk import write
from tests.bulk.kit import Kit
from tests.support.memory_journal import MemoryJournal
from tests.support.password_server import password_server

USERS = 5_000
RUN = "r7f3k2a"


def password(row: Row) -> Secret:
    """As a run derives it."""
    return RunKeys(b"k" * 32).password(RUN, row.number)


@pytest.mark.proves("LG-4")
def test_five_thousand_passwords_open_with_the_right_key_alone(tmp_path: Path) -> None:
    """For each of two recipients; not for a third, and not when a single bit is another one."""
    (tmp_path / "users.csv").write_text("userid\n" + "".join(f"u{number}\n" for number in range(2, USERS + 2)))
    journal = MemoryJournal()
    journal.plan([Row(n, f"u{n}", RowState.CHANGED, delivery="handout") for n in range(2, USERS + 2)])
    keys = [new_identity(tmp_path / name) for name in ("operations", "break-glass")]
    new_identity(tmp_path / "stranger")
    (folder := RunFolder(tmp_path / RUN)).path.mkdir()
    source = read_source(tmp_path / "users.csv")
    handout = Handout(folder, source, AgeSealer(), keys, Handing(), password, dict)
    assert handout.write(journal) == USERS
    sealed = folder.handout.read_bytes()
    for name in ("operations", "break-glass"):
        lines = [json.loads(line) for line in AgeSealer().open(sealed, tmp_path / name).splitlines()]
        assert len({line["password"] for line in lines}) == USERS
        assert Secret(lines[-1]["password"]) == password(Row(USERS + 1, "", RowState.CHANGED))
    spoilt = bytearray(sealed)
    spoilt[len(spoilt) // 2] ^= 1
    for content, name in ((sealed, "stranger"), (bytes(spoilt), "operations")):
        with pytest.raises(ConfigError, match="cannot be opened"):
            AgeSealer().open(content, tmp_path / name)


def test_a_run_that_the_system_stops_has_sealed_what_is_done(tmp_path: Path) -> None:
    """SIGTERM in the middle: every password that was set is in the handout, no other is."""
    with password_server() as server:
        server.delay = 0.02
        kit = Kit(tmp_path / "home", server.url).configure()
        (tmp_path / "users.csv").write_text("userid\n" + "".join(f"u{number:04}\n" for number in range(600)))
        process = kit.start("reset", tmp_path / "users.csv", "-t", "there", "--no-input", "--expect", "600", "-j", "4")
        assert server.seen.wait(30)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 143, told
        handed = {line["user"]: line["password"] for line in kit.handed_out()}
        assert 0 < len(handed) < 600
        assert handed == {who: tried[-1] for who, tried in server.passwords.items()}


class Watching(MemoryJournal):
    """Looks at each moment whether the file that is there is one that the journal knows."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder
        self.known: list[int] = []

    def note(self, facts: Mapping[str, str]) -> None:
        """Note, and look."""
        super().note(facts)
        path = self.folder.handout
        digests = sealed_as(self.facts())[path.name]
        self.known.append(len(digests))
        assert not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() in digests


def test_a_handout_is_known_by_its_digest_whenever_the_process_dies(tmp_path: Path) -> None:
    """Before the new file is in its place, and after; the one that it replaced is not known any more."""
    folder = RunFolder(tmp_path / "rabcdef")
    folder.path.mkdir()
    journal = Watching(folder)
    journal.plan([Row(2, "amal", RowState.CHANGED, delivery="handout")])
    source, recipient = read_source(write(tmp_path, "userid\namal\n")), new_identity(tmp_path / "identity.txt")
    handout = Handout(folder, source, AgeSealer(), [recipient], Handing(), lambda _: Secret("a secret"), dict)
    assert [handout.write(journal), handout.write(journal)] == [1, 1]
    assert journal.known == [1, 1, 2, 1]
    assert hashlib.sha256(folder.handout.read_bytes()).hexdigest() in sealed_as(journal.facts())[folder.handout.name]
