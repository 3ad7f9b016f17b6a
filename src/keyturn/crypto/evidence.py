"""The key with which this machine signs evidence of its runs: made at first need, its public half beside it."""

import os
import secrets
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from keyturn.crypto.keyfolder import KEY_BYTES, read_key, write_once

KEY: Final = "evidence.key"
PUBLIC: Final = "evidence.pub"


class EvidenceKey:
    """Signs, and tells the public half that others verify with.  keys: the folder of the runner's keys."""

    def __init__(self, keys: Path) -> None:
        self._file = keys / KEY
        self._public = keys / PUBLIC

    @property
    def public_key(self) -> str:
        """The public half in hex; also in the file `evidence.pub`."""
        public = bytes(self._key().verify_key).hex()
        if not self._public.exists():
            with os.fdopen(os.open(self._public, os.O_WRONLY | os.O_CREAT, 0o644), "w", encoding="ascii") as file:
                file.write(f"{public}\n")
        return public

    def sign(self, statement: bytes) -> str:
        """An Ed25519 signature, hex."""
        return self._key().sign(statement).signature.hex()

    def _key(self) -> SigningKey:
        if not self._file.exists():
            write_once(self._file, secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
        return SigningKey(read_key(self._file))
