"""Tests that cannot fail prove nothing: each fault that is planted in a copy of the house is found by some test."""

from pathlib import Path

import pytest

from tests.faults.planted import FAULTS, Fault, copy_of_the_house, finds


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    copy = copy_of_the_house(tmp_path)
    fault.plant(copy)
    assert finds(copy, fault.found_by[-1])


def test_without_a_fault_the_same_tests_pass(tmp_path: Path) -> None:
    copy = copy_of_the_house(tmp_path)
    assert not [kind for kind in ("wire", "fit", "house") if finds(copy, kind)]
