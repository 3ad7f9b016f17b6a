"""Tests that cannot fail prove nothing: a fault that is planted in a copy of the house is found by some test."""

from pathlib import Path

import pytest

from tests.faults.planted import FAULTS, Fault, copy_of_the_house, finds

ONE_OF_A_KIND = {fault.found_by[-1]: fault for fault in FAULTS}.values()
"""One for each kind of test; `make faults` plants them all."""


def test_every_fault_can_still_be_planted(tmp_path: Path) -> None:
    for number, fault in enumerate(FAULTS):
        (tmp_path / str(number)).mkdir()
        fault.plant(copy_of_the_house(tmp_path / str(number)))


@pytest.mark.parametrize("fault", ONE_OF_A_KIND, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    copy = copy_of_the_house(tmp_path)
    fault.plant(copy)
    assert finds(copy, fault.found_by[-1])


def test_without_a_fault_the_same_tests_pass(tmp_path: Path) -> None:
    copy = copy_of_the_house(tmp_path)
    assert not finds(copy, "fit")
