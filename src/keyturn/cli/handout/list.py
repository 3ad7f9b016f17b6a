"""`keyturn handout list`: who is in a handout, without passwords; on paper it is signed by those who got theirs."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.handout.opened import one_handout, opened
from keyturn.cli.handout.printing import SIGN, OnPaper, paper_flags, print_people


@click.command("list")
@one_handout
@click.option("--sign", is_flag=True, help="A PDF that people sign when they get theirs.")
@paper_flags
@pass_frame
def list_people(frame: Frame, named: str, identity: Path | None, sign: bool, on_paper: OnPaper) -> int:
    """Who is in a handout, without the passwords.

    \b
      keyturn handout list r7f3k2a
      keyturn handout list r7f3k2a --sign --by Site --sort Name -o sign.pdf
    """
    from keyturn.letters.book import grouped

    handout = opened(frame, named, identity)
    if sign:
        return print_people(frame, SIGN, handout, on_paper)
    people = [handed for _, group in grouped(handout.people, on_paper.order) for handed in group]
    more = list(dict.fromkeys(header for handed in people for header in handed.columns))
    if frame.wants_json:
        for handed in people:
            known = {"row": handed.row, "target": handed.target, "user": handed.user, "state": handed.state}
            frame.json({**known, "name": handed.name, "email": handed.email, "columns": dict(handed.columns)})
        return 0
    head = ["row", "target", "user", "name", *more, "state"]
    rows = [
        [handed.row, handed.target, handed.user, handed.person, *map(handed.columns.get, more), handed.state]
        for handed in people
    ]
    frame.table(head, rows, empty="nobody is in it")
    return 0
