"""`keyturn runs`: the runs of this machine, and what became of their rows; a command a file."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("keyturn.cli.runs_list:list_runs", "The runs of this machine, the newest first."),
    "show": ("keyturn.cli.runs_show:show", "One run: what it was to do, and how it stands."),
    "rows": ("keyturn.cli.runs_rows:rows", "The rows of a run, with outcome, delivery and reason."),
    "report": ("keyturn.cli.runs_report:report", "Write the reports of a run again."),
}

runs = LazyGroup(
    name="runs",
    table=COMMANDS,
    help="""Look at runs.

    \b
    Examples:
      keyturn runs list
      keyturn runs rows r7f3k2a --outcome failed
      keyturn runs report r7f3k2a --report html --report-dir .
    """,
)
