"""Killed at any moment: nobody without mail, no two different secrets, and the last one that arrived signs in."""

import os
from pathlib import Path

import pytest

from tests.mail.killed.campaign import campaign

POINTS = min(int(os.environ.get("KEYTURN_TEST_KILLS", "3")), 10)
"""A few here; `make campaign` runs a thousand of them with `python -m tests.mail.killed.campaign`."""


@pytest.mark.proves("ML-7", "ST-4")
def test_whenever_the_directory_is_killed_everybody_gets_one_secret_and_it_is_good(tmp_path: Path) -> None:
    with campaign(tmp_path) as running:
        for seed in range(POINTS):
            running.point(seed)
    assert running.figures.faults == []
    assert running.figures.points == POINTS
    assert running.figures.deaths > 0
    assert running.figures.acknowledged == 9 * POINTS
