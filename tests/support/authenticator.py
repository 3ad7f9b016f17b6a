"""What a person has beside the password, for tests: an authenticator app."""

import base64
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from keyturn.core.secret import Secret


@dataclass(frozen=True)
class App:
    """An authenticator app that was shown a secret."""

    secret: Secret

    def code(self, at: datetime) -> Secret:
        """What it shows at a moment."""
        key = base64.b32decode(self.secret.reveal())
        made = TOTP(key, 6, SHA1(), 30).generate(int(at.timestamp()))  # what apps do
        return Secret(made.decode("ascii"))
