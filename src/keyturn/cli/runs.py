"""`keyturn runs`: the runs of this machine, and what became of their rows; a command a file."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("keyturn.cli.runs_list:list_runs", "The runs of this machine, the newest first."),
    "show": ("keyturn.cli.runs_show:show", "One run: what it was to do, and how it stands."),
    "rows": ("keyturn.cli.runs_rows:rows", "The rows of a run, with outcome, delivery and reason."),
    "watch": ("keyturn.cli.runs_watch:watch_run", "See how far a run is that another process works on."),
    "pause": ("keyturn.cli.runs_pause:pause_run", "Hold a run: rows in flight come back, then it waits."),
    "go": ("keyturn.cli.runs_go:go_run", "Let a run go on that is paused."),
    "stop": ("keyturn.cli.runs_stop:stop_run", "Stop a run: rows in flight come back, nothing more is sent."),
    "diff": ("keyturn.cli.runs_diff:diff", "Two runs, held against each other."),
    "verify": ("keyturn.cli.runs_verify:verify", "Read the rows of a run back: yes, no, or cannot tell."),
    "followup": (
        "keyturn.cli.runs_followup:followup",
        "Who has chosen an own password since, and who not.",
    ),
    "notify": ("keyturn.cli.runs_notify:notify", "Tell people that their passwords were reset, later."),
    "evidence": ("keyturn.cli.runs_evidence:evidence", "A signed account of a run, and its verification."),
    "forget": ("keyturn.cli.runs_forget:forget", "Delete a run, or those that are older than they are kept."),
    "report": ("keyturn.cli.runs_report:report", "Write the reports of a run again."),
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
