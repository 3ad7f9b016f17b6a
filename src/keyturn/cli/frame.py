"""What every command gets: where to print, how to ask, and how the person at the keyboard wants it."""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from keyturn.core.errors import ConfigError, PlanError
from keyturn.core.harmless import harmless

if TYPE_CHECKING:
    from keyturn.app.config.settings import Settings
    from keyturn.app.config.wishes import Wishes
    from keyturn.core.secret import Secret


@unique
class Output(StrEnum):
    """How a command speaks."""

    AUTO = "auto"
    RICH = "rich"
    PLAIN = "plain"
    JSON = "json"
    JSONL = "jsonl"


@unique
class Tone(StrEnum):
    """What a piece of text means; the colour only repeats what the words say."""

    GOOD = "green"
    BAD = "red"
    CARE = "yellow"
    NAME = "cyan"


@dataclass(frozen=True, slots=True)
class Manners:
    """The global flags.

    color None: as the terminal can.  loud: 0 is normal, below is quieter, 2 also shows where a fault of ours is.
    """

    config: Path | None = None
    output: Output = Output.AUTO
    loud: int = 0
    may_ask: bool = True
    accessible: bool = False
    color: bool | None = None
    log_file: Path | None = None


Elsewhere = Callable[[], str]
"""Looks whether a question was answered at another terminal: by what, or nothing yet."""

LOOKS = 0.25
"""Seconds between two such looks."""


class Unanswered(PlanError):
    """An answer is needed and may not be asked for."""

    code = "KT-RUN-021"


class NotConfirmed(PlanError):
    """Somebody was asked, and did not say yes."""

    code = "KT-RUN-023"

    def __init__(self, what: str = "not confirmed") -> None:
        super().__init__(what)


