"""What the runner needs from outside, apart from a `Directory` and a `Journal`."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import BinaryIO, Protocol, TypeAlias

from keyturn.core.commands import Command
from keyturn.core.secret import Secret


class RunKeys(Protocol):
    """The key of one run: passwords are derived from it, and what a directory hands back is sealed under it."""

    def password(self, run: str, row: int, rendering: str) -> Secret:
        """The password of a row: always the same for the same run, row and rendering."""
        ...

    def seal(self, clear: bytes, label: str) -> bytes:
        """Encrypt a small value under the key of the run."""
        ...

    def open(self, sealed: bytes, label: str) -> bytes:
        """What was sealed under this label.  Raises KeyFolderError for anything else."""
        ...


SignatureCheck: TypeAlias = Callable[[bytes, bytes, str], bool]
"""Whether a signature (hex) is of this public key (32 bytes) and this statement."""


class EvidenceSigner(Protocol):
    """Signs what a run did, for people who have the public key alone."""

    @property
    def public_key(self) -> str:
        """The public half in hex."""
        ...

    def sign(self, statement: bytes) -> str:
        """A signature, hex."""
        ...


class HandoutSealer(Protocol):
    """Makes the sealed file that only its recipients can read."""

    def seal(self, lines: Iterable[bytes], recipients: Sequence[str], file: BinaryIO) -> str:
        """Write one sealed file of these pieces; answers its digest (SHA-256 in hex).

        Raises ConfigError for a recipient that is none.
        """
        ...


class Recording(Protocol):
    """A request that was recorded elsewhere, for which a file of rows was made.  record: the cells of a row, in order.

    Where it was recognised, the run is a reset or a creation like any other, and all that counts here is which one it
    is and which rows are passed over.  Else the request itself is what is sent for each row.
    """

    @property
    def fingerprint(self) -> str:
        """The same for the same request: a later run of it goes on from this one."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """The headers that it takes cells from."""
        ...

    @property
    def secrets(self) -> Collection[str]:
        """Those of them whose cells may be passwords."""
        ...

    def passed_over(self, number: int, who: str) -> tuple[str, str]:
        """Why a row is not for this run, as reason and text; empty when it is."""
        ...

    def names(self, record: Sequence[str]) -> Sequence[str]:
        """The cells that a row is called by."""
        ...

    def mark(self, number: int, record: Sequence[str]) -> str:
        """The same for rows that ask for the same."""
        ...

    def fault(self, record: Sequence[str]) -> str:
        """Why the request of a row cannot be sent; empty when it can.  Shows no cell."""
        ...

    def command(self, who: str, record: Sequence[str], operation: str) -> Command:
        """The request of a row, as a command that only the directory behind it understands."""
        ...
