"""The calls of our own API about second factors and keys of one's own, as clients see them."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.outcomes import Reason
from keyturn.http.described import (
    COUNT,
    FLAG,
    NAME,
    SECRET,
    TEXT,
    TIME,
    Answer,
    Body,
    Call,
    Schema,
    many,
    maybe,
    members,
    one_of,
    shape,
)

_ROOT: Final = "/keyturn/v1"
_NOTHING: Final = Answer("Done; there is no body.")
_UNFIT: Final = {409: "It fits nothing that was proposed, or there are too many factors, or none."}
_SHORT: Final = {403: "The session is short of something, or older than ten minutes."}
_SESSION: Final[Mapping[str, object]] = {
    "token": "eyJhbGciOi...",
    "must_change": False,
    "second_factor": [],
    "must_enrol": False,
}
_KEY: Final[Mapping[str, object]] = {"id": "a-default-abcdefghij", "kind": "keyturn", "rights": [], "active": True}

SHAPES: Final[Mapping[str, Schema]] = {
    "Session": members(
        {
            "token": SECRET,
            "must_change": FLAG,
            "second_factor": many(one_of("totp", "passkey", "recovery")),
            "must_enrol": FLAG,
            "recovery_codes": many(SECRET),
        },
        "token",
        "must_change",
        "second_factor",
        "must_enrol",
    ),
    "Passkey": {"type": "object", "description": "`PublicKeyCredential.toJSON()` of the browser"},
    "Options": members({"publicKey": {"type": "object"}}, "publicKey"),
    "Shown": {
        "oneOf": [
            members({"code": SECRET}, "code", closed=True),
            members({"passkey": shape("Passkey")}, "passkey", closed=True),
        ]
    },
    "NewPasskey": members({"passkey": shape("Passkey"), "name": TEXT}, "passkey", closed=True),
    "Code": members({"code": SECRET}, "code", closed=True),
    "Factor": members(
        {"id": TEXT, "kind": one_of("totp", "passkey"), "name": TEXT, "added": TIME, "used": maybe(TIME)},
        "id",
        "kind",
        "name",
        "added",
    ),
    "Factors": members({"factors": many(shape("Factor")), "recovery_codes_left": COUNT}, "factors"),
    "NewApp": members({"id": TEXT, "secret": SECRET, "uri": SECRET}, "id", "secret", "uri"),
    "OwnKey": members({"kind": NAME, "description": TEXT}, "kind", closed=True),
}

_CHANGED: Final = Answer(
    "Done.  All sessions ended; this is a new one.  With the first factor come recovery codes, shown this once.",
    shape("Session"),
    {**_SESSION, "recovery_codes": ["K7Q2M-8NX4-TZ9P-3VWB-6RHD-5JCEG"]},
)

_OPTIONS: Final = Answer("Options for the browser; good once, for ten minutes.", shape("Options"),
                         {"publicKey": {"challenge": "...", "rpId": "id.example.com"}})  # fmt: skip

PERSONAL: Final = (
    Call("POST", _ROOT + "/sessions/current/second-factor", "Show the second factor",
         {201: Answer("A token that can do everything; the session before has ended.", shape("Session"), _SESSION)},
         body=Body(shape("Shown"), {"code": "123456"}), also=_SHORT, refuses=frozenset({Reason.NOT_SIGNED_IN})),
    Call("POST", _ROOT + "/sessions/current/second-factor/challenge", "Ask for what a passkey must sign",
         {200: _OPTIONS}, also=_SHORT, refuses=frozenset({Reason.NOT_SIGNED_IN})),
    Call("GET", _ROOT + "/me/factors", "List one's own second factors",
         {200: Answer("Factors, and how many recovery codes are left.", shape("Factors"),
                      {"factors": [], "recovery_codes_left": 0})}, needs=("factor.read",)),
    Call("POST", _ROOT + "/me/factors/totp", "Propose an authenticator app",
         {201: Answer("Its secret, for this once; it works after a code was confirmed.", shape("NewApp"),
                      {"id": "5f0c...", "secret": "JBSWY3DP...", "uri": "otpauth://totp/..."})},
         needs=("factor.change",), also=_UNFIT, body=Body(members({"name": TEXT}, closed=True), {"name": "my phone"})),
    Call("POST", _ROOT + "/me/factors/totp/confirm", "Confirm the proposed app with a code of it", {201: _CHANGED},
         needs=("factor.change",), also=_UNFIT, body=Body(shape("Code"), {"code": "123456"})),
    Call("POST", _ROOT + "/me/factors/passkeys/options", "Ask for what a browser needs to make a passkey",
         {200: _OPTIONS}, needs=("factor.change",), refuses=frozenset({Reason.UNSUPPORTED})),
    Call("POST", _ROOT + "/me/factors/passkeys", "Add the passkey that the browser made", {201: _CHANGED},
         needs=("factor.change",), also=_UNFIT,
         body=Body(shape("NewPasskey"), {"passkey": {"id": "..."}, "name": "laptop"})),
    Call("POST", _ROOT + "/me/factors/recovery", "Make new recovery codes",
         {201: Answer("Ten codes, for this once; those before are dead.",
                      members({"recovery_codes": many(SECRET)}, "recovery_codes"),
                      {"recovery_codes": ["K7Q2M-8NX4-TZ9P-3VWB-6RHD-5JCEG"]})}, needs=("factor.change",), also=_UNFIT),
    Call("DELETE", _ROOT + "/me/factors/{id}", "Remove one of one's own factors", {201: _CHANGED},
         needs=("factor.change",)),
    Call("DELETE", _ROOT + "/users/{id}/factors", "Remove all second factors of a user who lost them",
         {204: _NOTHING}, needs=("factor.remove",)),
    Call("GET", _ROOT + "/me/keys", "List one's own keys",
         {200: Answer("Keys.", members({"keys": many(shape("Key"))}, "keys"), {"keys": [_KEY]})}, needs=("key.own",)),
    Call("POST", _ROOT + "/me/keys", "Make a key of one's own for a door",
         {201: Answer("The key with its token, for this once.", shape("Key"), {**_KEY, "token": "Zk3vQx..."})},
         needs=("key.own",), body=Body(shape("OwnKey"), {"kind": "keyturn"}), refuses=frozenset({Reason.INVALID})),
    Call("DELETE", _ROOT + "/me/keys/{id}", "Revoke a key of one's own", {204: _NOTHING}, needs=("key.own",)),
)  # fmt: skip