class Frame:
    """Data goes to stdout, talk to stderr; a command never prints past it.

    progress: the last line of an error, how far it got (`Nothing was sent.`).  A command that has begun to change
    something sets it; empty means that the code of the error decides.
    place: the flag that says which directory the command works on, for the commands that a fix names.
    """

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
        self.progress = ""
        self.place = ""
        self._settings: Settings | None = None
        self._wishes: Wishes | None = None
        self._log: IO[str] | None = None

    # how to speak

    @property
    def output(self) -> Output:
        """The form in force: `auto` is rich on a terminal that can redraw, plain everywhere else."""
        if self.manners.output is not Output.AUTO:
            return self.manners.output
        return Output.RICH if self.is_terminal and not self.accessible else Output.PLAIN

    @property
    def is_terminal(self) -> bool:
        """True when a person sees stderr."""
        return sys.stderr.isatty()

    @property
    def wants_json(self) -> bool:
        """True when the result is read by a machine (`--json`, `--output json|jsonl`)."""
        return self.manners.output in (Output.JSON, Output.JSONL)

    @property
    def may_ask(self) -> bool:
        """True when there is somebody to ask: stdin is a terminal and `--no-input` was not given."""
        return self.manners.may_ask and sys.stdin.isatty()

    @property
    def color(self) -> bool | None:
        """Whether to use colour: as the flag says, else as the environment does; None: as the terminal can."""
        return self.wishes.color if self.manners.color is None else self.manners.color

    @property
    def accessible(self) -> bool:
        """True when a screen reader or a plain line printer reads us: no redrawing, no columns."""
        return self.manners.accessible or self.wishes.accessible

    @property
    def loud(self) -> int:
        """How much to say: 0 is normal, 1 more, 2 also where a fault is, below 0 only warnings and errors."""
        return self.manners.loud or self.wishes.loud

    @property
    def wishes(self) -> "Wishes":
        """What the environment says about terminals."""
        if self._wishes is None:
            from keyturn.app.config.settings import environment
            from keyturn.app.config.wishes import wishes

            self._wishes = wishes(environment())
        return self._wishes

    def adjust(self, **changes: Any) -> None:
        """Take over global flags; they may stand in front of the command's name and behind it."""
        self.manners = replace(self.manners, **changes)
        if "config" in changes:
            self._settings = None
        if "log_file" in changes:
            self._open_log()

    def close(self) -> None:
        """Let go of the log file."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def _open_log(self) -> None:
        import logging

        from keyturn.app.serving.logging import set_up

        path = self.manners.log_file
        if path is None:
            return
        self.close()
        try:
            self._log = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")  # noqa: SIM115  # close() does
        except OSError as error:
            what = "the log file cannot be written"
            raise ConfigError(what, code="KT-CFG-002", where=str(path), why=error.strerror or "") from error
        set_up(logging.DEBUG if self.loud >= 2 else logging.INFO, self._log)

    @property
    def settings(self) -> "Settings":
        """The settings: read once, when a command first looks.  Raises ConfigError."""
        if self._settings is None:
            from keyturn.app.config.settings import load

            self._settings = load(self.manners.config)
        return self._settings

    # talk

    def say(self, text: str = "") -> None:
        """Tell the person something on stderr, unless `--quiet`."""
        if self.loud >= 0:
            click.echo(_told(text), err=True, color=self.color)

    def detail(self, text: str) -> None:
        """Tell more, only under `-v`."""
        if self.loud >= 1:
            click.echo(_told(text), err=True, color=self.color)

    def warn(self, text: str, *, code: str = "") -> None:
        """Warn on stderr, also under `--quiet`; a warning never stops anything."""
        head = self.tone(f"warning[{code}]" if code else "warning", Tone.CARE)
        click.echo(_told(f"{head}: {text}"), err=True, color=self.color)

    def tone(self, text: str, tone: Tone) -> str:
        """The text in colour; where colour is not wanted the codes are stripped on the way out."""
        return click.style(text, fg=tone.value)

    def strong(self, text: str) -> str:
        """The text in bold."""
        return click.style(text, bold=True)

    # data

    def data(self, text: str) -> None:
        """Print a line of the result on stdout: on a terminal harmless, elsewhere as it is."""
        click.echo(_told(text) if sys.stdout.isatty() else text, color=self.color)

    def raw(self, content: bytes) -> None:
        """Print what would stand in a file on stdout, as it is."""
        click.echo(content, nl=False)

    def json(self, value: object) -> None:
        """Print one JSON object on one line of stdout; never holds a Secret."""
        import json

        click.echo(json.dumps(value, ensure_ascii=False, default=_plain))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "nothing to show") -> None:
        """Print rows in columns on stdout; as `head: cell` lines in accessible mode."""
        if not rows:
            self.say(empty)
            return
        cells = [[harmless(str(cell)) for cell in row] for row in rows]
        if self.accessible:
            for row in cells:
                self.data("; ".join(f"{name}: {cell}" for name, cell in zip(head, row, strict=True)))
            return
        widths = [max(_width(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
        self.data(self.strong(_line(head, widths)))
        for row in cells:
            self.data(_line(row, widths))

    # asking

    def confirm(self, question: str, *, otherwise: str = "", elsewhere: Elsewhere | None = None) -> bool:
        """Ask a yes-or-no question; Enter alone is no.  Raises Unanswered (exit 8) where nobody may be asked."""
        answer = self.ask(f"{question} [y/N]", default="n", otherwise=otherwise, elsewhere=elsewhere)
        return answer.strip().lower() in ("y", "yes")

    def insist(self, question: str, *, otherwise: str) -> None:
        """Ask a yes-or-no question, and go on with a yes alone.  Raises NotConfirmed."""
        if not self.confirm(question, otherwise=otherwise):
            raise NotConfirmed

    def ask(
        self,
        question: str,
        *,
        default: str | None = None,
        otherwise: str = "",
        elsewhere: Elsewhere | None = None,
    ) -> str:
        """Ask for a line.  otherwise: the flag that answers it, for the error where nobody may be asked.

        elsewhere: looked at while nobody types; what it answers stands for the line.
        """
        self._refuse_unasked(question, otherwise)
        shown = default if default not in (None, "", "n") else None
        mark = f" [{shown}]" if shown else ""
        click.echo(f"{question}{mark} ", nl=False, err=True, color=self.color)
        line = (_answer_from(elsewhere) if elsewhere is not None else "") or sys.stdin.readline()
        if not line:
            raise click.Abort
        return line.rstrip("\r\n") or default or ""

    def ask_hidden(self, question: str, *, otherwise: str = "") -> "Secret":
        """Ask for a secret without showing it."""
        from keyturn.core.secret import Secret

        self._refuse_unasked(question, otherwise)
        return Secret(click.prompt(question, hide_input=True, err=True, default="", show_default=False))

    def _refuse_unasked(self, question: str, otherwise: str) -> None:
        if not self.may_ask:
            why = "--no-input was given" if not self.manners.may_ask else "there is no terminal to ask on"
            raise Unanswered(f"an answer is needed: {question}", why=why, fix=otherwise)


pass_frame = click.make_pass_decorator(Frame, ensure=True)
"""Hands the frame to a command as its first argument."""


def _answer_from(elsewhere: Elsewhere) -> str:
    """Wait until a line is typed, which is left to be read, or until there is an answer from elsewhere.

    Where a keyboard cannot be watched (on Windows) there is nothing to wait for: the line is read.
    """
    import select

    while not (answer := elsewhere()):
        try:
            typed, _, _ = select.select([sys.stdin], [], [], LOOKS)
        except (OSError, ValueError):
            return ""
        if typed:
            return ""
    click.echo(answer, err=True)
    return answer


_OURS: Final = re.compile("(\x1b\\[(?:0|1|3[1236])m|[\n\t])")
"""What we put between words ourselves: tones, and ends of lines."""


def _told(text: str) -> str:
    """What is said, with names and answers in it that others wrote."""
    if text.isprintable():
        return text
    return "".join(part if _OURS.fullmatch(part) else harmless(part) for part in _OURS.split(text))


def _plain(value: object) -> object:
    if type(value).__name__ == "Secret":
        raise TypeError("a Secret is never printed as JSON")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _width(text: str) -> int:
    """How many columns a text takes on a terminal."""
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
