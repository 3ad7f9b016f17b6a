"""Leave a `.venv` with keyturn and everything its tests need; quick when there is nothing to do.

Runs on any Python 3 with nothing installed, so that a machine which is too old gets a sentence and not a traceback.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".set-up"
OLDEST = (3, 11)
NEWER = ("python3.11", "python3.12", "python3.13", "python3.14")
LOCKS = (ROOT / "requirements" / "build.txt", ROOT / "requirements" / "test.txt")
# A lock is complete, so there is nothing to resolve; and pip before 23.3, resolving `name[extra]`, takes a newer `name`
# than is locked as soon as there is one, and then misses its hash.
EXACTLY = ("--require-hashes", "--no-deps")


def fingerprint() -> str:
    """What the environment was made from; when it is the same, there is nothing to do."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version_info[:2]}\n".encode())
    for path in (*LOCKS, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(*command: object) -> None:
    """Run a step, or end with its name; what it prints is the explanation."""
    words = [str(word) for word in command]
    try:
        ended = subprocess.run(words, cwd=ROOT, check=False)
    except OSError as error:
        sys.exit(f"set-up: this step could not be started ({error.strerror}): {' '.join(words)}")
    if ended.returncode != 0:
        sys.exit(f"set-up: this step failed: {' '.join(words)}")


def start_again_with_a_newer_python() -> None:
    """Hand over to a Python that is new enough, or say what is missing."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, __file__])  # noqa: S606  # the very same script, by a newer interpreter
    have = ".".join(str(part) for part in sys.version_info[:2])
    sys.exit(f"set-up: keyturn needs Python 3.11 or newer and found {have}\nhint: make PYTHON=/path/to/python3.11")


def with_uv(uv: str) -> None:
    """Make the environment with uv."""
    if not PYTHON.exists():
        run(uv, "venv", "--quiet", "--python", sys.executable, VENV)
    into = ("--quiet", "--python", PYTHON)
    for lock in LOCKS:
        run(uv, "pip", "install", *into, *EXACTLY, "-r", lock)
    run(uv, "pip", "install", *into, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def with_pip() -> None:
    """Make the environment with what comes with Python."""
    if not PYTHON.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
        if made.returncode != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            why = (made.stdout + made.stderr).strip()
            sys.exit(f"{why}\nset-up: this Python cannot make environments\nhint: apt install python3-venv, or get uv")
    pip = (PYTHON, "-m", "pip", "-qq", "--disable-pip-version-check", "install")
    for lock in LOCKS:
        run(*pip, *EXACTLY, "-r", lock)
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def main() -> None:
    """Set up unless it was done from these very files."""
    start_again_with_a_newer_python()
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted and (VENV / "bin" / "keyturn").exists():
        return
    print("set-up: making .venv (half a minute with uv, some minutes with pip)", flush=True)
    STAMP.unlink(missing_ok=True)
    uv = shutil.which("uv")
    if uv:
        with_uv(uv)
    else:
        with_pip()
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
