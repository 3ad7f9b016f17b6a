"""Writes the manual page that `man keyturn` shows: every command with what its `--help` prints."""

from collections.abc import Iterable
from typing import Final

from keyturn import __version__
from keyturn.bulk.record.exit import ExitCode

SUMMARY: Final = "changes credentials, one at a time or a hundred thousand at once"


def escaped(line: str) -> str:
    r"""A line as roff shows it: no request at its beginning, no escape in it, and dashes that can be copied.

    >>> escaped(".venv/bin/keyturn --json"), escaped("a\\b")
    ('\\&.venv/bin/keyturn \\-\\-json', 'a\\eb')
    """
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line


def page(helps: Iterable[tuple[str, str]]) -> str:
    """The whole page.  helps: the full name of each command, and its help."""
    text = f'.TH KEYTURN 1 "" "keyturn {__version__}" "User Commands"\n'
    text += f".SH NAME\nkeyturn \\- {SUMMARY}\n"
    text += ".SH SYNOPSIS\n.B keyturn\nCOMMAND [OPTIONS] [ARGUMENTS]\n"
    text += ".SH COMMANDS\n"
    for path, told in helps:
        text += f".SS {escaped(path)}\n.nf\n" + "".join(f"{escaped(line)}\n" for line in told.splitlines()) + ".fi\n"
    text += ".SH EXIT STATUS\nAn unknown one is a failure.\n"
    for code in ExitCode:
        text += f".TP\n.B {code.value}\n{code.name.lower().replace('_', ' ')}\n"
    text += ".SH ENVIRONMENT\nEvery long flag can be set as KEYTURN_ and its name in capitals; keyturn config show\n"
    text += "\\-\\-origin says what holds. KEYTURN_HOME puts settings, keys and runs into one folder.\n"
    return text + ".SH SEE ALSO\n.B keyturn explain\nCODE is the long form of every error and warning.\n"
