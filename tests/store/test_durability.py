"""What is acknowledged is on disk: both files of SQLite that matter are written ahead and synced fully."""

from pathlib import Path

import pytest

from keyturn.store.journal import FileJournal, open_journal


@pytest.mark.proves("DB-1")
def test_the_journal_of_a_run_is_written_ahead_synced_fully_and_held_by_one_process(tmp_path: Path) -> None:
    """Asked of its own connection, since nobody else gets one: full syncing is no property of the file."""
    journal = open_journal(tmp_path / "run" / "journal.db", create=True)
    assert isinstance(journal, FileJournal)
    asked = ("journal_mode", "synchronous", "locking_mode", "secure_delete")
    found = [journal._file.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    journal.close()
    assert found == ["wal", 2, "exclusive", 1]
