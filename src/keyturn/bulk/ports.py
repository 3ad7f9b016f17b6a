"""What the runner needs from outside, apart from a `Directory` and a `Journal`."""

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, Protocol, TypeAlias

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

    def seal(self, lines: Iterable[bytes], recipients: Sequence[str], file: BinaryIO) -> None:
        """Write one sealed file of these pieces.  Raises ConfigError for a recipient that is none."""
        ...
