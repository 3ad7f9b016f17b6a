"""What is named as a file and is none, and folders that cannot be ours: refused at once, with a way out."""

import os
import stat
from pathlib import Path

import pytest

from tests.cli.runs_kit import Place, place

__all__ = ["place"]

RUN = ("-t", "there", "--yes", "--no-input")


@pytest.fixture
def pipe(place: Place) -> str:
    """A pipe that nobody writes into: whoever reads it as a file waits for ever."""
    path = place.tmp / "pipe"
    os.mkfifo(path, 0o600)
    return str(path)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("target", "list", "--config", "PIPE"), 2),
        (("reset", "users.csv", *RUN, "--password", "same", "--password-file", "PIPE"), 2),
        (("reset", "PIPE", *RUN), 5),
        (("reset", "users.csv", *RUN, "--handout", "age:@PIPE"), 2),
        (("reset", "--plan", "PIPE", "--no-input"), 5),
        (("plan", "show", "PIPE"), 5),
        (("handout", "open", "PIPE"), 2),
        (("runs", "evidence", "--verify", "PIPE"), 2),
        (("init", "--data", "NEW", "--password-file", "PIPE"), 2),
        (("restore", "PIPE", "--data", "NEW", "--identity", "PIPE"), 2),
        (("postman", "run", "PIPE", "--no-input"), 5),
    ],
)
def test_a_pipe_that_is_named_as_a_file_is_not_waited_for(
    place: Place, pipe: str, command: tuple[str, ...], code: int
) -> None:
    """Whatever the file is for; what is wrong with it is said, and what to do."""
    place.file("userid\nann\n")
    named = {"users.csv": str(place.tmp / "users.csv"), "PIPE": pipe, "NEW": str(place.tmp / "new")}
    words = [named.get(word, word.replace("@PIPE", f"@{pipe}")) for word in command]
    said = place.call(*words, code=code).stderr
    assert "fix" in said
    assert pipe in said
    assert place.server.requests == 0


def test_a_pipe_is_no_place_of_a_token(place: Place, pipe: str) -> None:
    """A device neither; what is piped in has a flag of its own."""
    for path in (pipe, "/dev/zero"):
        config = place.home / "config.toml"
        config.write_text(f'[targets.there]\nkind = "mas"\nurl = "{place.server.url}"\ntoken.file = "{path}"\n')
        said = place.call("target", "test", "there", code=2).stderr
        assert f"where  {path}\n" in said
        assert ", and no file" in said
        assert "--token-stdin" in said


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has files of which no byte can be read")
def test_a_file_that_gives_no_byte_is_refused_as_a_file(place: Place) -> None:
    """It is a file of the system's, can be opened, and fails at the first byte."""
    said = place.call("plan", "reset", "/proc/self/mem", "-t", "there", code=5).stderr
    assert "error[KT-IN-001]: the file mem cannot be read" in said
    assert "fix    give the path of a file that you may read" in said


@pytest.mark.parametrize("where", ["users.csv", "users.csv/deeper", "/proc/nope"])
def test_a_home_that_cannot_be_made_is_a_matter_of_settings(place: Place, where: str) -> None:
    """Said before anything is sent, with the way to name another one."""
    users = place.file("userid\nann\n")
    home = str(place.tmp / where)
    config = str(place.home / "config.toml")
    said = place.call("reset", users, *RUN, code=2, KEYTURN_HOME=home, KEYTURN_CONFIG=config).stderr
    assert "error[KT-CFG-073]: the folder cannot be made there" in said
    assert "fix    set KEYTURN_HOME to a folder where you may write" in said
    assert "ann" not in place.server.passwords


def test_the_state_is_nobody_elses_business(place: Place) -> None:
    """Its folders are ours alone, also those that an earlier version made wider."""
    state = place.home / "state"
    state.mkdir(mode=0o755)
    place.call("reset", place.file("userid\nann\n"), *RUN)
    for folder in (state, state / "runs", state / "targets", place.run_folder()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


@pytest.mark.parametrize("kind", ["missing", "garbage", "folder", "pipe"])
def test_a_database_that_is_none_is_a_matter_of_the_place_that_was_named(place: Place, kind: str) -> None:
    """Exit 2, with where it was looked for and what to do."""
    folder = place.tmp / "directory"
    place.call("init", "--data", str(folder))
    for path in folder.glob("keyturn.db*"):
        path.unlink()
    path = folder / "keyturn.db"
    match kind:
        case "garbage":
            path.write_bytes(b"nothing of the kind" * 100)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    said = place.call("user", "list", "--data", str(folder), code=2).stderr
    assert f"where  {path}\n" in said
    assert "fix    keyturn init makes one; or name the place of yours with --data or --database URL" in said


def test_a_new_database_in_a_place_that_is_none_is_refused(place: Place) -> None:
    """Before anything else of the directory is made."""
    said = place.call(
        "init", "--data", str(place.tmp / "new"), "--database", "sqlite:////proc/nope/x.db", code=2
    ).stderr
    assert "error[KT-CFG-073]" in said
    assert not (place.tmp / "new" / "keys").exists()
