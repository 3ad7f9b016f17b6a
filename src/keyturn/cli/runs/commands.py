"""`keyturn runs`: the runs of this machine, and what became of their rows; a command a file."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("keyturn.cli.runs.list:list_runs", "The runs of this machine, the newest first."),
    "show": ("keyturn.cli.runs.show:show", "One run: what it was to do, and how it stands."),
    "rows": ("keyturn.cli.runs.rows:rows", "The rows of a run, with outcome, delivery and reason."),
    "watch": ("keyturn.cli.runs.watch:watch_run", "See how far a run is that another process works on."),
    "pause": ("keyturn.cli.runs.pause:pause_run", "Hold a run: rows in flight come back, then it waits."),
    "go": ("keyturn.cli.runs.go:go_run", "Let a run go on that is paused."),
    "stop": ("keyturn.cli.runs.stop:stop_run", "Stop a run: rows in flight come back, nothing more is sent."),
    "diff": ("keyturn.cli.runs.diff:diff", "Two runs, held against each other."),
    "verify": ("keyturn.cli.runs.verify:verify", "Read the rows of a run back: yes, no, or cannot tell."),
    "followup": (
        "keyturn.cli.runs.followup:followup",
        "Who has chosen an own password since, and who not.",
    ),
    "notify": ("keyturn.cli.runs.notify:notify", "Tell people that their passwords were reset, later."),
    "evidence": ("keyturn.cli.runs.evidence:evidence", "A signed account of a run, and its verification."),
    "forget": ("keyturn.cli.runs.forget:forget", "Delete a run, or those that are older than they are kept."),
    "report": ("keyturn.cli.runs.report:report", "Write the reports of a run again."),
}

runs = LazyGroup(
    name="runs",
    table=COMMANDS,
    help="""Look at runs, and speak to those that are under way.

    \b
    Examples:
      keyturn runs list
      keyturn runs rows r7f3k2a --outcome failed
      keyturn runs pause r7f3k2a
      keyturn runs report r7f3k2a --report html --report-dir .
    """,
)
