"""One life of the command line, in a process that may be killed at any moment.

`python -m tests.bulk.killed.life` imports everything once, then makes a child for each line it reads.
"""

import os
import sys
from pathlib import Path
from typing import Any

from keyturn.cli.desk import desk
from keyturn.cli.main import cli
from keyturn.cli.running import carrying, reset, resume, resuming, summaryview
from tests.support.nursery import bear

IMPORTED = (carrying, desk, reset, resume, resuming, summaryview)
"""What the command would import when it is called."""


def _live(life: dict[str, Any]) -> None:
    """Be the command: `args` in the home `home`; what it says goes to `said` there."""
    os.environ.update(life["environment"])
    said = os.open(Path(life["home"]) / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in ((0, nothing), (1, said), (2, said)):
        os.dup2(descriptor, number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  # as long as the process
    try:
        cli.main(life["args"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    bear(_live)
