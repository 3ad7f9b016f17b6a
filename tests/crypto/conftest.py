"""What the tests of this room share: a real key folder."""

from pathlib import Path

import pytest

from keyturn.crypto.keyfolder import KeyFolder, create_key_folder


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    """A fresh key folder."""
    return create_key_folder(tmp_path / "keys")
