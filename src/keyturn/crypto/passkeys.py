"""Passkeys (WebAuthn level 3, W3C): what a browser is asked, and whether what it answers was signed."""

import json
from collections.abc import Sequence
from typing import Final

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from keyturn.core.factors import Answer, Asking, Factor, NewPasskey, Site

_WISHES: Final = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
)
_UNREADABLE: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)
"""What the library raises for an answer that is not what it should be; a stranger may send anything."""


class WebauthnPasskeys:
    """The core's Passkeys.  No attestation is asked for: which maker a passkey is of is nobody's business here."""

    def to_make(self, site: Site, uid: str, login: str, known: Sequence[str]) -> Asking:
        """What a browser needs to make one."""
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="keyturn",
            user_id=uid.encode(),
            user_name=login,
            exclude_credentials=_named(known),
            authenticator_selection=_WISHES,
        )
        return Asking(json.loads(webauthn.options_to_json(options)), options.challenge)

    def made(self, site: Site, challenge: bytes, answer: Answer) -> NewPasskey | None:
        """The passkey that was made."""
        try:
            done = webauthn.verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
            )
        except _UNREADABLE:
            return None
        return NewPasskey(bytes_to_base64url(done.credential_id), done.credential_public_key, done.sign_count)

    def to_show(self, site: Site, known: Sequence[str]) -> Asking:
        """What a browser needs to show one of these."""
        options = webauthn.generate_authentication_options(rp_id=site.host, allow_credentials=_named(known))
        return Asking(json.loads(webauthn.options_to_json(options)), options.challenge)

    def shown(self, site: Site, challenge: bytes, answer: Answer, factor: Factor) -> int | None:
        """The new count of signatures of a passkey."""
        try:
            done = webauthn.verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=factor.material,
                credential_current_sign_count=factor.counter,
            )
        except _UNREADABLE:
            return None
        return done.new_sign_count


def _named(known: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(reference)) for reference in known]
