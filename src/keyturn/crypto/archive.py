"""Files sealed together with age: a tar inside, so that any age tool and any tar can open it without keyturn."""

import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from re import Pattern
from typing import BinaryIO, Final

import pyrage  # type: ignore[import-untyped]  # pyrage 1.4 ships no annotations

from keyturn.core.errors import ConfigError
from keyturn.crypto.handout import identities_in, seal_pieces
from keyturn.crypto.keyfolder import write_private

_PIECE: Final = 1 << 16
_INNER: Final = ".archive.tar"


def seal_files(members: Mapping[str, Path | bytes], recipients: Sequence[str], out: BinaryIO) -> None:
    """Write one sealed file that holds these, by name; nothing of it is on disk in clear."""
    seal_pieces(_tar(members), recipients, out)


def open_files(file: Path, identity: Path, folder: Path, wanted: Pattern[str]) -> list[str]:
    """Take the files out into a folder of ours, for our eyes only; answers their names.

    wanted: every name must match, so that no archive puts a file where it does not belong.  Whoever has the public
    key can make one.  Raises ConfigError when it is not for this identity, damaged, or holds anything else.
    """
    inner = folder / _INNER
    try:
        if file.exists() and not file.is_file():
            raise OSError("it is no file")
        with file.open("rb") as sealed:
            write_private(inner, b"")
            with inner.open("wb") as clear:
                pyrage.decrypt_io(sealed, clear, identities_in(identity))
        with tarfile.open(inner, "r:") as archive:
            return [_taken_out(archive, member, folder, wanted) for member in archive]
    except (pyrage.DecryptError, tarfile.TarError, OSError) as error:
        raise ConfigError(
            "this backup cannot be opened",
            code="KT-BAK-001",
            where=str(file),
            why=f"it is missing, damaged, or sealed for somebody else ({error})",
            fix="give the identity file of one of its recipients with --identity",
        ) from None
    finally:
        inner.unlink(missing_ok=True)


def _taken_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, wanted: Pattern[str]) -> str:
    content = archive.extractfile(member) if member.isreg() and wanted.fullmatch(member.name) else None
    if content is None:
        raise tarfile.TarError("it holds something that is not of a backup")
    place = folder / member.name
    place.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(place, b"")
    with content, place.open("wb") as out:
        shutil.copyfileobj(content, out)
        out.flush()
        os.fsync(out.fileno())
    return member.name


def _tar(members: Mapping[str, Path | bytes]) -> Iterator[bytes]:
    for name, content in members.items():
        member = tarfile.TarInfo(name)
        member.mode = 0o600
        member.size = len(content) if isinstance(content, bytes) else content.stat().st_size
        yield member.tobuf(tarfile.GNU_FORMAT)
        if isinstance(content, bytes):
            yield content
        else:
            with content.open("rb") as file:
                yield from iter(lambda: file.read(_PIECE), b"")
        yield bytes(-member.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)
