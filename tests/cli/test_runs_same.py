"""One password for all from the command line: asked for twice, piped, or from a file; never an argument."""

from contextlib import closing
from pathlib import Path

import pytest

from keyturn.cli.frame import Frame
from keyturn.core.secret import Secret
from keyturn.store.journal import open_journal
from tests.cli.runs_kit import Place, Typing, place, typing

__all__ = ["place", "typing"]

ONE = "seven yellow taxis in the rain"
FILE = "userid\na\nb\n"
GO = ("--no-input", "--expect", "2")


def private(place: Place, text: str, mode: int = 0o600) -> str:
    """A file with a secret."""
    path = Path(place.file(text, "one.txt"))
    path.chmod(mode)
    return str(path)


def test_it_comes_from_a_file_and_nothing_holds_it_afterwards(place: Place) -> None:
    flags = ("--password", "same", "--password-file", private(place, f"{ONE}\n"))
    shown = place.call("plan", "reset", place.file(FILE), "-t", "there", *flags)
    assert "one for all, as given; you tell the users" in shown.stdout
    assert "warning[KT-POL-012]: everybody gets the same password" in shown.stderr
    done = place.call("reset", place.file(FILE), "-t", "there", *flags, *GO)
    assert place.server.passwords == {"a": [ONE], "b": [ONE]}
    assert "handout" not in done.stdout
    with closing(open_journal(place.run_folder() / "journal.db")) as journal:
        assert journal.facts()["same"] == "", "the sealed one goes with the key that opens it"
    assert ONE.encode() not in place.everything()
    assert ONE not in shown.output + done.output


def test_it_is_piped_in(place: Place) -> None:
    """One line of standard input."""
    args = ("reset", place.file(FILE), "-t", "there", "--password", "same", "--password-stdin", *GO)
    place.call(*args, typed=f"{ONE}\nand no more\n")
    assert place.server.passwords == {"a": [ONE], "b": [ONE]}


def test_it_is_typed_twice_and_asked_again_until_both_are_alike(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(("", ONE, "seven yellow taxes", ONE, ONE))
    monkeypatch.setattr(Frame, "ask_hidden", lambda *_, **__: Secret(next(answers)))
    typing("y\n")
    done = place.call("plan", "reset", place.file(FILE), "-t", "there", "--password", "same")
    assert "that was empty" in done.stderr
    assert "the two are not the same" in done.stderr
    assert next(answers, None) is None


def test_a_resume_sends_the_same_one_without_asking(place: Place) -> None:
    """Sealed in the journal under the key of the run."""
    place.server.unknown = {"u001"}
    text = "userid\n" + "".join(f"u{n:03}\n" for n in range(30))
    flags = ("--password", "same", "--password-file", private(place, ONE))
    brake = ("--no-input", "--expect", "30", "--max-failures", "1", "-j", "1")
    place.call("reset", place.file(text), "-t", "there", *flags, *brake, code=7)
    (place.tmp / "one.txt").unlink()
    assert ONE.encode() not in place.everything()
    place.call("resume", "--no-input", code=3)
    assert set(map(tuple, place.server.passwords.values())) == {(ONE,)}
    assert len(place.server.passwords) == 29


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--password", "same"], 8, "an answer is needed: One password for all of them"),
        (["--password", "same", "--password-stdin", "--token-stdin"], 2, "only come from one place"),
        (["--password", "same", "--password-stdin", "--password-file", "x"], 2, "only come from one place"),
        (["--password-stdin"], 2, "--password-stdin is about one password for all"),
        (["--password", "same", "--password-file", "x"], 2, "cannot be read"),
        (["--old-password", "was"], 2, "what --old-password says is not understood"),
        (["--old-password", "column:userid"], 2, "without asking for the present ones"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    place: Place, flags: list[str], code: int, words: str
) -> None:
    done = place.call("reset", place.file(FILE), "-t", "there", *flags, *GO, code=code, typed=f"{ONE}\n")
    assert words in done.stderr
    assert place.server.requests == 0


def test_a_file_that_others_can_read_is_refused(place: Place) -> None:
    flags = ("--password", "same", "--password-file", private(place, ONE, 0o644))
    done = place.call("reset", place.file(FILE), "-t", "there", *flags, *GO, code=2)
    assert "other users of this machine can read" in done.stderr


def test_a_password_that_will_not_do_stops_the_run(place: Place) -> None:
    flags = ("--password", "same", "--password-file", private(place, "ab"))
    done = place.call("reset", place.file(FILE), "-t", "there", *flags, *GO, code=2)
    assert "error[KT-POL-013]: the one password for all will not do" in done.stderr
    assert place.server.requests == 0


def test_a_machine_may_forbid_it(place: Place) -> None:
    place.configure(head="[runs]\nsame = false\n")
    flags = ("--password", "same", "--password-stdin")
    done = place.call("reset", place.file(FILE), "-t", "there", *flags, *GO, code=2, typed=ONE)
    assert "error[KT-CFG-038]" in done.stderr
