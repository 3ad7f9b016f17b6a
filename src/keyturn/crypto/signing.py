"""Signs checkpoints of the audit, so that anybody with the public key can verify them without the server."""

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from keyturn.crypto.keyfolder import KeyFolder, Label


def verify_with(public: bytes, statement: bytes, signature: str) -> bool:
    """True when `signature` (hex) is of this public key (32 bytes) and this statement.  Needs no key folder."""
    try:
        VerifyKey(public).verify(statement, bytes.fromhex(signature))
    except (BadSignatureError, ValueError):
        return False
    return True


class FolderSigner:
    """The core's Signer over the audit keys of a key folder."""

    def __init__(self, folder: KeyFolder) -> None:
        self._folder = folder

    @property
    def key_id(self) -> str:
        """The id of the audit key in force."""
        return self._folder.active(Label.AUDIT).id

    @property
    def public_key(self) -> str:
        """The public half in hex, to be given to auditors; also the file `audit.ID.pub` of the key folder."""
        return bytes(self._key().verify_key).hex()

    def sign(self, statement: bytes) -> str:
        """An Ed25519 signature, hex."""
        return self._key().sign(statement).signature.hex()

    def verify(self, statement: bytes, signature: str, key_id: str) -> bool:
        """True when the signature is of that key and that statement; False for a key we never had."""
        public = self._folder.public.get(key_id)
        return public is not None and verify_with(public, statement, signature)

    def _key(self) -> SigningKey:
        return SigningKey(self._folder.active(Label.AUDIT).material)
