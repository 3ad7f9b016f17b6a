"""Derives one-time secrets and links: the same operation and user give the same secret, on any server, at any time.

A value is HMAC-SHA-256 under a derive key over the length-prefixed parts (label, operation, uid, rendering id),
stretched in counter mode and rendered without bias.  Nothing is stored: a retry or a second mail derives it again.
"""

import base64
import re
import secrets
from typing import Final

from keyturn.core.errors import KeyFolderError
from keyturn.core.secret import Secret
from keyturn.crypto.framing import Mac, framed, keyed
from keyturn.crypto.keyfolder import KeyFolder, Label

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O (look like 1, 1, 0) and no U."""

SYMBOLS: Final = 26
"""26 symbols, the first a letter: 129.4 bits, above the 112 that NIST SP 800-63B-4 section 3.1.2.2 asks for."""

VERSION: Final = "1"
"""The rendering in force.  It is part of every key id given out, so that an older row is rendered as it was."""

_TABLE: Final = bytes(ALPHABET.encode()[byte % 32] for byte in range(256))
_DIGITS: Final = b"0123456789"
_TYPED: Final = str.maketrans("ILO", "110", "- ")
_ONE_TIME: Final = re.compile(f"[{ALPHABET}]{{{SYMBOLS}}}")


def one_time_form(typed: str) -> str:
    """What a person typed of a one-time secret, as it is compared: upper case, no hyphens or spaces, I and L as 1,
    O as 0.  Text that cannot be a one-time secret comes back as it is."""
    form = typed.upper().translate(_TYPED)
    return form if _ONE_TIME.fullmatch(form) else typed


class FolderMinter:
    """The core's Minter over the derive keys of a key folder."""

    def __init__(self, folder: KeyFolder) -> None:
        self._folder = folder
        self._macs: dict[str, Mac] = {}

    @property
    def key_id(self) -> str:
        """The derive key in force and the rendering: stored beside whatever is derived."""
        return f"{self._folder.active(Label.DERIVE).id}:{VERSION}"

    def one_time(self, operation: str, uid: str, *, key_id: str = "") -> Secret:
        """A one-time secret in groups.  It starts with a letter, so that no sheet takes it for a number."""
        mac, version = self._pinned(key_id)
        message = framed("keyturn one-time", operation, uid, f"one-time-{version}")
        drawn = b""
        counter = 0
        # Dropping leading digits is rejection sampling of the first symbol: each letter stays equally likely.
        while len(drawn) < SYMBOLS:
            counter += 1
            drawn = (drawn + mac(message + counter.to_bytes(4, "big")).translate(_TABLE)).lstrip(_DIGITS)
        text = drawn[:SYMBOLS].decode("ascii")
        return Secret(f"{text[:5]}-{text[5:9]}-{text[9:13]}-{text[13:17]}-{text[17:21]}-{text[21:]}")

    def link(self, operation: str, uid: str, *, key_id: str = "") -> Secret:
        """The token of a mailed link: 256 bits, 43 URL-safe characters."""
        mac, version = self._pinned(key_id)
        return Secret(_url_safe(mac(framed("keyturn link", operation, uid, f"link-{version}") + b"\0\0\0\1")))

    def draw(self, octets: int = 64) -> Secret:
        """A new random API key token: 512 bits, 86 URL-safe characters, or so many octets."""
        return Secret(_url_safe(secrets.token_bytes(octets)))

    def _pinned(self, key_id: str) -> tuple[Mac, str]:
        bare, _, version = (key_id or self.key_id).partition(":")
        if version != VERSION:
            raise KeyFolderError(
                f"there is no rendering {version!r} of one-time secrets",
                why="this row was written by a newer keyturn",
                fix="run the keyturn that wrote it",
            )
        mac = self._macs.get(bare)
        if mac is None:
            mac = self._macs[bare] = keyed(self._folder.get(Label.DERIVE, bare).material)
        return mac, version


def _url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
