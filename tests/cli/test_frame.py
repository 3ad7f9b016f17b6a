"""The frame: data on stdout, talk on stderr, questions only where somebody can answer."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import MappingProxyType

import click
import pytest

from keyturn.cli.frame import Frame, Manners, Output, Tone, Unanswered
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret


class Keyboard:
    """A real terminal on standard input; `type` is what the person types."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.stdin = os.fdopen(self.slave, "r", encoding="utf-8")

    def type(self, *lines: str) -> None:
        """Type these lines, each with Enter; "^D" ends the input."""
        for line in lines:
            os.write(self.master, b"\x04" if line == "^D" else f"{line}\n".encode())

    def close(self) -> None:
        """Unplug it."""
        self.stdin.close()
        os.close(self.master)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    """Somebody sits at the keyboard."""
    made = Keyboard()
    monkeypatch.setattr(sys, "stdin", made.stdin)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests says nothing."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "ACCESSIBLE", "KEYTURN_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_data_and_talk_take_different_ways(capsys: pytest.CaptureFixture[str]) -> None:
    frame = Frame()
    frame.data("result")
    frame.say("talk")
    frame.warn("care", code="KT-IN-021")
    frame.detail("more")
    captured = capsys.readouterr()
    assert captured.out == "result\n"
    assert captured.err == "talk\nwarning[KT-IN-021]: care\n"


def test_quiet_leaves_warnings_and_verbose_adds_details(capsys: pytest.CaptureFixture[str]) -> None:
    for loud in (-1, 1):
        frame = Frame(Manners(loud=loud))
        frame.say("talk")
        frame.warn("care")
        frame.detail("more")
    assert capsys.readouterr().err == "warning: care\ntalk\nwarning: care\nmore\n"


def test_without_a_terminal_output_is_plain_and_a_flag_wins() -> None:
    assert Frame().output is Output.PLAIN
    assert Frame(Manners(output=Output.RICH)).output is Output.RICH


def test_on_a_terminal_output_is_rich_unless_it_must_be_accessible(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as terminal, os.fdopen(master):
        monkeypatch.setattr(sys, "stderr", terminal)
        assert Frame().output is Output.RICH
        assert Frame(Manners(accessible=True)).output is Output.PLAIN


def test_colour_is_a_wish_that_flag_and_environment_can_express(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    frame = Frame()
    assert frame.color is False
    frame.data(frame.tone("good", Tone.GOOD))
    always = Frame(Manners(color=True))
    always.data(always.tone("good", Tone.GOOD))
    assert capsys.readouterr().out == "good\n\x1b[32mgood\x1b[0m\n"


def test_a_table_has_columns_that_count_wide_and_combining_letters(capsys: pytest.CaptureFixture[str]) -> None:
    Frame().table(["id", "name"], [["007", "mu\u0308ller"], ["田中", 5]])
    assert capsys.readouterr().out == "id    name\n007   mu\u0308ller\n田中  5\n"


def test_a_table_is_read_out_in_accessible_mode(capsys: pytest.CaptureFixture[str]) -> None:
    Frame(Manners(accessible=True)).table(["id", "name"], [["007", "James"]])
    assert capsys.readouterr().out == "id: 007; name: James\n"


def test_an_empty_table_says_so_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    Frame().table(["id"], [], empty="no users")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "no users\n")


def test_json_takes_what_is_not_json_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    Frame().json({"day": date(2026, 11, 21), "more": MappingProxyType({"ü": 1})})
    line = capsys.readouterr().out
    assert "ü" in line
    assert json.loads(line) == {"day": "2026-11-21", "more": {"ü": 1}}


def test_json_never_holds_a_secret() -> None:
    with pytest.raises(TypeError, match="never printed"):
        Frame().json({"token": Secret("x")})


def test_where_nobody_is_a_question_is_an_error_that_names_the_flag() -> None:
    with pytest.raises(Unanswered, match="Change 12 users") as caught:
        Frame().confirm("Change 12 users?", otherwise="say --expect 12")
    assert (caught.value.code, caught.value.why) == ("KT-RUN-021", "there is no terminal to ask on")
    assert caught.value.fix == "say --expect 12"


def test_no_input_means_no_question_even_on_a_terminal(keyboard: Keyboard) -> None:
    assert Frame().may_ask
    with pytest.raises(Unanswered) as caught:
        Frame(Manners(may_ask=False)).ask("Name?")
    assert caught.value.why == "--no-input was given"


@pytest.mark.parametrize(("typed", "meant"), [("", False), ("n", False), ("y", True), (" YES ", True), ("j", False)])
def test_enter_alone_is_no(keyboard: Keyboard, capsys: pytest.CaptureFixture[str], typed: str, meant: bool) -> None:
    keyboard.type(typed)
    assert Frame().confirm("Change 12 users?") is meant
    assert capsys.readouterr().err == "Change 12 users? [y/N] "


def test_a_question_can_offer_an_answer(keyboard: Keyboard, capsys: pytest.CaptureFixture[str]) -> None:
    keyboard.type("", "other", "")
    frame = Frame()
    assert [frame.ask("Where?", default="here"), frame.ask("Where?"), frame.ask("Where?")] == ["here", "other", ""]
    assert capsys.readouterr().err == "Where? [here] Where? Where? "


def test_the_end_of_the_input_is_an_interruption(keyboard: Keyboard) -> None:
    keyboard.type("^D")
    with pytest.raises(click.Abort):
        Frame().ask("Where?")


def test_a_secret_is_asked_without_showing_it(
    keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(click.termui, "hidden_prompt_func", lambda prompt: keyboard.stdin.readline().rstrip("\n"))
    keyboard.type("opensesame")
    assert Frame().ask_hidden("Token:") == Secret("opensesame")
    assert "opensesame" not in capsys.readouterr().err


def test_settings_are_read_once_and_again_for_another_file(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text("[runs]\nconfirm_above = 3\n", encoding="utf-8")
    frame = Frame()
    frame.adjust(config=path)
    assert frame.settings is frame.settings
    assert frame.settings.runs.confirm_above == 3
    frame.adjust(config=tmp_path / "missing.toml")
    with pytest.raises(ConfigError):
        _ = frame.settings


def test_a_log_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    root, path, frame = logging.getLogger(), tmp_path / "log", Frame()
    handlers, level = list(root.handlers), root.level
    try:
        frame.adjust(log_file=path)
        logging.getLogger("keyturn").info("run.began", extra={"fields": {"run": "r7f3k2"}})
    finally:
        frame.close()
        root.handlers[:], root.level = handlers, level
    assert json.loads(path.read_text(encoding="utf-8"))["run"] == "r7f3k2"
    assert path.stat().st_mode & 0o077 == 0


def test_a_log_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    frame = Frame()
    frame.adjust(log_file=None)
    with pytest.raises(ConfigError, match="log file"):
        frame.adjust(log_file=tmp_path / "missing" / "log")


def test_what_others_wrote_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever says it forgets it once: a name that clears the screen, or turns the line around, is spelt out."""
    frame = Frame(Manners(color=True))
    frame.say(f"{frame.strong('user')} a\x1b[2Jb\n\u202egnp.exe")
    frame.warn("a\x1b]0;title\x07b")
    told = capsys.readouterr().err
    assert told.startswith("\x1b[1muser\x1b[0m a\\x1b[2Jb\n\\u202egnp.exe\n")
    assert "a\\x1b]0;title\\x07b" in told
    frame.data("a\x1b[2Jb")
    assert capsys.readouterr().out == "a\x1b[2Jb\n"
