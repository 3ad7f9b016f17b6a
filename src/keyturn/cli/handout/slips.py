"""`keyturn handout slips`: the new passwords on paper, eight users on a sheet."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.handout.opened import one_handout, opened
from keyturn.cli.handout.printing import SLIPS, OnPaper, paper_flags, print_people


@click.command()
@one_handout
@paper_flags
@pass_frame
def slips(frame: Frame, named: str, identity: Path | None, on_paper: OnPaper) -> int:
    """Eight users on a sheet, with marks to cut along: one PDF that you alone can read.

    \b
      keyturn handout slips r7f3k2a --by Site --sort Name
      keyturn handout slips handout-r7f3k2a.age --identity key.txt -o monday.pdf
    """
    return print_people(frame, SLIPS, opened(frame, named, identity), on_paper)
