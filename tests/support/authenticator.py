"""What a person has beside the password, for tests: an authenticator app, and a passkey in software."""

import base64
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
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


@dataclass
class Passkey:
    """An authenticator that keeps one passkey (ES256, attestation `none`) and does as the browser at `origin` says.

    counts: whether its signatures are counted, as those of sticks are; those of phones stay at 0.
    """

    origin: str
    counts: bool = True
    signatures: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))

    def make(self, options: Mapping[str, Any], *, host: str = "") -> dict[str, object]:
        """What a browser answers to the options for making one.  host: signs for this one, as no browser would."""
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        data = self._data(host or options["rp"]["id"], 0x45, attested)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", options)
        return self._answer({"clientDataJSON": _plain(said), "attestationObject": _plain(attestation)})

    def show(self, options: Mapping[str, Any], *, host: str = "") -> dict[str, object]:
        """What a browser answers to the options for showing one."""
        self.signatures += self.counts
        data = self._data(host or options["rpId"], 0x05)
        said = self._said("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": _plain(said), "authenticatorData": _plain(data), "signature": _plain(signed)}
        )

    def _data(self, host: str, flags: int, more: bytes = b"") -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.signatures) + more

    def _said(self, kind: str, options: Mapping[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: Mapping[str, str]) -> dict[str, object]:
        name = _plain(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": dict(response)}


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
