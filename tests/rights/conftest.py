"""The house that core tests live in, on every store."""

from pathlib import Path

import pytest

from keyturn.core.storage import Store
from tests.support.house import House, make_house


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    """A directory of real parts."""
    return make_house(store, tmp_path)
