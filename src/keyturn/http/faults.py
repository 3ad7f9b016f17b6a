"""Tables of a vendor's refusals, read forwards by a server half and backwards by a client half.  Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from keyturn.core.outcomes import Reason


@dataclass(frozen=True, slots=True)
class Fault:
    """How a vendor writes a reason.  invented: the vendor does not document this code; nothing may hang on it."""

    reason: Reason
    status: int
    code: str
    text: str = ""
    invented: bool = False


@dataclass(frozen=True, slots=True)
class FaultTable:
    """A vendor's refusals.  `written` has one row a reason and unique codes; `also_read` are only understood.

    Raises ValueError for a table in which a code or a reason is written twice.
    """

    written: tuple[Fault, ...]
    also_read: tuple[Fault, ...] = ()
    _by_reason: Mapping[Reason, Fault] = field(init=False, repr=False, compare=False)
    _by_code: Mapping[tuple[int, str], Reason] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _refuse_twice("code", [fault.code for fault in self.written])
        _refuse_twice("reason", [fault.reason.value for fault in self.written])
        if Reason.OTHER not in {fault.reason for fault in self.written}:
            raise ValueError("a fault table needs a row for Reason.OTHER")
        object.__setattr__(self, "_by_reason", {fault.reason: fault for fault in self.written})
        both = (*self.also_read, *self.written)
        object.__setattr__(self, "_by_code", {(fault.status, fault.code): fault.reason for fault in both})

    def of(self, reason: Reason) -> Fault:
        """How the vendor writes a reason; one without a row is written as `Reason.OTHER`."""
        return self._by_reason.get(reason) or self._by_reason[Reason.OTHER]

    def read(self, status: int, code: str) -> Reason:
        """The reason of a status and a code; an unknown code is `Reason.OTHER`."""
        return self._by_code.get((status, code), Reason.OTHER)

    def invented(self) -> tuple[Fault, ...]:
        """The rows that the vendor does not document."""
        return tuple(fault for fault in self.written if fault.invented)

    def with_codes(self, codes: Mapping[Reason, str]) -> "FaultTable":
        """The same table with other codes in place of invented ones, for a site that knows the real ones.

        Raises ValueError for a documented row.
        """
        fixed = [fault.reason for fault in self.written if fault.reason in codes and not fault.invented]
        if fixed:
            raise ValueError(f"the vendor documents the code of {fixed[0]}")
        written = (replace(fault, code=codes.get(fault.reason, fault.code)) for fault in self.written)
        return replace(self, written=tuple(written))


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"the {what} {value} is written twice")
        seen.add(value)
