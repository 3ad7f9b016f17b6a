"""Encrypts small values under a key that lives outside the database or journal (XChaCha20-Poly1305)."""

from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from keyturn.core.errors import KeyFolderError
from keyturn.crypto.keyfolder import FolderKey, KeyFolder, Label

_FORM: Final = b"\x01"
_ID_BYTES: Final = 8


def seal_with(key: bytes, clear: bytes, label: str) -> bytes:
    """The value sealed under a key; `label` is bound to it."""
    return bytes(Aead(key).encrypt(clear, label.encode()))


def open_with(key: bytes, sealed: bytes, label: str) -> bytes:
    """The value.  Raises KeyFolderError when it was not sealed under this key and label, or was changed since."""
    try:
        return bytes(Aead(key).decrypt(sealed, label.encode()))
    except (CryptoError, ValueError):
        raise _not_ours(label) from None


class FolderSealer:
    """The core's Sealer over the keys of one label of a key folder; a sealed value names its key."""

    def __init__(self, folder: KeyFolder, label: Label = Label.MAIL) -> None:
        self._folder = folder
        self._label = label

    def seal(self, clear: bytes, label: str) -> bytes:
        """The sealed value, to be opened under the same label."""
        key = self._folder.active(self._label)
        return _FORM + key.id.encode("ascii") + seal_with(key.material, clear, label)

    def open(self, sealed: bytes, label: str) -> bytes:
        """The value.  Raises KeyFolderError when it was not sealed by us under this label."""
        return open_with(self._key_of(sealed, label).material, sealed[1 + _ID_BYTES :], label)

    def _key_of(self, sealed: bytes, label: str) -> FolderKey:
        key_id = sealed[1 : 1 + _ID_BYTES]
        if sealed[:1] != _FORM or not key_id.isascii():
            raise _not_ours(label)
        return self._folder.get(self._label, key_id.decode("ascii"))


def _not_ours(label: str) -> KeyFolderError:
    return KeyFolderError(
        f"a sealed value ({label}) cannot be opened",
        why="it was sealed under another key, for another purpose, or was changed since",
        fix="put back the key folder that belongs to it",
    )
