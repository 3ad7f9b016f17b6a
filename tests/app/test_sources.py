"""Secrets come from the environment, a file, a command or a pipe, and are never repeated in an error."""

import io
import os
import sys
import time
from pathlib import Path

import pytest

from keyturn.app.config.sources import Source, fetch, first_line
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret

CLEAR = "a-token-for-tests"


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Source:
    """A file with a secret, readable as `mode` says."""
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return Source(file="token")


def program(code: str, timeout: float = 20) -> Source:
    """A command that runs a line of Python."""
    return Source(command=(sys.executable, "-c", code), timeout=timeout)


def fetched(source: Source, folder: Path, **given: str) -> Secret:
    """The secret that the source leads to."""
    return fetch(source, "targets.t.token", environment=given, folder=folder)


def refused(source: Source, folder: Path, **given: str) -> ConfigError:
    """Why the source leads to none."""
    with pytest.raises(ConfigError, match=r"targets\.t\.token") as caught:
        fetched(source, folder, **given)
    error = caught.value
    assert CLEAR not in f"{error.what}{error.where}{error.why}{error.fix}"
    return error


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    assert fetched(Source(env="T"), tmp_path, T=CLEAR) == Secret(CLEAR)


@pytest.mark.parametrize("more", ["\r\nX-More: 1", "\n", "\t", "\x00"])
def test_a_secret_of_more_than_one_line_is_refused(tmp_path: Path, more: str) -> None:
    """It would end a header and begin another one."""
    assert "cannot be printed" in refused(Source(env="T"), tmp_path, T=CLEAR + more).why


@pytest.mark.parametrize("content", [f"{CLEAR}\r\nsecond line\n", CLEAR])
def test_a_secret_is_the_first_line_of_a_file(tmp_path: Path, content: str) -> None:
    assert fetched(secret_file(tmp_path, content.encode()), tmp_path) == Secret(CLEAR)


def test_a_secret_is_the_first_line_that_a_command_prints(tmp_path: Path) -> None:
    assert fetched(program(f"print({CLEAR!r}); print('more')"), tmp_path) == Secret(CLEAR)


def test_a_secret_is_the_first_line_of_a_pipe() -> None:
    assert first_line(io.StringIO(f"{CLEAR}\nmore\n")) == Secret(CLEAR)


def test_an_empty_pipe_is_refused() -> None:
    with pytest.raises(ConfigError, match="standard input"):
        first_line(io.StringIO(""))


@pytest.mark.proves("RN-14")
@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    error = refused(secret_file(tmp_path, CLEAR.encode(), mode), tmp_path)
    assert error.code == "KT-CFG-007"
    assert error.fix.startswith("chmod 600")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (Source(env="MISSING"), "MISSING is not set"),
        (Source(file="missing"), "No such file"),
        (Source(command=("/nowhere/vault",)), "No such file"),
        (program("pass"), "printed nothing"),
        (program("import os; os.write(1, bytes([255, 254, 0, 1]))"), "cannot be printed"),
        (program("print('x' * 100_000)"), "longer than any secret"),
        (program("while True: print('x' * 1000, end='')", timeout=0.5), "longer than 0.5 s"),
        (program(f"import sys; print({CLEAR!r}); sys.exit(3)"), "ended with 3"),
        (program("import time; time.sleep(60)", timeout=0.2), "longer than 0.2 s"),
    ],
)
def test_a_secret_that_cannot_be_had_is_said(tmp_path: Path, source: Source, why: str) -> None:
    error = refused(source, tmp_path)
    assert error.code == "KT-CFG-006"
    assert why in error.why
    assert error.fix


@pytest.mark.parametrize(("content", "why"), [(b"\n", "empty line"), (b"\xff\xff", "not UTF-8")])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    assert why in refused(secret_file(tmp_path, content), tmp_path).why


def test_a_source_is_one_place_and_says_which() -> None:
    with pytest.raises(ValueError, match="one of"):
        Source()
    with pytest.raises(ValueError, match="one of"):
        Source(env="A", file="b")
    assert [str(s) for s in (Source(env="A"), Source(file="b"), Source(command=("op", "read")))] == [
        "env A",
        "file b",
        "command op",
    ]


def test_a_program_that_leaves_somebody_behind_is_not_waited_for(tmp_path: Path) -> None:
    """A helper that it started holds its output open; the secret was printed all the same."""
    code = "import subprocess, sys; print('a-secret', flush=True); subprocess.Popen(['sleep', '6'])"
    began = time.monotonic()
    assert fetched(program(code), tmp_path) == Secret("a-secret")
    assert time.monotonic() - began < 5


@pytest.mark.proves("RN-14")
@pytest.mark.skipif(sys.platform == "win32", reason="named pipes and modes are a matter of POSIX")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe to which nobody writes, a folder, a device without an end."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", ".", "/dev/zero"):
        error = refused(Source(file=name), tmp_path)
        assert error.why.endswith(", and no file")
        assert error.fix


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_a_credential_of_systemd_is_read_as_systemd_lends_it(tmp_path: Path) -> None:
    """By an access list, whose mask shows as a right of the group; what others can read is refused there, too."""
    path = tmp_path / "mas-token"
    path.write_text(f"{CLEAR}\n")
    source, given = Source(credential="mas-token"), {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    for mode in (0o400, 0o440):
        path.chmod(mode)
        assert fetched(source, tmp_path, **given) == Secret(CLEAR)
    for mode in (0o444, 0o460):
        path.chmod(mode)
        assert refused(source, tmp_path, **given).code == "KT-CFG-007"


def test_a_pipe_of_something_else_is_refused(tmp_path: Path) -> None:
    """Bytes that are no text, and a line without an end."""
    for content in (b"\xff\xfe\x00\n", b"x" * 200_000):
        with pytest.raises(ConfigError, match="not one line of text"):
            first_line(io.TextIOWrapper(io.BytesIO(content), "utf-8"))
