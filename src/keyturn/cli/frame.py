"""What every command gets: where to print, how to ask, and how the person at the keyboard wants it."""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.core.errors import PlanError
from keyturn.core.secret import Secret

if TYPE_CHECKING:
    from keyturn.app.settings import Settings


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
    QUIET = "bright_black"
    NAME = "cyan"


@dataclass(frozen=True, slots=True)
class Manners:
    """The global flags.  color None: as the terminal can; loud: 0 is normal, below is quieter, 2 shows requests."""

    config: Path | None = None
    output: Output = Output.AUTO
    loud: int = 0
    may_ask: bool = True
    accessible: bool = False
    color: bool | None = None
    log_file: Path | None = None


class Unanswered(PlanError):
    """An answer is needed and may not be asked for."""

    code = "KT-RUN-021"


class Frame:
    """Data goes to stdout, talk to stderr; a command never prints past it.

    progress: the last line of an error, how far it got (`Nothing was sent.`).  A command that has begun to change
    something sets it; empty means that the code of the error decides.
    """

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
        self.progress = ""
        self._settings: Settings | None = None

    # how to speak

    @property
    def output(self) -> Output:
        """The form in force: `auto` is rich on a terminal that can redraw, plain everywhere else."""
        if self.manners.output is not Output.AUTO:
            return self.manners.output
        return Output.RICH if self.is_terminal and not self.manners.accessible else Output.PLAIN

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

    def adjust(self, **changes: Any) -> None:
        """Take over global flags that stood behind the command's name."""
        self.manners = replace(self.manners, **changes)
        if "config" in changes:
            self._settings = None

    @property
    def settings(self) -> "Settings":
        """The settings: read once, when a command first looks.  Raises ConfigError."""
        if self._settings is None:
            from keyturn.app.settings import load

            self._settings = load(self.manners.config)
        return self._settings

    # talk

    def say(self, text: str = "") -> None:
        """Tell the person something on stderr, unless `--quiet`."""
        if self.manners.loud >= 0:
            click.echo(text, err=True, color=self.manners.color)

    def detail(self, text: str) -> None:
        """Tell more, only under `-v`."""
        if self.manners.loud >= 1:
            click.echo(text, err=True, color=self.manners.color)

    def warn(self, text: str, *, code: str = "") -> None:
        """Warn on stderr, also under `--quiet`; a warning never stops anything."""
        head = self.tone(f"warning[{code}]" if code else "warning", Tone.CARE)
        click.echo(f"{head}: {text}", err=True, color=self.manners.color)

    def tone(self, text: str, tone: Tone) -> str:
        """The text in colour; where colour is not wanted the codes are stripped on the way out."""
        return click.style(text, fg=tone.value)

    def strong(self, text: str) -> str:
        """The text in bold."""
        return click.style(text, bold=True)

    # data

    def data(self, text: str) -> None:
        """Print a line of the result on stdout."""
        click.echo(text, color=self.manners.color)

    def json(self, value: object) -> None:
        """Print one JSON object on one line of stdout; never holds a Secret."""
        click.echo(json.dumps(value, ensure_ascii=False, default=_plain))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "nothing to show") -> None:
        """Print rows in columns on stdout; as `head: cell` lines in accessible mode."""
        if not rows:
            self.say(empty)
            return
        cells = [[str(cell) for cell in row] for row in rows]
        if self.manners.accessible:
            for row in cells:
                self.data("; ".join(f"{name}: {cell}" for name, cell in zip(head, row, strict=True)))
            return
        widths = [max(_width(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
        self.data(self.strong(_line(head, widths)))
        for row in cells:
            self.data(_line(row, widths))

    # asking

    def confirm(self, question: str, *, otherwise: str = "") -> bool:
        """Ask a yes-or-no question; Enter alone is no.  Raises Unanswered (exit 8) where nobody may be asked."""
        return self.ask(f"{question} [y/N]", default="n", otherwise=otherwise).strip().lower() in ("y", "yes")

    def ask(self, question: str, *, default: str | None = None, otherwise: str = "") -> str:
        """Ask for a line.  otherwise: the flag that answers it, for the error where nobody may be asked."""
        self._insist(question, otherwise)
        shown = default if default not in (None, "", "n") else None
        mark = f" [{shown}]" if shown else ""
        click.echo(f"{question}{mark} ", nl=False, err=True, color=self.manners.color)
        line = sys.stdin.readline()
        if not line:
            raise click.Abort
        return line.rstrip("\r\n") or default or ""

    def ask_hidden(self, question: str, *, otherwise: str = "") -> Secret:
        """Ask for a secret without showing it."""
        self._insist(question, otherwise)
        return Secret(click.prompt(question, hide_input=True, err=True, default="", show_default=False))

    def _insist(self, question: str, otherwise: str) -> None:
        if not self.may_ask:
            why = "--no-input was given" if not self.manners.may_ask else "there is no terminal to ask on"
            raise Unanswered(f"an answer is needed: {question}", why=why, fix=otherwise)


pass_frame = click.make_pass_decorator(Frame, ensure=True)
"""Hands the frame to a command as its first argument."""


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        raise TypeError("a Secret is never printed as JSON")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _width(text: str) -> int:
    """How many columns a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
