"""Codes of authenticator apps: as RFC 6238 prints them, and their secrets sealed to their factor."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.core.errors import KeyFolderError
from keyturn.core.secret import Secret
from keyturn.crypto.factors import STEP, TotpCodes
from keyturn.crypto.keyfolder import Label, add_key, create_key_folder
from keyturn.crypto.sealing import FolderSealer

PRINTED = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
"""RFC 6238, appendix B, SHA-1; the last six of the eight digits that it prints."""

SECRET = Secret(base64.b32encode(b"12345678901234567890").decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A key folder."""
    create_key_folder(tmp_path / "keys")
    return tmp_path / "keys"


def codes_of(folder: Path) -> TotpCodes:
    """Codes over the keys of a folder as they are now."""
    return TotpCodes(FolderSealer(add_key(folder, Label.FACTOR), Label.FACTOR))


@pytest.mark.parametrize(("at", "code"), PRINTED.items())
@pytest.mark.proves("N3.1.4.1", "V6.5.8")
def test_the_codes_are_those_that_the_standard_prints(folder: Path, at: int, code: str) -> None:
    codes, now = codes_of(folder), datetime.fromtimestamp(at, UTC)
    sealed = codes.seal(SECRET, "f")
    assert codes.step(sealed, "f", Secret(code), now) == at // STEP
    assert codes.step(sealed, "f", Secret(f"{code[:3]} {code[3:]}"), now) == at // STEP
    assert codes.step(sealed, "f", Secret(code), now + timedelta(seconds=2 * STEP)) is None


def test_a_secret_is_sealed_to_its_factor_under_a_key_that_may_be_replaced(folder: Path) -> None:
    sealed = codes_of(folder).seal(SECRET, "f")
    assert b"1234567890" not in sealed
    now = datetime.fromtimestamp(59, UTC)
    newer = codes_of(folder)
    assert newer.step(sealed, "f", Secret("287082"), now) == 1
    with pytest.raises(KeyFolderError):
        newer.step(sealed, "of another", Secret("287082"), now)


def test_each_new_secret_is_another_one_of_160_bits(folder: Path) -> None:
    codes = codes_of(folder)
    made = {codes.new().reveal() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(one)) for one in made} == {20}
