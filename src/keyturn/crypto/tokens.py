"""Access tokens: JWT signed with HMAC-SHA-256, and nothing else.

One algorithm, keys from the key folder only, at most an hour of life.  HMAC because the server that reads a token is
the one that wrote it, and every request reads one: it is several times faster than a signature.  PyJWT writes them;
reading is done here, because one comparison with the header that we write is stricter than parsing it, and a tenth of
the time.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from keyturn.core.ports import Claims
from keyturn.core.secret import Secret
from keyturn.crypto.framing import Mac, keyed
from keyturn.crypto.keyfolder import FolderKey, KeyFolder, Label

ALGORITHM: Final = "HS256"
LONGEST_LIFE: Final = timedelta(hours=1)
"""RFC 6750 section 5.3: an hour or less."""

_LARGEST: Final = 2048
_LEEWAY: Final = timedelta(seconds=30)
_TEXTS: Final = frozenset({"iss", "aud", "sub", "uniqueSecurityName", "jti"})
_NUMBERS: Final = frozenset({"iat", "nbf", "exp", "tid"})


class FolderTokens:
    """The core's Tokens over the token keys of a key folder."""

    def __init__(self, folder: KeyFolder, *, issuer: str = "keyturn", audience: str = "keyturn") -> None:
        self._folder = folder
        self._heads: dict[str, str] = {}
        self._macs: dict[str, Mac] = {}
        self._issuer = issuer
        self._audience = audience

    def issue(self, claims: Claims) -> Secret:
        """The signed token.  Its life is cut to an hour; times are kept in whole seconds."""
        issued = int(claims.issued.timestamp())
        expires = min(int(claims.expires.timestamp()), issued + int(LONGEST_LIFE.total_seconds()))
        payload = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": claims.subject,
            # Clients of IBM Maximo Application Suite read the account from this claim; equal to `sub` in its sample
            # token ("Authenticating with API keys", ibm.com/docs, read 2026-11).  Harmless to everybody else.
            "uniqueSecurityName": claims.subject,
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "jti": claims.session,
            "tid": claims.tenant,
        }
        key = self._folder.active(Label.TOKEN)
        return Secret(jwt.encode(payload, key.material, ALGORITHM, headers={"kid": key.id}))

    def read(self, token: Secret, now: datetime) -> Claims | None:
        """The claims of a token that we signed and that has not expired; None for everything else."""
        text = token.reveal()
        if len(text) > _LARGEST or not text.isascii():
            return None
        signed, _, signature = text.rpartition(".")
        head, _, body = signed.partition(".")
        # The header is never parsed: it must be, byte for byte, one that we write.  So no algorithm can be chosen.
        mac = self._macs.get(head) or self._learned(head)
        if mac is None or not hmac.compare_digest(_url_safe(mac(signed.encode("ascii"))), signature):
            return None
        return self._claims(json.loads(base64.urlsafe_b64decode(body + "==")), now)

    def _learned(self, head: str) -> Mac | None:
        """The key of a header that was not met before: of another server, which may have a newer key than we knew."""
        for key in self._folder.every(Label.TOKEN):
            if key.id not in self._heads:
                self._heads[key.id] = self._head(key)
                self._macs[self._heads[key.id]] = keyed(key.material)
        return self._macs.get(head)

    def _head(self, key: FolderKey) -> str:
        return jwt.encode({}, key.material, ALGORITHM, headers={"kid": key.id}).partition(".")[0]

    def _claims(self, payload: Mapping[str, Any], now: datetime) -> Claims | None:
        if payload.get("iss") != self._issuer or payload.get("aud") != self._audience or not _well_formed(payload):
            return None
        issued, expires, moment = payload["iat"], payload["exp"], now.timestamp()
        if not issued < expires <= issued + LONGEST_LIFE.total_seconds():
            return None
        if not issued - _LEEWAY.total_seconds() <= moment < expires:
            return None
        return Claims(
            session=payload["jti"],
            subject=payload["sub"],
            tenant=payload["tid"],
            issued=datetime.fromtimestamp(issued, UTC),
            expires=datetime.fromtimestamp(expires, UTC),
        )


def _well_formed(payload: Mapping[str, Any]) -> bool:
    """Whether exactly the claims that we write are there, each of its kind."""
    texts = {name for name, value in payload.items() if type(value) is str}
    numbers = {name for name, value in payload.items() if type(value) is int}
    if texts != _TEXTS or numbers != _NUMBERS or len(payload) != len(_TEXTS) + len(_NUMBERS):
        return False
    return bool(payload["uniqueSecurityName"] == payload["sub"] and payload["nbf"] == payload["iat"])


def _url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
