"""Reads password hashes that other systems made, and makes them again from a candidate.

What is read is taken apart: the *method* says what one comparison costs and nothing else, the salt is the row's own,
the digest is what a right password gives again.  docs/how-to/import-password-hashes.md lists the texts that are read.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from re import Match
from typing import Final, TypeAlias

import bcrypt
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2i, Argon2id
from passlib.hash import sha256_crypt, sha512_crypt  # type: ignore[import-untyped]  # libpass ships no annotations

LONGEST: Final = 512
"""No hash of a kind that is read here is longer."""

LONGEST_METHOD: Final = 40
KNOWN: Final = "argon2, bcrypt, PBKDF2, scrypt, SSHA, SHA-crypt"

_BCRYPT_READS: Final = 72
"""Bytes of a password that bcrypt looks at; whatever hashed it ignored the rest."""

_BCRYPT_SYMBOLS: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CRYPT_READS: Final = 256
"""SHA-crypt costs by the length of the password in every round; what is longer than this never matches."""

_HASHES: Final = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
_ARGON2: Final[Mapping[str, type[Argon2d | Argon2i | Argon2id]]] = {"d": Argon2d, "i": Argon2i, "id": Argon2id}
_CRYPTS: Final = {"sha256": sha256_crypt, "sha512": sha512_crypt}


class NotImportable(ValueError):
    """Why a text cannot be imported; never with a part of it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A hash taken apart.  method: as `bcrypt-2b:12`, all that says how long a comparison takes."""

    method: str
    salt: bytes
    digest: bytes


_Made: TypeAlias = tuple[str, bytes, bytes]


def read_hash(text: str) -> Imported:
    """Take a hash apart.  Raises NotImportable for what is not known, not well formed or would take too long."""
    if len(text) > LONGEST:
        raise NotImportable(f"it is longer than {LONGEST} characters")
    for form, make in _FORMS.items():
        if found := re.fullmatch(form, text):
            method, salt, digest = make(found)
            if not 1 <= len(salt) <= 64:
                raise NotImportable(f"its salt has {len(salt)} bytes, and may have 1 to 64")
            return Imported(method, salt, digest)
    raise NotImportable(f"it is of no kind that is known here: {KNOWN}")


def digest_of(method: str, salt: bytes, password: str) -> bytes:
    """What a password gives under a method and a salt: the digest of the hash when it is the right one."""
    name, _, cost = method.partition(":")
    family, _, variant = name.partition("-")
    clear = password.encode("utf-8", "surrogatepass")
    return _METHODS[family](variant, [int(number) for number in cost.split(",")], salt, clear)


# What each text is made of.


def _argon2(found: Match[str]) -> _Made:
    memory = _within("memory", found["m"], 8, 262_144)
    passes = _within("number of passes", found["t"], 1, 64)
    lanes = _within("parallelism", found["p"], 1, 16)
    _within("memory times passes", str(memory * passes), 8, 1_048_576)
    salt, digest = _base64(found["salt"]), _base64(found["digest"])
    _within("length", str(len(digest)), 12, 64)
    if len(salt) < 8 or memory < 8 * lanes:
        raise NotImportable("its salt is too short, or its memory too small")
    return f"argon2-{found['kind']}:{memory},{passes},{lanes},{len(digest)}", salt, digest


def _bcrypt(found: Match[str]) -> _Made:
    cost = _within("cost", found["cost"], 4, 14)
    before = "sha256_" if found["before"] else ""
    # 22 and 31 symbols hold a few bits more than 16 and 23 bytes; some systems leave something in them.
    salt, digest = _ended(found["salt"], 4), _ended(found["digest"], 2)
    return f"bcrypt-{before}{found['kind']}:{cost}", salt.encode(), digest.encode()


def _ended(text: str, unused: int) -> str:
    """The text with the bits that its last symbol has too many set to none."""
    return text[:-1] + _BCRYPT_SYMBOLS[_BCRYPT_SYMBOLS.index(text[-1]) >> unused << unused]


def _pbkdf2(found: Match[str]) -> _Made:
    hash_name, rounds = found["hash"] or "sha1", _within("number of rounds", found["rounds"], 1, 2_000_000)
    # Django's salt is the text itself, passlib's is written in a base64 of its own.
    plain = not found[0].startswith("$")
    salt = found["salt"].encode() if plain else _base64(found["salt"].replace(".", "+"))
    digest = _base64(found["digest"].replace(".", "+"))
    if len(digest) != _HASHES[hash_name]:
        raise NotImportable("its length is not that of its hash")
    return f"pbkdf2-{hash_name}:{rounds}", salt, digest


def _scrypt(found: Match[str]) -> _Made:
    plain = not found[0].startswith("$")
    size = int(found["n"])
    if plain and size & (size - 1):
        raise NotImportable("its N is no power of two")
    power = _within("N as a power of two", str(size.bit_length() - 1 if plain else size), 1, 18)
    block, lanes = _within("r", found["r"], 1, 16), _within("p", found["p"], 1, 16)
    _within("memory times parallelism", str((block << power) * lanes), 1, 1 << 21)
    salt = found["salt"].encode() if plain else _base64(found["salt"])
    digest = _base64(found["digest"])
    _within("length", str(len(digest)), 16, 64)
    return f"scrypt:{power},{block},{lanes},{len(digest)}", salt, digest


def _salted_sha(found: Match[str]) -> _Made:
    hash_name = f"sha{found['bits'] or 1}"
    together, size = _base64(found["both"]), _HASHES[hash_name]
    return f"ssha-{hash_name}:1", together[size:], together[:size]


def _sha_crypt(found: Match[str]) -> _Made:
    rounds = _within("number of rounds", found["rounds"] or "5000", 1000, 1_000_000)
    hash_name = "sha256" if found["kind"] == "5" else "sha512"
    return f"crypt-{hash_name}:{rounds}", found["salt"].encode(), found["digest"].encode()


def _within(what: str, written: str, least: int, most: int) -> int:
    number = int(written)
    if least <= number <= most:
        return number
    raise NotImportable(f"its {what} is {number}, and may be {least} to {most}")


def _base64(text: str) -> bytes:
    try:
        bare = text.rstrip("=")
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise NotImportable("a part of it is no base64") from None


_NUMBER: Final = r"\d{1,9}"
_B64: Final = r"[A-Za-z0-9+/]+"
_AB64: Final = r"[A-Za-z0-9./]+"
_FORMS: Final[Mapping[str, Callable[[Match[str]], _Made]]] = {
    rf"\$argon2(?P<kind>id|i|d)\$v=19\$m=(?P<m>{_NUMBER}),t=(?P<t>{_NUMBER}),p=(?P<p>{_NUMBER})"
    rf"\$(?P<salt>{_B64})\$(?P<digest>{_B64})": _argon2,
    r"(?:bcrypt\$|(?P<before>bcrypt_sha256\$))?\$(?P<kind>2[aby])\$(?P<cost>\d\d)"
    r"\$(?P<salt>[A-Za-z0-9./]{22})(?P<digest>[A-Za-z0-9./]{31})": _bcrypt,
    rf"\$pbkdf2(?:-(?P<hash>sha256|sha512))?\$(?P<rounds>{_NUMBER})\$(?P<salt>{_AB64})"
    rf"\$(?P<digest>{_AB64})": _pbkdf2,
    rf"pbkdf2_(?P<hash>sha1|sha256)\$(?P<rounds>{_NUMBER})\$(?P<salt>[^$]+)\$(?P<digest>{_B64}=*)": _pbkdf2,
    rf"\$scrypt\$ln=(?P<n>{_NUMBER}),r=(?P<r>{_NUMBER}),p=(?P<p>{_NUMBER})\$(?P<salt>{_B64})"
    rf"\$(?P<digest>{_B64})": _scrypt,
    rf"scrypt\$(?P<salt>[^$]+)\$(?P<n>{_NUMBER})\$(?P<r>{_NUMBER})\$(?P<p>{_NUMBER})\$(?P<digest>{_B64}=*)": _scrypt,
    rf"\{{SSHA(?P<bits>256|384|512)?\}}(?P<both>{_B64}=*)": _salted_sha,
    rf"\$(?P<kind>[56])\$(?:rounds=(?P<rounds>{_NUMBER})\$)?(?P<salt>[A-Za-z0-9./]{{1,16}})"
    r"\$(?P<digest>[A-Za-z0-9./]{43}|[A-Za-z0-9./]{86})": _sha_crypt,
}


# How each is made again.


def _again_argon2(variant: str, cost: list[int], salt: bytes, clear: bytes) -> bytes:
    memory, passes, lanes, length = cost
    made = _ARGON2[variant](salt=salt, length=length, iterations=passes, lanes=lanes, memory_cost=memory)
    return made.derive(clear)


def _again_bcrypt(variant: str, cost: list[int], salt: bytes, clear: bytes) -> bytes:
    before, _, kind = variant.rpartition("_")
    wanted = hashlib.sha256(clear).hexdigest().encode() if before else clear[:_BCRYPT_READS]
    return bcrypt.hashpw(wanted, f"${kind}${cost[0]:02}$".encode() + salt)[-31:]


def _again_pbkdf2(variant: str, cost: list[int], salt: bytes, clear: bytes) -> bytes:
    return hashlib.pbkdf2_hmac(variant, clear, salt, cost[0])


def _again_scrypt(_: str, cost: list[int], salt: bytes, clear: bytes) -> bytes:
    power, block, lanes, length = cost
    room = 256 * (block << power) + (1 << 20)
    return hashlib.scrypt(clear, salt=salt, n=1 << power, r=block, p=lanes, maxmem=room, dklen=length)


def _again_salted_sha(variant: str, _: list[int], salt: bytes, clear: bytes) -> bytes:
    return hashlib.new(variant, clear + salt).digest()


def _again_sha_crypt(variant: str, cost: list[int], salt: bytes, clear: bytes) -> bytes:
    made = _CRYPTS[variant].using(salt=salt.decode("ascii"), rounds=cost[0]).hash(clear[:_CRYPT_READS])
    digest: bytes = made.rpartition("$")[2].encode()
    return digest if len(clear) <= _CRYPT_READS else b""


_METHODS: Final[Mapping[str, Callable[[str, list[int], bytes, bytes], bytes]]] = {
    "argon2": _again_argon2,
    "bcrypt": _again_bcrypt,
    "pbkdf2": _again_pbkdf2,
    "scrypt": _again_scrypt,
    "ssha": _again_salted_sha,
    "crypt": _again_sha_crypt,
}
