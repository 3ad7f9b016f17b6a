"""A person's key for approving plans: Ed25519, made at first need, kept for its owner alone.

```
keys/approval.key    256 random bits in hex, 0600
```
"""

import secrets
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from keyturn.crypto.keyfolder import KEY_BYTES, read_key, write_private
from keyturn.crypto.signing import verify_with

SCHEME: Final = "ed25519:"
"""What a public key begins with where people read it."""


def public_key(path: Path) -> str:
    """The public half of the key in a file, as `ed25519:` and hex; the key is made where there is none.

    Raises KeyFolderError for a file that holds no key, or that others can read.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, secrets.token_bytes(KEY_BYTES).hex().encode())
    return SCHEME + bytes(SigningKey(read_key(path)).verify_key).hex()


def signature(path: Path, statement: bytes) -> str:
    """A signature with the key in a file, hex."""
    return SigningKey(read_key(path)).sign(statement).signature.hex()


def signed_by(public: str, statement: bytes, signature: str) -> bool:
    """Whether a signature is of this public key and this statement; False for what is no key at all."""
    try:
        key = bytes.fromhex(public.removeprefix(SCHEME))
    except ValueError:
        return False
    return public.startswith(SCHEME) and len(key) == KEY_BYTES and verify_with(key, statement, signature)
