"""Access tokens: ours are read, everything else is not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from keyturn.core.ports import Claims
from keyturn.core.secret import Secret
from keyturn.crypto.keyfolder import KeyFolder, Label, add_key, create_key_folder
from keyturn.crypto.tokens import FolderTokens

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CLAIMS = Claims("session-1", "uid-1", 3, NOW, NOW + timedelta(minutes=30))


def test_a_token_is_read_back_as_it_was_issued(folder: KeyFolder) -> None:
    tokens = FolderTokens(folder)
    assert tokens.read(tokens.issue(CLAIMS), NOW) == CLAIMS


def test_any_jwt_library_reads_what_a_client_needs(folder: KeyFolder) -> None:
    token = FolderTokens(folder, issuer="here", audience="there").issue(CLAIMS).reveal()
    key = folder.active(Label.TOKEN)
    payload = jwt.decode(token, key.material, ["HS256"], audience="there", issuer="here", options={"verify_exp": False})
    assert payload["sub"] == payload["uniqueSecurityName"] == "uid-1"
    assert payload["exp"] - payload["iat"] == 1800
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": key.id}


@pytest.mark.proves("TK-3")
def test_a_token_lives_an_hour_at_most(folder: KeyFolder) -> None:
    tokens = FolderTokens(folder)
    token = tokens.issue(Claims("s", "u", 1, NOW, NOW + timedelta(days=1)))
    claims = tokens.read(token, NOW)
    assert claims is not None
    assert claims.expires == NOW + timedelta(hours=1)


@pytest.mark.proves("TK-1", "V9.2.1")
def test_a_token_dies_on_the_second_and_is_not_read_before_its_time(folder: KeyFolder) -> None:
    tokens = FolderTokens(folder)
    token = tokens.issue(CLAIMS)
    assert tokens.read(token, CLAIMS.expires - timedelta(microseconds=1))
    assert tokens.read(token, CLAIMS.expires) is None
    assert tokens.read(token, NOW - timedelta(seconds=30))
    assert tokens.read(token, NOW - timedelta(seconds=31)) is None


def test_a_new_key_signs_and_the_old_one_is_still_read(folder: KeyFolder) -> None:
    one = FolderTokens(folder)
    old = one.issue(CLAIMS)
    another = FolderTokens(add_key(folder.path, Label.TOKEN))
    assert another.read(old, NOW) == CLAIMS
    assert one.read(another.issue(CLAIMS), NOW) == CLAIMS  # a server that runs learns of the key that it meets
    assert jwt.get_unverified_header(one.issue(CLAIMS).reveal())["kid"] == folder.active(Label.TOKEN).id


@pytest.mark.proves("TK-1", "V9.2.3")
def test_a_token_of_another_issuer_or_audience_is_not_ours(folder: KeyFolder) -> None:
    token = FolderTokens(folder).issue(CLAIMS)
    assert FolderTokens(folder, issuer="other").read(token, NOW) is None
    assert FolderTokens(folder, audience="other").read(token, NOW) is None


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _made(header: object, payload: object, key: bytes, digest: str = "sha256") -> str:
    """A token of any header and payload (bytes as they are), signed with any key."""
    parts = [_b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, payload)]
    signed = ".".join(parts)
    return f"{signed}.{_b64(hmac.digest(key, signed.encode(), digest))}"


def _payload(**changes: Any) -> dict[str, Any]:
    start = int(NOW.timestamp())
    payload = {
        "iss": "keyturn", "aud": "keyturn", "sub": "uid-1", "uniqueSecurityName": "uid-1",
        "iat": start, "nbf": start, "exp": start + 1800, "jti": "session-1", "tid": 3,
    }  # fmt: skip
    payload.update(changes)
    return {name: value for name, value in payload.items() if value is not ...}


def _with_our_key(head: str, payload: object, key: bytes) -> str:
    """What only a thief of the key, or a fault of ours, could make: our own header over another payload."""
    signed = f"{head}.{_b64(json.dumps(payload).encode())}"
    return f"{signed}.{_b64(hmac.digest(key, signed.encode(), 'sha256'))}"


def _altered(good: str) -> Iterator[str]:
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    doubled = json.dumps(claims)[:-1] + ', "sub": "admin"}'
    yield from ("", ".", "..", "...", head, f"{head}.{body}", f"{head}.{body}.", f".{body}.{signature}")
    yield from (
        f"{head}..{signature}",
        good[:-1],
        good[1:],
        good + "=",
        good + ".",
        good + "A",
        f" {good}",
        good + "\n",
    )
    yield from (f"{head}.{body}.{signature}.x", good.replace(".", ","), good.upper(), good + "\u00e4", "A" * 3000)
    yield from (
        f"{head}.{_b64(doubled.encode())}.{signature}",
        f"{head}.{body}=.{signature}",
        f"{body}.{head}.{signature}",
    )
    yield f"{head}.{_b64(json.dumps({**claims, 'sub': 'admin'}).encode())}.{signature}"
    yield f"{head}.{_b64(json.dumps({**claims, 'exp': claims['exp'] + 99999}).encode())}.{signature}"
    last = "A" if signature[-1] != "A" else "B"
    yield f"{head}.{body}.{signature[:-1]}{last}"


def _signed_otherwise(folder: KeyFolder, other: KeyFolder, public: bytes) -> Iterator[str]:
    key, stranger = folder.active(Label.TOKEN), other.active(Label.TOKEN)
    ours = {"alg": "HS256", "typ": "JWT", "kid": key.id}
    for alg in ("none", "None", "NONE", "", "HS512", "hs256", "RS256", "ES256", "EdDSA", None, ["HS256"]):
        yield _made({**ours, "alg": alg}, _payload(), key.material)
        yield _made({**ours, "alg": alg}, _payload(), b"").rpartition(".")[0] + "."
    yield _made(ours, _payload(), stranger.material)
    yield _made(ours, _payload(), b"")
    yield _made(ours, _payload(), public)
    yield _made({**ours, "alg": "HS512"}, _payload(), key.material, "sha512")
    yield _made({**ours, "kid": stranger.id}, _payload(), key.material)
    yield _made({**ours, "kid": stranger.id}, _payload(), stranger.material)
    yield _made({**ours, "kid": "../../../dev/null"}, _payload(), b"")
    yield _made({"alg": "HS256", "typ": "JWT"}, _payload(), key.material)
    yield _made({**ours, "jwk": {"kty": "oct", "k": _b64(b"x" * 32)}}, _payload(), b"x" * 32)
    yield _made({**ours, "jku": "http://127.0.0.1/keys"}, _payload(), key.material)
    yield _made({**ours, "crit": ["b64"], "b64": False}, _payload(), key.material)
    yield _made(b"not json", _payload(), key.material)
    yield _made(b"[" * 5000, _payload(), key.material)
    yield f"{_b64(json.dumps(ours).encode())}.{_b64(b'x')}.{_b64(hashlib.sha256(b'x').digest())}"


def _wrong_claims() -> Iterator[dict[str, Any]]:
    start = int(NOW.timestamp())
    for name in _payload():
        yield _payload(**{name: ...})
    yield _payload(admin=True)
    yield _payload(exp=start + 3601)
    yield _payload(exp=start)
    yield _payload(exp=str(start + 1800))
    yield _payload(exp=start + 1800.0)
    yield _payload(exp=True)
    yield _payload(nbf=start - 1)
    yield _payload(iat=start + 60, nbf=start + 60)
    yield _payload(iss="other")
    yield _payload(aud=["keyturn"])
    yield _payload(aud="keyturn2")
    yield _payload(sub=None)
    yield _payload(sub=7)
    yield _payload(uniqueSecurityName="admin")
    yield _payload(tid="3")
    yield _payload(jti=["session-1"])


@pytest.mark.proves("TK-1", "V9.1.1", "V9.1.2", "V9.1.3")
def test_no_forged_token_is_accepted(folder: KeyFolder, tmp_path: Path) -> None:
    """More than a hundred: altered, unsigned, signed by others or otherwise, with wrong, missing or added claims."""
    tokens, other = FolderTokens(folder), create_key_folder(tmp_path / "other")
    good, key = tokens.issue(CLAIMS).reveal(), folder.active(Label.TOKEN)
    head = good.partition(".")[0]
    assert tokens.read(Secret(_with_our_key(head, _payload(), key.material)), NOW) == CLAIMS
    public = folder.public[folder.active(Label.AUDIT).id]
    forged = [*_altered(good), *_signed_otherwise(folder, other, public)]
    forged += [_with_our_key(head, claims, key.material) for claims in _wrong_claims()]
    assert len(forged) > 80
    assert [token for token in forged if tokens.read(Secret(token), NOW) is not None] == []
