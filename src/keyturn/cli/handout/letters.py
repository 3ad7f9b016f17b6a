"""`keyturn handout letters`: the new passwords on paper, a letter each, made where the printer is."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.handout.opened import one_handout, opened
from keyturn.cli.handout.printing import LETTERS, OnPaper, paper_flags, print_people


@click.command()
@one_handout
@paper_flags
@pass_frame
def letters(frame: Frame, named: str, identity: Path | None, on_paper: OnPaper) -> int:
    """A letter for each user, for envelopes with a window: one PDF that you alone can read.

    \b
      keyturn handout letters r7f3k2a --by Site --sort Name
      keyturn handout letters handout-r7f3k2a.age --identity key.txt -o monday.pdf
      keyturn handout letters r7f3k2a --paper letter --sign-in-page https://login.example.com
    """
    return print_people(frame, LETTERS, opened(frame, named, identity), on_paper)
