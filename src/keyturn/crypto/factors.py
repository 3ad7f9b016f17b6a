"""Codes of authenticator apps: six digits that change every 30 seconds (RFC 6238), their secrets sealed."""

import base64
import hmac
import re
import secrets
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from keyturn.core.ports import Sealer
from keyturn.core.secret import Secret

OCTETS: Final = 20
"""RFC 4226, section 4: 160 bits."""

DIGITS: Final = 6
STEP: Final = 30
DRIFT: Final = (0, -1, 1)
"""Steps beside the present one that a code may be of: clocks differ, and people type slowly (RFC 6238, section 5.2)."""

_CODE: Final = re.compile(rf"[0-9]{{{DIGITS}}}")


class TotpCodes:
    """The core's Codes.  sealer: of the keys for factors."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def new(self) -> Secret:
        """A new secret in base32."""
        return Secret(base64.b32encode(secrets.token_bytes(OCTETS)).decode("ascii"))

    def uri(self, secret: Secret, account: str, issuer: str) -> Secret:
        """The address that apps read from a picture."""
        return Secret(_of(base64.b32decode(secret.reveal())).get_provisioning_uri(account, issuer))

    def seal(self, secret: Secret, factor: str) -> bytes:
        """The secret as it is kept, bound to its factor."""
        return self._sealer.seal(base64.b32decode(secret.reveal()), factor)

    def step(self, sealed: bytes, factor: str, code: Secret, now: datetime) -> int | None:
        """Which step of time the code is of; every one that it may be of is compared."""
        given = code.reveal().replace(" ", "")
        if not _CODE.fullmatch(given):
            return None
        app, present = _of(self._sealer.open(sealed, factor)), int(now.timestamp()) // STEP
        steps = [present + drift for drift in DRIFT]
        right = [hmac.compare_digest(app.generate(step * STEP), given.encode("ascii")) for step in steps]
        return next((step for step, fits in zip(steps, right, strict=True) if fits), None)


def _of(secret: bytes) -> TOTP:
    # SHA-1 is what every app takes; within HMAC nothing is known against it.
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303  # as above
