"""What is piped in where a file is named: taken in once, before anything else reads standard input."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from keyturn.bulk.intake.content import PIPE, piped
from keyturn.core.errors import ConfigError

if TYPE_CHECKING:
    from keyturn.cli.desk.flags import Asked


def taken_in(asked: "Asked") -> "Asked":
    """With what is piped in, where the file is `-`.

    Raises ConfigError when standard input is asked for twice, or when nothing is piped into it.
    """
    if asked.file != PIPE:
        return asked
    for flag, given in (("--token-stdin", asked.token_stdin), ("--password-stdin", asked.password_stdin)):
        if given:
            what = f"standard input cannot be both the file and what {flag} reads"
            raise ConfigError(what, code="KT-IN-028", fix="give the file by its name, or the secret in a file")
    if sys.stdin.isatty():
        fix = "pipe something in, as in  jq -c '.[]' users.json | keyturn plan reset - -t TARGET"
        raise ConfigError("nothing is piped into standard input", code="KT-IN-028", fix=fix)
    return replace(asked, taken=piped(sys.stdin.buffer))
