"""What is asked for by a reading method changes nothing, at any door."""

import pytest

from keyturn.core.permissions import NEEDS
from tests.openapi.test_described import APIS

READING = ("GET", "HEAD", "OPTIONS")
LOOKS = ("read", "list")
BOTH = ("key.own",)
"""Rows under which people look at what is their own, too."""


@pytest.mark.proves("V3.5.3")
@pytest.mark.parametrize("name", APIS)
def test_no_reading_method_needs_the_right_to_change_anything(name: str) -> None:
    """Each route decides by the rows that it names, and those of a GET are about looking; so is every row but these."""
    wrong = [
        f"{call.method} {call.path}: {need}"
        for call in APIS[name].calls
        if call.method in READING
        for need in call.needs
        if need.rpartition(".")[2] not in LOOKS and need not in BOTH
    ]
    assert wrong == []
    assert any(need.rpartition(".")[2] in LOOKS for need in NEEDS)
