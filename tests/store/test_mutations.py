"""A damaged journal is recovered or refused, never misread."""

import os
from pathlib import Path

import pytest

from tests.store.mutations import DAMAGES, mutate

MUTATIONS = int(os.environ.get("KEYTURN_MUTATIONS", "140"))
"""A few of each kind here; `make campaign` does ten thousand with `python -m tests.store.mutations`."""


@pytest.mark.proves("R-5", "RN-6")
def test_a_journal_that_was_damaged_in_any_way_says_what_was_written_or_nothing(tmp_path: Path) -> None:
    """Cut off, flipped, with other letters, blanked, doubled, reordered, with a piece missing."""
    figures = mutate(tmp_path, MUTATIONS)
    assert figures.misread == []
    assert figures.ends.total() == MUTATIONS
    assert {name for name, end in figures.ends if end == "refused"} == {each.__name__.strip("_") for each in DAMAGES}
