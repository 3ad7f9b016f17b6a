"""The handout: sealed for its recipients, readable by nobody else."""

import stat
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from keyturn.core.errors import ConfigError, KeyFolderError, StoreError
from keyturn.crypto.handout import AgeSealer, check_recipient, new_identity, recipient_of


def test_every_recipient_opens_the_handout_and_nobody_else(tmp_path: Path) -> None:
    sealer = AgeSealer()
    recipients = [new_identity(tmp_path / name) for name in ("operations.txt", "break-glass.txt")]
    new_identity(tmp_path / "stranger.txt")
    file = BytesIO()
    sealer.seal((line for line in (b"amal,one\n", b"zoe,two\n")), recipients, file)
    sealed = file.getvalue()
    assert sealed.startswith(b"age-encryption.org/v1\n")
    for name in ("operations.txt", "break-glass.txt"):
        assert sealer.open(sealed, tmp_path / name) == b"amal,one\nzoe,two\n"
    with pytest.raises(ConfigError, match="cannot be opened"):
        sealer.open(sealed, tmp_path / "stranger.txt")
    with pytest.raises(ConfigError, match="cannot be opened"):
        sealer.open(sealed[:-1], tmp_path / "operations.txt")


def test_an_identity_file_is_private_and_names_its_recipient(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "handout.txt"
    recipient = new_identity(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert recipient_of(file) == recipient
    assert file.read_text().startswith(f"# public key: {recipient}\nAGE-SECRET-KEY-1")


def test_an_identity_file_is_never_overwritten(tmp_path: Path) -> None:
    new_identity(tmp_path / "id.txt")
    with pytest.raises(KeyFolderError, match="already"):
        new_identity(tmp_path / "id.txt")


def test_a_handout_without_recipients_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one recipient"):
        AgeSealer().seal([b"x"], [], BytesIO())


def test_what_breaks_while_it_is_sealed_is_told_as_it_is(tmp_path: Path) -> None:
    """And not as a fault of the seal: it may be the disk, or the journal."""

    def lines() -> Iterator[bytes]:
        yield b"amal,one\n"
        raise StoreError("the disk is gone")

    with pytest.raises(StoreError, match="the disk is gone"):
        AgeSealer().seal(lines(), [new_identity(tmp_path / "id.txt")], BytesIO())


def test_a_large_handout_comes_back_as_it_went_in(tmp_path: Path) -> None:
    """It is sealed in pieces that have nothing to do with its lines."""
    lines, file = [b"%d,%s\n" % (number, b"x" * (number % 300)) for number in range(5000)], BytesIO()
    AgeSealer().seal(lines, [new_identity(tmp_path / "id.txt")], file)
    assert AgeSealer().open(file.getvalue(), tmp_path / "id.txt") == b"".join(lines)


def test_a_recipient_is_taken_with_the_spaces_of_a_paste(tmp_path: Path) -> None:
    recipient = new_identity(tmp_path / "id.txt")
    assert check_recipient(f" {recipient}\n") == recipient


@pytest.mark.parametrize("text", ["", "age1", "amal@example.org", "age1" + "q" * 58])
def test_what_is_no_recipient_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigError, match="not an age recipient"):
        check_recipient(text)


def test_an_identity_given_as_recipient_is_never_repeated(tmp_path: Path) -> None:
    new_identity(tmp_path / "id.txt")
    identity = (tmp_path / "id.txt").read_text().splitlines()[1]
    with pytest.raises(ConfigError, match="which is secret") as refused:
        check_recipient(identity)
    assert identity not in "".join([refused.value.what, refused.value.why, refused.value.fix])


@pytest.mark.parametrize(
    "content", [None, b"", b"# only a comment\n", b"nonsense\n", b"AGE-SECRET-KEY-1XYZ\n", b"\xff"]
)
def test_a_file_without_an_identity_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "id.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="not an age identity file") as refused:
        recipient_of(file)
    assert "XYZ" not in refused.value.why


def test_a_file_without_an_end_is_no_identity() -> None:
    """A device is read a little, and told what it is not."""
    with pytest.raises(ConfigError, match="not an age identity file"):
        AgeSealer().open(b"", Path("/dev/zero"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_told_as_it_is(tmp_path: Path) -> None:
    """Not as an error of the sealing, which nobody could mend."""
    recipient = new_identity(tmp_path / "own")
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        AgeSealer().seal([b"a line" * 100_000], [recipient], full)
