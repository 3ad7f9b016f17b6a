"""Fault tables: forwards by the server half, backwards by the client half."""

import pytest

from keyturn.core.outcomes import Reason
from keyturn.http.faults import Fault, FaultTable

TABLE = FaultTable(
    (
        Fault(Reason.EXISTS, 409, "V1"),
        Fault(Reason.TOO_SHORT, 400, "OURS-1", invented=True),
        Fault(Reason.OTHER, 400, "OURS-9", invented=True),
    ),
    also_read=(Fault(Reason.EXISTS, 409, "V2"),),
)


def test_a_reason_without_a_row_is_written_as_other() -> None:
    """Every refusal can be written."""
    assert TABLE.of(Reason.EXISTS).code == "V1"
    assert TABLE.of(Reason.BUSY).code == "OURS-9"


def test_many_codes_mean_one_reason_and_unknown_ones_other() -> None:
    """Reading is many-to-one, and the status belongs to the code."""
    assert TABLE.read(409, "V1") is TABLE.read(409, "V2") is Reason.EXISTS
    assert TABLE.read(400, "V1") is TABLE.read(409, "V3") is Reason.OTHER


def test_invented_codes_can_be_replaced_and_documented_ones_not() -> None:
    """A site that knows the real code writes it."""
    assert [fault.code for fault in TABLE.invented()] == ["OURS-1", "OURS-9"]
    changed = TABLE.with_codes({Reason.TOO_SHORT: "REAL-7"})
    assert changed.of(Reason.TOO_SHORT).code == "REAL-7"
    assert changed.read(400, "REAL-7") is Reason.TOO_SHORT
    with pytest.raises(ValueError, match="documents"):
        TABLE.with_codes({Reason.EXISTS: "X"})


@pytest.mark.parametrize(
    "faults",
    [
        (Fault(Reason.EXISTS, 409, "A"), Fault(Reason.OTHER, 400, "A")),
        (Fault(Reason.EXISTS, 409, "A"), Fault(Reason.EXISTS, 409, "B"), Fault(Reason.OTHER, 400, "C")),
        (Fault(Reason.EXISTS, 409, "A"),),
    ],
)
def test_an_ambiguous_table_cannot_be_made(faults: tuple[Fault, ...]) -> None:
    """Two reasons with one code, one reason with two, or no row for the rest."""
    with pytest.raises(ValueError, match=r"written twice|needs a row"):
        FaultTable(faults)
