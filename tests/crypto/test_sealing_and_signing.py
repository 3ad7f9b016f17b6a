"""Sealed values open only under their key and label; signatures are checked by anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.errors import KeyFolderError
from keyturn.crypto.keyfolder import KeyFolder, Label, add_key, create_key_folder
from keyturn.crypto.sealing import FolderSealer, open_with, seal_with
from keyturn.crypto.signing import FolderSigner, verify_with


@given(st.binary(max_size=200), st.text(max_size=20), st.binary(min_size=32, max_size=32))
def test_what_was_sealed_is_opened(clear: bytes, label: str, key: bytes) -> None:
    assert open_with(key, seal_with(key, clear, label), label) == clear


@pytest.mark.proves("V11.3.4")
def test_a_sealed_value_shows_nothing_and_never_looks_the_same_twice(folder: KeyFolder) -> None:
    sealer = FolderSealer(folder)
    sealed = sealer.seal(b"a quiet harbour", "mail-1")
    assert b"harbour" not in sealed
    assert sealed != sealer.seal(b"a quiet harbour", "mail-1")
    assert sealer.open(sealed, "mail-1") == b"a quiet harbour"


def test_a_sealed_value_opens_only_under_its_label(folder: KeyFolder) -> None:
    sealer = FolderSealer(folder)
    with pytest.raises(KeyFolderError, match="cannot be opened"):
        sealer.open(sealer.seal(b"clear", "mail-1"), "mail-2")


@pytest.mark.proves("V11.3.3", "V11.2.5")
def test_a_sealed_value_that_was_changed_is_refused(folder: KeyFolder) -> None:
    sealer = FolderSealer(folder)
    sealed = sealer.seal(b"clear", "label")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :]
        with pytest.raises(KeyFolderError):
            sealer.open(changed, "label")
    for cut in (0, 1, 5, 9, 20, len(sealed) - 1):
        with pytest.raises(KeyFolderError):
            sealer.open(sealed[:cut], "label")


def test_a_value_sealed_under_an_older_key_still_opens(folder: KeyFolder) -> None:
    sealed = FolderSealer(folder).seal(b"clear", "label")
    assert FolderSealer(add_key(folder.path, Label.MAIL)).open(sealed, "label") == b"clear"


def test_a_value_of_another_folder_does_not_open(folder: KeyFolder) -> None:
    sealed = FolderSealer(create_key_folder(folder.path.parent / "other")).seal(b"clear", "label")
    with pytest.raises(KeyFolderError):
        FolderSealer(folder).open(sealed, "label")


def test_a_signature_is_of_its_key_and_statement(folder: KeyFolder) -> None:
    signer = FolderSigner(folder)
    signature = signer.sign(b"the chain stood at 7")
    assert signer.verify(b"the chain stood at 7", signature, signer.key_id)
    assert not signer.verify(b"the chain stood at 8", signature, signer.key_id)
    assert not signer.verify(b"the chain stood at 7", signature, "strange1")
    assert not signer.verify(b"the chain stood at 7", "no hex", signer.key_id)
    assert not signer.verify(b"the chain stood at 7", "00", signer.key_id)


def test_an_auditor_needs_the_public_key_only(folder: KeyFolder) -> None:
    signer = FolderSigner(folder)
    [file] = folder.path.glob("audit.*.pub")
    assert file.read_text().strip() == signer.public_key
    assert verify_with(bytes.fromhex(signer.public_key), b"statement", signer.sign(b"statement"))


def test_a_signature_of_an_older_key_is_still_verified(folder: KeyFolder) -> None:
    signer = FolderSigner(folder)
    old, signature = signer.key_id, signer.sign(b"statement")
    newer = FolderSigner(add_key(folder.path, Label.AUDIT))
    assert signer.key_id == newer.key_id != old
    assert newer.verify(b"statement", signature, old)
