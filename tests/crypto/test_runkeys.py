"""The passwords of a bulk run: shaped for targets, derived under a key that can be forgotten."""

import math
import re
import secrets
import stat
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.errors import KeyFolderError, RunError
from keyturn.core.secret import Secret
from keyturn.crypto.keyfolder import write_once
from keyturn.crypto.runkeys import DIGITS, LOWER, RENDERING, SPECIAL, UPPER, RunKeyring, RunKeys, rendering_of

KEYS = RunKeys(bytes(32))
SAFE = re.compile(r"[A-Za-z0-9._-]+")


@given(st.integers(2, 10**6), st.integers(8, 64))
def test_a_password_fits_every_target(row: int, length: int) -> None:
    """It begins and ends with a letter, has each class, no look-alike, and nothing that a shell or sheet misreads."""
    clear = KEYS.password("r7f3k2x", row, rendering_of(length)).reveal()
    assert len(clear) == length
    assert clear[0].isalpha()
    assert clear[-1].isalpha()
    assert all(set(clear) & set(symbols) for symbols in (UPPER, LOWER, DIGITS, SPECIAL))
    assert not set(clear) & set("0O1lIio")
    assert SAFE.fullmatch(clear)


@pytest.mark.proves("RN-4")
def test_a_row_always_gets_the_same_password_and_no_other_row_does() -> None:
    again = RunKeys(bytes(32))
    assert KEYS.password("r1", 7) == again.password("r1", 7, RENDERING)
    many = {KEYS.password("r1", row).reveal() for row in range(20_000)}
    assert len(many) == 20_000
    assert KEYS.password("r1", 7) != KEYS.password("r2", 7)
    assert KEYS.password("r1", 7) != RunKeys(b"\1" * 32).password("r1", 7)


def test_the_rendering_is_pinned() -> None:
    """A changed rendering under the same id would hand out passwords that nobody ever set."""
    assert KEYS.password("pinned", 1) == Secret(PINNED)


PINNED = "V.-qXh7AjLxcPhXr"


def test_symbols_within_a_class_are_equally_likely() -> None:
    """Every letter of the first place comes as often as its neighbours of the same class, within five sigma."""
    many = 20_000
    first = Counter(KEYS.password("fair", row).reveal()[0] for row in range(many))
    for symbols in (UPPER, LOWER):
        total = sum(first[symbol] for symbol in symbols)
        share = total / len(symbols)
        assert all(abs(first[symbol] - share) < 5 * math.sqrt(share) for symbol in symbols)


@pytest.mark.parametrize("name", ["", "runner-1", "runner-1:7", "runner-1:65", "runner-2:16", "runner-1:016"])
def test_a_rendering_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="rendering"):
        KEYS.password("r1", 1, name)


def test_the_length_of_a_rendering_is_8_to_64() -> None:
    assert rendering_of() == RENDERING
    with pytest.raises(RunError):
        rendering_of(7)


def test_a_run_key_opens_with_the_key_file_of_its_runner_only(tmp_path: Path) -> None:
    ring, other = RunKeyring(tmp_path / "a"), RunKeyring(tmp_path / "b")
    sealed = ring.new_run_key()
    assert ring.open(sealed).password("r", 1) == RunKeyring(tmp_path / "a").open(sealed).password("r", 1)
    assert ring.open(ring.new_run_key()).password("r", 1) != ring.open(sealed).password("r", 1)
    with pytest.raises(KeyFolderError, match="is missing"):
        other.open(sealed)
    assert not (tmp_path / "b").exists()
    other.new_run_key()
    with pytest.raises(KeyFolderError, match="cannot be opened"):
        other.open(sealed)
    with pytest.raises(KeyFolderError, match="cannot be opened"):
        ring.open(b"short")


def test_what_a_run_seals_only_that_run_opens() -> None:
    sealed = KEYS.seal(b"handed back", "row 7")
    assert KEYS.open(sealed, "row 7") == b"handed back"
    for keys, label in ((KEYS, "row 8"), (RunKeys(b"\1" * 32), "row 7")):
        with pytest.raises(KeyFolderError):
            keys.open(sealed, label)


def test_the_key_file_is_private_and_refused_when_others_can_read_it(tmp_path: Path) -> None:
    ring = RunKeyring(tmp_path)
    ring.new_run_key()
    file = tmp_path / "keys" / "runner.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["runner.key"]
    file.chmod(0o644)
    with pytest.raises(KeyFolderError, match="can read"):
        ring.new_run_key()


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    ring = RunKeyring(tmp_path)
    ring.new_run_key()
    (tmp_path / "keys" / "runner.key").write_text("nonsense")
    with pytest.raises(KeyFolderError, match="damaged"):
        ring.new_run_key()


def test_runners_that_start_at_once_share_one_key_file(tmp_path: Path) -> None:
    """Whoever comes second takes the key of the first; no sealed run key is lost."""
    gate, sealed = threading.Barrier(8), []

    def start() -> None:
        ring = RunKeyring(tmp_path)
        gate.wait()
        write_once(tmp_path / "keys" / "runner.key", secrets.token_bytes(32).hex().encode())
        sealed.append(ring.new_run_key())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(RunKeyring(tmp_path).open(one) for one in sealed)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["runner.key"]
