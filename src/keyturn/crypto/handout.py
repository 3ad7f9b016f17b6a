"""Seals the handout of a run with age, so that only its recipients can read the new passwords."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import pyrage  # type: ignore[import-untyped]  # pyrage 1.4 ships no annotations

from keyturn.core.errors import ConfigError, KeyFolderError
from keyturn.crypto.keyfolder import write_private

_IDENTITY: Final = "AGE-SECRET-KEY-1"
MOST_BYTES: Final = 65_536
"""Of an identity file: hundreds of identities; a device that never ends is not read to its end."""


def new_identity(path: Path) -> str:
    """Make an identity file (0600) as `age-keygen` does and answer its recipient.  Raises KeyFolderError where there
    is a file already."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        write_private(path, f"# public key: {recipient}\n{identity}\n".encode())
    except FileExistsError:
        raise KeyFolderError("there is an identity file already", where=str(path), fix="use it, or move it") from None
    return recipient


def recipient_of(path: Path) -> str:
    """The recipient (`age1...`) of an identity file.  Raises ConfigError when it holds no identity."""
    return str(identities_in(path)[0].to_public())


def check_recipient(text: str) -> str:
    """A recipient as it must be written.  Raises ConfigError for everything but an `age1...` public key."""
    recipient_from(text)
    return text.strip()


class _Pieces:
    """Pieces as a file to read from, so that a handout of any size passes through little memory.

    broken: what ended them early; pyrage would only tell its text.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = bytearray()
        self.broken: BaseException | None = None

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end alone."""
        try:
            while len(self._rest) < size and (piece := next(self._pieces, None)) is not None:
                self._rest += piece
        except BaseException as error:
            self.broken = error
            raise
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken


class _Sink:
    """A file to write to.  broken: what it refused; pyrage would only tell its text.  digest: of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.broken: OSError | None = None
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """All of it."""
        self.digest.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self.broken = error
            raise

    def flush(self) -> None:
        """Hand it on."""
        self._file.flush()


def seal_pieces(pieces: Iterable[bytes], recipients: Sequence[str], file: BinaryIO) -> str:
    """Write one sealed file of these pieces; its SHA-256 in hex.

    Raises ConfigError for a bad recipient, OSError for a full disk.
    """
    taken, sink = _Pieces(pieces), _Sink(file)
    try:
        pyrage.encrypt_io(taken, sink, [recipient_from(text) for text in recipients])
    except pyrage.EncryptError:
        broken = taken.broken or sink.broken
        if broken is not None:
            raise broken from None
        raise
    return sink.digest.hexdigest()


class AgeSealer:
    """Seals and opens handouts: standard age files, readable with any age tool."""

    def seal(self, lines: Iterable[bytes], recipients: Sequence[str], file: BinaryIO) -> str:
        """Write one sealed file for these recipients; its digest.  Raises ConfigError for a bad one."""
        if not recipients:
            raise ConfigError("a handout needs at least one recipient", code="KT-CFG-034", fix="--handout age:age1...")
        return seal_pieces(lines, recipients, file)

    def open(self, sealed: bytes, identity: Path, file: Path | None = None) -> bytes:
        """What was sealed.  Raises ConfigError when the identity file is not among the recipients, or on damage.

        file: where it was read from, for what is said then.
        """
        try:
            return bytes(pyrage.decrypt(sealed, identities_in(identity)))
        except pyrage.DecryptError as error:
            raise ConfigError(
                "this handout cannot be opened",
                code="KT-CFG-035",
                where=f"{file}\nidentity: {identity}" if file is not None else str(identity),
                why=f"it was sealed for somebody else, or the file is damaged ({error})",
                fix="give the identity file of one of its recipients",
            ) from None


def recipient_from(text: str) -> pyrage.x25519.Recipient:
    """A recipient (`age1...`).  Raises ConfigError for everything else."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        secret = text.strip().upper().startswith(_IDENTITY)
        raise ConfigError(
            "this is an age identity, which is secret" if secret else f"{text!r} is not an age recipient",
            code="KT-CFG-036",
            why="a recipient is a public key that begins with age1 and is printed by age-keygen",
            fix="give the line after '# public key:' of the identity file" if secret else "copy the whole age1... word",
        ) from None


def identities_in(path: Path) -> list[pyrage.x25519.Identity]:
    """The identities of a file.  Raises ConfigError when it holds none."""
    if path.exists() and not path.is_file():
        raise _no_identity(path, "it is a folder, a pipe or a device")
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode()
        lines = [line.strip() for line in text.splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, ValueError, pyrage.IdentityError) as error:
        # The text of an identity error is not shown: it may quote the line.
        why = error.strerror or "" if isinstance(error, OSError) else "a line of it is no identity"
        raise _no_identity(path, why) from None
    if not found:
        raise _no_identity(path, "it is empty")
    return found


def _no_identity(path: Path, why: str) -> ConfigError:
    fix = "give the file that age-keygen or keyturn made: a line that begins with AGE-SECRET-KEY-1"
    return ConfigError("this is not an age identity file", code="KT-CFG-037", where=str(path), why=why, fix=fix)
