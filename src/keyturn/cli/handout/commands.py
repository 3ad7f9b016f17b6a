"""`keyturn handout`: what is done with the sealed file of new passwords, where its recipient is; a command a file."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "open": ("keyturn.cli.handout.open:open_handout", "The passwords, as lines or a sheet."),
    "letters": ("keyturn.cli.handout.letters:letters", "A letter for each user, as PDF."),
    "slips": ("keyturn.cli.handout.slips:slips", "Eight users on a sheet, to be cut, as PDF."),
    "key": ("keyturn.cli.handout.key:key", "The public key to seal for whoever works here."),
    "status": ("keyturn.cli.handout.status:status", "How old it is, whether it was opened, who still needs it."),
    "resend": ("keyturn.cli.handout.resend:resend", "Mail what is in it again; resets nothing."),
    "shred": ("keyturn.cli.handout.shred:shred", "Delete it, and write down that it is gone."),
    "list": ("keyturn.cli.handout.list:list_people", "Who is in it, without passwords; also as a list to sign."),
}

handout = LazyGroup(
    name="handout",
    table=COMMANDS,
    help="""The sealed file with the new passwords of a run.

    \b
    Examples:
      keyturn handout letters r7f3k2a --by Site --sort Name
      keyturn handout open r7f3k2a --to-terminal
      keyturn handout open handout-r7f3k2a.age --identity key.txt > passwords.jsonl
    """,
)
