"""A few rows first: shown, asked about, and gone on with."""

import pytest

from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from keyturn.core.errors import KeyturnError
from tests.bulk.desk import users
from tests.cli.runs_kit import Place, Typing, place, typing

__all__ = ["place", "typing"]

Heard = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _at_home(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)


def begin(place: Place, rows: int, canary: int) -> int:
    """Reset so many users, a few first, at the keyboard that the test has put there; the exit code."""
    file = place.file(users(rows))
    args = ["reset", file, "-t", "there", "--expect", str(rows), "--canary", str(canary)]
    code: int = cli.main(args, standalone_mode=False, obj=Frame())
    return code


@pytest.mark.proves("RN-11")
def test_a_canary_is_shown_and_the_rest_follows_a_yes(place: Place, typing: Typing, capsys: Heard) -> None:
    """With what came of each row."""
    typing("y\n")
    assert begin(place, 30, 2) == 0
    told = capsys.readouterr().err
    assert "the canary is through: 2 rows" in told
    assert "changed    row 2  there  user000000  password: handout" in told
    assert "Go on with the other 28? [y/N]" in told
    assert len(place.server.passwords) == place.server.requests == 30


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_the_run_waits_for_a_resume(place: Place, typing: Typing, capsys: Heard, typed: str) -> None:
    """Enter alone is no, and so is a keyboard that went away."""
    typing(typed)
    assert begin(place, 30, 2) == 7
    told = capsys.readouterr().err
    assert "Go on with" in told
    assert "Next:  keyturn resume" in told
    assert place.server.requests == 2
    place.call("resume", "--no-input")
    assert place.server.requests == len(place.server.passwords) == 30


def test_where_nobody_may_be_asked_a_canary_stops_the_run(place: Place) -> None:
    """A pipeline looks at it and says resume."""
    args = ("reset", place.file(users(30)), "-t", "there", "--expect", "30", "--canary", "2", "--no-input")
    told = place.call(*args, code=7).output
    assert "the canary is through" in told
    assert place.server.requests == 2
    runs: list[object] = list(place.lines("runs", "list", "--json"))
    assert "'state': 'stopped'" in str(runs)
    assert "'left': 28" in str(runs)


def test_a_canary_that_stops_for_another_cause_asks_nothing(place: Place, typing: Typing, capsys: Heard) -> None:
    """A refused sign-in needs no answer."""
    typing("y\n")
    place.server.signed_out = True
    with pytest.raises(KeyturnError, match="refused our sign-in"):
        begin(place, 30, 2)
    assert "Go on" not in capsys.readouterr().err


def test_a_canary_as_large_as_the_file_asks_nothing(place: Place, typing: Typing, capsys: Heard) -> None:
    """Nothing is left."""
    typing("")
    assert begin(place, 2, 5) == 0
    assert "Go on" not in capsys.readouterr().err
    assert place.server.requests == 2


def test_of_a_large_canary_the_first_rows_are_shown(place: Place, typing: Typing, capsys: Heard) -> None:
    """The others are in the journal."""
    typing("n\n")
    assert begin(place, 70, 60) == 7
    assert "and 10 more: keyturn runs rows" in capsys.readouterr().err
