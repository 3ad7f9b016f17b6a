"""Asks for the one password of `--password same`; it never stands on the command line."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keyturn.bulk.job import PasswordChoice, PasswordFrom
from keyturn.core.errors import ConfigError

if TYPE_CHECKING:
    from keyturn.cli.desk.flags import Asked
    from keyturn.cli.frame import Frame
    from keyturn.core.secret import Secret

_OTHERWISE = "--password-file FILE or --password-stdin"


def with_password(frame: "Frame", asked: "Asked") -> "Asked":
    """The order with its one password, where it wants one.  Raises ConfigError for a source that nobody asked for."""
    sources = [flag for flag, given in _given(asked) if given]
    if PasswordChoice.parse(asked.password).origin is not PasswordFrom.SAME:
        if sources:
            fix = f"--password same {sources[0]}"
            raise ConfigError(f"{sources[0]} is about one password for all", code="KT-CFG-030", fix=fix)
        return asked
    if not frame.settings.runs.same:
        fix = "--password generate makes one for each user"
        raise ConfigError("one password for all is forbidden here", code="KT-CFG-038", where="runs.same", fix=fix)
    if len(sources) > 1 or (asked.password_stdin and asked.token_stdin):
        raise ConfigError("the one password can only come from one place", code="KT-CFG-030", fix=_OTHERWISE)
    return replace(asked, same=_password(frame, asked))


def _given(asked: "Asked") -> tuple[tuple[str, bool], ...]:
    return ("--password-file", asked.password_file is not None), ("--password-stdin", asked.password_stdin)


def _password(frame: "Frame", asked: "Asked") -> "Secret":
    from keyturn.app.config.sources import Source, fetch, first_line

    if asked.password_stdin:
        return first_line(sys.stdin)
    if asked.password_file is not None:
        source = Source(file=str(asked.password_file))
        return fetch(source, "--password-file", environment={}, folder=Path.cwd())
    while True:
        first = frame.ask_hidden("One password for all of them", otherwise=_OTHERWISE)
        if first and frame.ask_hidden("The same again", otherwise=_OTHERWISE) == first:
            return first
        frame.say("  the two are not the same" if first else "  that was empty")
