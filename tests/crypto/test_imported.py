"""Hashes that other systems made: read as they stand in dumps, checked, and kept so that they help a thief no more."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator

import bcrypt
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d
from hypothesis import given
from hypothesis import strategies as st
from passlib.hash import (  # type: ignore[import-untyped]  # libpass ships no annotations
    ldap_salted_sha1,
    ldap_salted_sha256,
    ldap_salted_sha512,
    pbkdf2_sha1,
    pbkdf2_sha256,
    pbkdf2_sha512,
)

from keyturn.core.credentials import Verifier
from keyturn.core.errors import KeyFolderError
from keyturn.core.secret import Secret
from keyturn.crypto.hashing import FLOOR, FolderHasher
from keyturn.crypto.imported import LONGEST_METHOD, NotImportable, digest_of, read_hash
from keyturn.crypto.keyfolder import KeyFolder, Label, add_key, create_key_folder

VECTORS = [
    # openssl passwd -5 / -6 -salt saltstring, as glibc has it
    ("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"),
    (
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "Hello world!",
    ),
    # the test vectors of crypt_blowfish 1.3
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    # the reference implementation of Argon2, test.c
    ("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"),
    ("$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"),
    # the documentation of passlib 1.7
    ("$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "password"),
    # the tests of Django 1.8, 1.11 and 4.0
    ("pbkdf2_sha256$10000$seasalt$FQCNpiZpTb0zub+HBsH6TOwyRxJ19FwvjbweatNmK/Y=", "letmein"),
    ("pbkdf2_sha256$100000$seasalt$BNZ6eyaNc8qFTJPjrAq99hSYb73EgAdytAtdBg2Sdcc=", "lètmein"),
    (
        "scrypt$seasalt$16384$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/"
        "Pw==",
        "lètmein",
    ),
]
"""Printed by others, with the right password."""

WORD = "a quiet harbour at dawn"


def bare(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()


def argon2d() -> str:
    salt = secrets.token_bytes(16)
    digest = Argon2d(salt=salt, length=32, iterations=1, lanes=2, memory_cost=64).derive(WORD.encode())
    return f"$argon2d$v=19$m=64,t=1,p=2${bare(salt)}${bare(digest)}"


def bcrypt_of(prefix: bytes, word: bytes = WORD.encode()) -> str:
    return bcrypt.hashpw(word, bcrypt.gensalt(4)).replace(b"$2b$", prefix).decode()


MADE = [
    argon2d(),
    *(bcrypt_of(prefix) for prefix in (b"$2a$", b"$2b$", b"$2y$", b"bcrypt$$2b$")),
    bcrypt_of(b"bcrypt_sha256$$2b$", hashlib.sha256(WORD.encode()).hexdigest().encode()),
    *(kind.using(rounds=1000).hash(WORD) for kind in (pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512)),
    *(kind.hash(WORD) for kind in (ldap_salted_sha1, ldap_salted_sha256, ldap_salted_sha512)),
    "{SSHA384}" + base64.b64encode(hashlib.sha384(WORD.encode() + b"salt").digest() + b"salt").decode(),
    "pbkdf2_sha1$1000$salt$" + base64.b64encode(hashlib.pbkdf2_hmac("sha1", WORD.encode(), b"salt", 1000)).decode(),
]
"""Made here with the libraries that other systems use."""


@pytest.fixture
def hasher(folder: KeyFolder) -> Iterator[FolderHasher]:
    hasher = FolderHasher.cheap_for_tests(folder)
    yield hasher
    hasher.close()


KNOWN = [*VECTORS, *((text, WORD) for text in MADE)]


# Named by number: what is made here is another text in each process, and processes share the tests out by their names.
@pytest.mark.parametrize(("text", "password"), KNOWN, ids=range(len(KNOWN)))
def test_a_hash_of_another_system_opens_with_its_password_alone(hasher: FolderHasher, text: str, password: str) -> None:
    assert hasher.fault_of(Secret(text)) == ""
    [verifier] = hasher.adopt([Secret(text)])
    check = hasher.check(Secret(password), verifier)
    assert check.right
    assert check.stale  # so that the sign-in stores it in our own way
    assert not hasher.check(Secret(password + "!"), verifier).right
    assert not hasher.check(Secret(""), verifier).stale


@pytest.mark.proves("ST-2")
@pytest.mark.parametrize("text", MADE, ids=range(len(MADE)))
def test_what_is_kept_of_it_is_no_use_without_the_key_folder(
    folder: KeyFolder, hasher: FolderHasher, text: str
) -> None:
    [verifier] = hasher.adopt([Secret(text)])
    digest = read_hash(text).digest
    assert text not in verifier.text
    for form in (digest.hex(), bare(digest), digest.decode("latin-1")):
        assert form not in verifier.text
    stranger = FolderHasher.cheap_for_tests(create_key_folder(folder.path.parent / "other"))
    with pytest.raises(KeyFolderError):
        stranger.check(Secret(WORD), verifier)
    own = stranger.hash_one_time([Secret(WORD)])[0].pepper_id
    assert not stranger.check(Secret(WORD), Verifier(verifier.text, own)).right
    add_key(folder.path, Label.PEPPER)
    assert hasher.check(Secret(WORD), verifier).right
    stranger.close()


@pytest.mark.proves("ST-1")
def test_a_fast_hash_costs_a_thief_with_the_key_as_much_as_any_password(folder: KeyFolder) -> None:
    hasher = FolderHasher(folder, FLOOR)
    [verifier] = hasher.adopt([Secret(ldap_salted_sha1.hash(WORD))])
    assert re.search(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$", verifier.text)
    hasher.close()


B64 = bare(bytes(16))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no kind"),
        (WORD, "no kind"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "no kind"),
        ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "no kind"),
        ("$1$salt$qJH7.N4xYta3aEG/dfqo/0", "no kind"),
        ("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "no kind"),
        (VECTORS[2][0] + "\n", "no kind"),
        ("x" * 513, "longer than 512"),
        ("$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "cost is 31"),
        ("$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "cost is 3"),
        (f"$argon2id$v=19$m=4194304,t=1,p=1${B64}${B64}", "memory is 4194304"),
        (f"$argon2id$v=19$m=262144,t=5,p=1${B64}${B64}", "memory times passes"),
        (f"$argon2id$v=19$m=64,t=99,p=1${B64}${B64}", "passes is 99"),
        (f"$argon2id$v=19$m=64,t=1,p=99${B64}${B64}", "parallelism is 99"),
        (f"$argon2id$v=19$m=64,t=1,p=16${B64}${B64}", "memory too small"),
        (f"$argon2id$v=19$m=64,t=1,p=1$c2FsdA${B64}", "salt is too short"),
        (f"$argon2id$v=19$m=64,t=1,p=1${B64}$c2FsdA", "length is 4"),
        (f"$argon2id$v=19$m=64,t=1,p=1$AAAAA${B64}", "no base64"),
        (f"$pbkdf2-sha256$99999999${B64}${B64}", "rounds is 99999999"),
        (f"$pbkdf2-sha256$1000${B64}${B64}", "length is not"),
        (f"$scrypt$ln=30,r=8,p=1${B64}${B64}", "power of two is 30"),
        (f"$scrypt$ln=18,r=16,p=1${B64}${B64}", "memory times"),
        (f"$scrypt$ln=4,r=99,p=1${B64}${B64}", "r is 99"),
        (f"$scrypt$ln=4,r=8,p=99${B64}${B64}", "p is 99"),
        (f"$scrypt$ln=4,r=8,p=1${B64}$c2FsdA", "length is 4"),
        (f"scrypt$salt$1000$8$1${B64}", "no power of two"),
        ("{SSHA}" + base64.b64encode(bytes(20)).decode(), "salt has 0 bytes"),
        ("{SSHA}" + base64.b64encode(bytes(99)).decode(), "salt has 79 bytes"),
        ("$5$rounds=99999999$salt$" + "a" * 43, "rounds is 99999999"),
        ("$5$rounds=10$salt$" + "a" * 43, "rounds is 10"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_never_repeated(hasher: FolderHasher, text: str, told: str) -> None:
    fault = hasher.fault_of(Secret(text))
    assert told in fault
    assert not text or text[:20] not in fault
    with pytest.raises(NotImportable):
        hasher.adopt([Secret(text)])


@given(st.text(max_size=80) | st.from_regex(r"\$(argon2id|pbkdf2|scrypt|5|6|2b)\$[$a-z0-9=,./+]{0,60}", fullmatch=True))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        read = read_hash(text)
    except NotImportable:
        return
    assert len(read.method) <= LONGEST_METHOD


def test_bcrypt_reads_72_bytes_as_it_did_where_the_hash_was_made(hasher: FolderHasher) -> None:
    [verifier] = hasher.adopt([Secret(bcrypt_of(b"$2b$", b"x" * 72))])
    assert hasher.check(Secret("x" * 80), verifier).right
    assert not hasher.check(Secret("x" * 71), verifier).right


def test_bits_that_bcrypt_does_not_use_are_not_looked_at(hasher: FolderHasher) -> None:
    text = bcrypt_of(b"$2b$")
    untidy = text[:28] + chr(ord(text[28]) + 1) + text[29:]  # the last symbol of the salt
    [verifier] = hasher.adopt([Secret(untidy)])
    assert hasher.check(Secret(WORD), verifier).right


def test_a_very_long_candidate_makes_sha_crypt_no_slower_and_never_fits(hasher: FolderHasher) -> None:
    salted = read_hash(VECTORS[0][0])
    assert digest_of(salted.method, salted.salt, "x" * 257) == b""
    assert digest_of(salted.method, salted.salt, "x" * 256) != b""


def test_the_slowest_comparison_is_measured_with_what_the_store_holds(folder: KeyFolder) -> None:
    hasher = FolderHasher.cheap_for_tests(folder)
    ours = hasher.slowest()
    slow = read_hash("$5$rounds=200000$saltstring$" + "a" * 43).method
    assert hasher.slowest([slow]) > 5 * ours
    assert hasher.methods == {slow}
    assert hasher.slowest() > 5 * ours  # what was met once stays in the measure
    hasher.close()


def test_every_method_can_be_measured_by_its_name_alone(hasher: FolderHasher) -> None:
    texts = [*MADE, VECTORS[0][0], VECTORS[1][0], "$scrypt$ln=4,r=8,p=1$" + B64 + "$" + B64]
    methods = {read_hash(text).method for text in texts}
    assert hasher.slowest(methods) > 0
    assert hasher.methods == methods


def test_a_method_is_met_by_importing_and_by_checking(folder: KeyFolder, hasher: FolderHasher) -> None:
    [verifier] = hasher.adopt([Secret(MADE[0])])
    other = FolderHasher.cheap_for_tests(folder)
    assert other.methods == frozenset()
    other.check(Secret(WORD), verifier)
    assert other.methods == hasher.methods == {read_hash(MADE[0]).method}
    other.close()
