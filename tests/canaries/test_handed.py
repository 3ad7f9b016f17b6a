"""What a run hands out is on paper and under the seal, and nowhere else: files, logs, temporary files, processes."""

import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bulk.kit import KEYTURN, Kit
from tests.support.canary import leaks
from tests.support.password_server import PasswordServer, password_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the list of processes is read from /proc")

ROWS = 40
PAPER = ("letters", "slips")


@pytest.fixture
def server() -> Iterator[PasswordServer]:
    """A server that takes a little while, so that the command is seen at work."""
    with password_server() as found:
        found.delay = 0.02
        yield found


def seen_of(process: "subprocess.Popen[str]") -> bytes:
    """What everybody on the machine may see of a process while it runs: its arguments and its name."""
    seen = b""
    while process.poll() is None:
        try:
            seen += Path(f"/proc/{process.pid}/cmdline").read_bytes() + Path(f"/proc/{process.pid}/comm").read_bytes()
        except OSError:
            break
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    return seen


@pytest.mark.proves("LG-4", "RN-14", "ST-6")
def test_a_password_is_under_the_seal_and_on_paper_and_nowhere_else(tmp_path: Path, server: PasswordServer) -> None:
    """Run, print, list, look: everything that is left is searched in nine disguises."""
    work = tmp_path / "work"
    work.mkdir(mode=0o700)
    kit = Kit(tmp_path / "home", server.url).configure('sign_in_page = "https://login.example.com"')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    rows = "".join(f"u{number:03},Name {number},Site {number % 3}\n" for number in range(ROWS))
    (work / "users.csv").write_text(f"userid,Display name,Site\n{rows}")
    outside = b""

    def called(*args: str | Path) -> None:
        nonlocal outside
        process = subprocess.Popen(
            [KEYTURN, "-vv", "--log-file", str(tmp_path / "log.jsonl"), *map(str, args)],
            env={**kit.environment, "TMPDIR": str(scratch)}, cwd=work, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        seen = seen_of(process)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert b"keyturn" in seen
        outside += seen + out.encode() + err.encode()

    called("reset", "users.csv", "-t", "there", "--expect", str(ROWS), "--handout-columns", "Site", "--no-input")
    [folder] = (kit.home / "state" / "runs").iterdir()
    for form in PAPER:
        called("handout", form, folder.name, "-o", f"{form}.pdf", "--by", "Site")
    called("handout", "list", folder.name, "--sign", "-o", "sign.pdf")
    called("handout", "list", folder.name)
    called("handout", "status", folder.name)
    passwords = [line["password"] for line in kit.handed_out()]
    assert len(set(passwords)) == ROWS
    assert leaks(passwords[:1], kit.run("handout", "open", folder.name).out.encode()) != [], (
        "the search finds what is there"
    )
    assert leaks(passwords, tmp_path, outside, _unpacked(work / "sign.pdf")) == []
    assert sorted(path.name for path in scratch.rglob("*")) == []
    assert sorted(path.name for path in work.iterdir()) == ["letters.pdf", "sign.pdf", "slips.pdf", "users.csv"]
    modes = {path.name: path.stat().st_mode & 0o077 for path in (*folder.rglob("*"), *work.glob("*.pdf"))}
    assert {name for name, mode in modes.items() if mode} == set()


def _unpacked(path: Path) -> bytes:
    """Everything that a PDF holds, taken out of its compression."""
    data, found = path.read_bytes(), path.read_bytes()
    for stream in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S):
        try:
            found += zlib.decompress(stream[1])
        except zlib.error:
            continue
    return found
