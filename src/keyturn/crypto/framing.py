"""One unmistakable byte form for the parts that a key is applied to."""

import hmac
from collections.abc import Callable
from typing import TypeAlias

Mac: TypeAlias = Callable[[bytes], bytes]


def framed(*parts: str) -> bytes:
    """The parts, each after its length in bytes, so that no two lists of parts make the same message."""
    pieces = []
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        pieces.append(len(encoded).to_bytes(4, "big") + encoded)
    return b"".join(pieces)


def keyed(key: bytes) -> Mac:
    """HMAC-SHA-256 under this key; the work that depends on the key alone is done once."""
    start = hmac.new(key, digestmod="sha256")

    def mac(message: bytes) -> bytes:
        this = start.copy()
        this.update(message)
        return this.digest()

    return mac
