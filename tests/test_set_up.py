"""Setting up on a machine where something is missing: a sentence with a way out, never a traceback."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.sources import ROOT

NO_VENV = """
import sys
print("The virtual environment was not created successfully because ensurepip is not available.")
sys.exit(1)
"""


def set_up(clone: Path, path: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the script of a clone, with these modules before Python's own, and without uv."""
    environment = {"PATH": "/nowhere", "PYTHONPATH": path}
    script = str(clone / "tools" / "set_up.py")
    return subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)


def clone_of_what_it_reads(folder: Path) -> Path:
    """As much of the project as the script looks at."""
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "set_up.py", folder / "tools")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_a_python_that_cannot_make_environments_is_told_the_package(tmp_path: Path) -> None:
    """Debian keeps venv in a package of its own."""
    clone = clone_of_what_it_reads(tmp_path / "clone")
    (tmp_path / "venv.py").write_text(NO_VENV)
    answer = set_up(clone, str(tmp_path))
    assert answer.returncode == 1
    assert "ensurepip is not available" in answer.stderr
    assert answer.stderr.endswith("hint: apt install python3-venv, or get uv\n")
    assert not (clone / ".venv").exists()


def test_a_step_that_fails_is_named(tmp_path: Path) -> None:
    """The words of the step that failed stand in the last line."""
    clone = clone_of_what_it_reads(tmp_path / "clone")
    (tmp_path / "venv.py").write_text("")  # makes nothing, and says that all is well
    answer = set_up(clone, str(tmp_path))
    assert answer.returncode == 1
    assert "set-up: this step could not be started" in answer.stderr


def test_what_is_set_up_is_left_alone(tmp_path: Path) -> None:
    """The second time there is nothing to do: the same files, the same Python, the command in place."""
    clone = clone_of_what_it_reads(tmp_path / "clone")
    binaries = clone / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "keyturn").touch()
    ask = "import sys; sys.path.insert(0, sys.argv[1]); import set_up; print(set_up.fingerprint(), end='')"
    stamp = subprocess.run(
        [sys.executable, "-c", ask, str(clone / "tools")], capture_output=True, text=True, check=True
    )
    (clone / ".venv" / ".set-up").write_text(stamp.stdout)
    answer = set_up(clone)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
