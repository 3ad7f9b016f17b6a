"""The flags of plan, reset and create: read once, handed on as one value."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.bulk.job import LONGEST, SHORTEST, Job, Operation, PasswordChoice, PasswordFrom, Reading, column_of
from keyturn.cli.completion import complete_columns, complete_fields, complete_passwords, complete_targets
from keyturn.cli.moments import Moment, Since
from keyturn.core.secret import Secret

if TYPE_CHECKING:
    from keyturn.app.postman.playing import Played
    from keyturn.bulk.intake.content import Content
    from keyturn.bulk.record.frozen import Frozen
    from keyturn.cli.desk.ending import Ending

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "\\t": "\t"}

_READING = ("encoding", "sheet", "where", "rows", "limit")

_PACED = (
    "jobs", "rate", "use_at_most", "batch", "timeout", "retries", "max_failures", "skip_if_reset_since", "verify",
    "trial",
)  # fmt: skip

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person asked for, before any of it is judged.  same: the one password for all, once it is known;
    taken: what was piped in.

    out: where the plan is frozen; plan: the plan file that is to be run; frozen: what stands in it, once it is read.
    verify, trial: None where nobody said so, so that a resume goes on as the run was begun.
    jobs: 0 for as many as the target takes well.  rate: one or several, with commas between.
    played: the recorded request that all of it is about.  ending: tells how the run ended, in place of the usual way.
    """

    file: Path
    target: str = ""
    reading: Reading = field(default_factory=Reading)
    password: str = "generate"
    password_file: Path | None = None
    password_stdin: bool = False
    same: Secret | None = None
    length: int | None = None
    old_password: str = ""
    email: bool = False
    handout: tuple[str, ...] = ()
    handout_columns: str = ""
    handout_split: str = ""
    include_protected: bool = False
    offline: bool = False
    token_stdin: bool = False
    jobs: int | None = None
    rate: str = ""
    use_at_most: str = ""
    batch: int | None = None
    timeout: float | None = None
    retries: int | None = None
    max_failures: str = ""
    canary: int | None = None
    skip_if_reset_since: str = ""
    alongside: bool = False
    expect: int | None = None
    yes: bool = False
    new_run: bool = False
    verify: bool | None = None
    trial: bool | None = None
    report: str = ""
    report_dir: Path | None = None
    redact: str = ""
    notify_at: datetime | None = None
    rebase: Path | None = None
    name: str = ""
    dry_run: bool = False
    exit_zero: bool = False
    rows_detail: bool = False
    no_hints: bool = False
    taken: "Content | None" = None
    out: Path | None = None
    plan: Path | None = None
    frozen: "Frozen | None" = None
    lookup: bool = False
    lookup_since: str = ""
    server_validate: bool = False
    played: "Played | None" = None
    ending: "Ending | None" = None

    @property
    def content(self) -> "Content":
        """The bytes of the file."""
        from keyturn.bulk.intake.content import OnDisk

        return self.taken or OnDisk(self.file)

    def remembered(self) -> str:
        """The flags of pace and brakes, for a resume that does not say them again."""
        return json.dumps({name: given for name in _PACED if (given := getattr(self, name)) not in (None, "")})

    def with_flags(self, remembered: str) -> "Asked":
        """With those flags of pace and brakes that the run was begun with and that were not said again."""
        kept = json.loads(remembered or "{}")
        return replace(self, **{name: kept[name] for name in kept if getattr(self, name) in (None, "")})

    @property
    def since(self) -> datetime | None:
        """From when on a change of a password is left as it is."""
        return datetime.fromisoformat(self.skip_if_reset_since) if self.skip_if_reset_since else None

    def told(self, work: Callable[[], int]) -> int:
        """The exit code of some work, or 0 where no other is wanted; what is refused keeps its own all the same."""
        from keyturn.cli.desk.ending import RunStopped

        try:
            code = work()
        except RunStopped as stopped:
            stopped.exit = 0 if self.exit_zero else None
            raise
        return 0 if self.exit_zero else code

    def job(self, operation: str) -> Job:
        """The order."""
        if self.frozen is not None:
            return self.frozen.job
        if self.played is not None:
            return self.played.job
        choice = PasswordChoice.parse(self.password, self.same)
        old = column_of(self.old_password, "--old-password")
        return Job(Operation(operation), choice, self.email, old=old, length=self.length or 0)


class Seconds(click.FloatRange):
    """A time; `nan` is none, though it is in no range and outside of none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        seconds = super().convert(value, param, ctx)
        if isnan(seconds):
            self.fail(f"{value!r} is not a time.", param, ctx)
        return seconds


def _moment(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The same moment in every sitting of the run, however long ago it was said."""
    return Since().convert(value, param, ctx).isoformat() if value else ""


class Jobs(click.IntRange):
    """A number of requests, or `auto`, which is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        return 0 if value in ("auto", 0) else super().convert(value, param, ctx)


def _together(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> str:
    return ",".join(given)


_FILE = click.argument("file", type=click.Path(path_type=Path, readable=False))
_FILE_OR_PLAN = click.argument("file", type=click.Path(path_type=Path, readable=False), required=False)
_TARGET = click.option("-t", "--target", default="", shell_complete=complete_targets,
                       help="Which target; with a column target: for its empty cells.")  # fmt: skip
TOKEN = click.option("--token-stdin", is_flag=True, help="Read the target's secret from standard input.")


def _meant(_: click.Context, param: click.Parameter, text: str | None) -> str:
    """What chooses rows, empty when nobody said it.  An empty text that was given (`--where "$UNSET"`) chooses none."""
    if text is not None and not text.strip():
        raise click.BadParameter("it is empty; leave it away to mean every row", param=param)
    return text or ""


_PLANNING = (
    _TARGET,
    click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN", shell_complete=complete_fields,
                 help="Which column is what, as id=EmpNo."),
    click.option("--delimiter", metavar="CHAR", help="comma, semicolon, tab, bar or a character."),
    click.option("--sheet", default="", metavar="NAME", help="Which sheet of a workbook."),
    click.option("--where", callback=_meant, metavar="TEST", help="Only rows that pass, as 'site == \"Lyon\"'."),
    click.option("--rows", callback=_meant, metavar="FROM-TO", help="Only rows of these numbers, as 2-501,600."),
    click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N rows of those."),
    click.option("--encoding", metavar="NAME", help="How the letters of the file are written, as cp1252."),
    click.option("--password", default="generate", metavar="HOW", shell_complete=complete_passwords,
                 help="generate, column:NAME, hash:NAME (create), same or target."),
    click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                 help="With same: the password is the first line of this file."),
    click.option("--password-stdin", is_flag=True, help="With same: read the password from standard input."),
    click.option("--length", type=click.IntRange(SHORTEST, LONGEST), metavar="N",
                 help="Characters of the passwords that keyturn makes."),
    click.option("--old-password", default="", metavar="column:NAME", shell_complete=complete_columns,
                 help="Change with the present passwords of a column."),
    click.option("--email", is_flag=True, help="The target mails the passwords."),
    click.option("--handout", multiple=True, metavar="age:KEY",
                 help="Who can open the passwords; age:@FILE, VALUE=age:KEY."),
    click.option("--handout-columns", default="", metavar="A,B", shell_complete=complete_columns,
                 help="What else of the file stands in the handout."),
    click.option("--handout-split", default="", metavar="COLUMN", shell_complete=complete_columns,
                 help="A handout for each value of it that --handout names."),
    click.option("--include-protected", is_flag=True, help="Also touch users that the target protects."),
    click.option("--offline", is_flag=True, help="Plan without any request."),
    click.option("--lookup", is_flag=True, help="Ask the target for each user: one request a row."),
    click.option("--server-validate", is_flag=True,
                 help="With create: have the target judge each user without making it."),
    click.option("--since", "lookup_since", default="", metavar="TIME", callback=_moment,
                 help="With --lookup: tell whose password was changed since."),
    TOKEN,
)  # fmt: skip

RATE = click.option(
    "--rate", multiple=True, callback=_together, metavar="N/s", help="Most requests; may be said again."
)

_SPEED = (
    click.option("-j", "--jobs", type=Jobs(1, 1024), metavar="N|auto", help="Requests in flight."),
    RATE,
    click.option("--use-at-most", default="", metavar="N%", help="Part of the target's own limits to use."),
)

TIMEOUT = click.option("--timeout", type=Seconds(0.1, 3600), metavar="SECONDS", help="Wait for one answer.")
RETRIES = click.option("--retries", type=click.IntRange(0, 100), help="Tries again when busy or unanswered.")

PACE = (
    *_SPEED,
    TIMEOUT,
    RETRIES,
    click.option(
        "--batch", type=click.IntRange(1), metavar="N", help="Users in one request, where a target takes several."
    ),
    click.option("--max-failures", default="", metavar="N|N%", help="Stop at so many failures; also CAUSE=N%."),
)

_REBASING = (
    click.option("--rebase", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                 help="Take corrected rows from here, by id."),
    click.option("--expect", type=click.IntRange(0), metavar="N", help="Confirm: exactly N rows are left."),
    click.option("--yes", is_flag=True, help="Confirm a few."),
)  # fmt: skip

_ALONGSIDE = click.option("--alongside", is_flag=True, help="Although another run works on the target.")
TRIAL = click.option("--trial", is_flag=True, default=None, help="Also sign in once as each, where that is harmless.")

CHECKS = (click.option("--verify", is_flag=True, default=None, help="Read each row back afterwards."), TRIAL)

EXIT_ZERO = click.option("--exit-zero", is_flag=True, help="Exit 0 although rows failed or the run stopped.")

REPORTS = (
    click.option("--report", default="", metavar="KINDS", help="html,csv,jsonl,junit,md"),
    click.option("--report-dir", type=click.Path(path_type=Path, file_okay=False), help="Where reports go."),
    click.option(
        "--redact", default="", type=click.Choice(["", "ids"]), metavar="ids", help="Reports and events without ids."
    ),
)

_FREEZING = (
    click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                 help="Freeze the plan in a file, for review and --plan."),
    click.option("--rows-detail", is_flag=True, help="Also every row that is skipped or blocked, and why."),
)  # fmt: skip

_RUNNING = (
    click.option("--plan", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                 help="Run exactly this frozen plan, or nothing."),
    *PACE,
    click.option("--canary", type=click.IntRange(1), metavar="N", help="Do N rows (a target), show them, ask again."),
    click.option(
        "--skip-if-reset-since",
        default="",
        metavar="TIME",
        callback=_moment,
        help="Skip whom the target says was reset since; 24h, 2026-11-01.",
    ),
    _ALONGSIDE,
    *CHECKS,
    click.option("--expect", type=click.IntRange(0), metavar="N", help="Confirm: exactly N users change."),
    click.option("--yes", is_flag=True, help="Confirm a small run."),
    click.option("--new-run", is_flag=True, help="Start anew although an unfinished run of this file exists."),
    *REPORTS,
    click.option(
        "--notify-at", type=Moment(), metavar="TIME", help="Keep what runs notify needs, to tell people then."
    ),
    click.option("--name", default="", help="What people call this run."),
    click.option("--dry-run", is_flag=True, help="Show the plan and stop, as keyturn plan does."),
    EXIT_ZERO,
    click.option("--no-hints", is_flag=True, hidden=True, help="Leave away what to do next."),
)  # fmt: skip


def _names(options: Iterable[Command]) -> frozenset[str]:
    """What the options are called as parameters."""

    def bare() -> None:
        """Carries them for a moment."""

    return frozenset(param.name or "" for param in click.command()(_with(*options)(bare)).params)


def flags(*, running: bool) -> Callable[[Command], Command]:
    """Give a command the flags of planning, and those of running; it gets them as one `Asked`."""

    def around(command: Command) -> Command:
        @wraps(command)
        def read(*args: Any, **given: Any) -> Any:
            if given["lookup"] and given["offline"]:
                raise click.UsageError("--lookup asks the target, --offline does not")
            if given["server_validate"] and given["offline"]:
                raise click.UsageError("--server-validate asks the target, --offline does not")
            if given["lookup_since"] and not given["lookup"]:
                raise click.UsageError("--since is about what --lookup finds")
            if given["length"] and given["password"] != PasswordFrom.GENERATE:
                raise click.UsageError("--length is about passwords that keyturn makes: --password generate")
            if given.get("dry_run") and given["plan"]:
                raise click.UsageError("a frozen plan is shown by  keyturn plan show FILE")
            if given["file"] is None:
                given["file"] = _instead(given.get("plan"))
            columns = dict(map(pair, given.pop("columns")))
            reading = Reading(
                columns, _delimiter(given.pop("delimiter")), **{name: given.pop(name) for name in _READING}
            )
            asked = Asked(reading=reading, **given)
            return asked.told(lambda: command(*args, asked=asked))

        if running:
            return _with(_FILE_OR_PLAN, *_PLANNING, *_RUNNING)(read)
        return _with(_FILE, *_PLANNING, *_FREEZING, *_SPEED)(read)

    return around


def resume_flags(command: Command) -> Command:
    """Give a command the flags that may change from one sitting to the next; it gets them as one `Asked`."""

    @wraps(command)
    def read(*args: Any, run: str, **given: Any) -> Any:
        asked = Asked(file=Path(), **given)
        return asked.told(lambda: command(*args, run=run, asked=asked))

    return _with(*PACE, *_REBASING, _ALONGSIDE, *CHECKS, *REPORTS, EXIT_ZERO, TOKEN)(read)


def _with(*options: Command) -> Callable[[Command], Command]:
    def around(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return around


def _instead(plan: Path | None) -> Path:
    """What stands for a file that was not named: a plan names it."""
    if plan is None:
        raise click.UsageError("Missing argument 'FILE', or --plan with a frozen plan.")
    return Path()


def pair(text: str) -> tuple[str, str]:
    field, equals, column = text.partition("=")
    if not equals or not field or not column:
        raise click.UsageError(f"--map {text} is not FIELD=COLUMN, as in --map id=EmpNo")
    return field, column


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    found = _DELIMITERS.get(text, text)
    if len(found) != 1 or found in '"\r\n':
        raise click.UsageError(f"--delimiter {text} is not one character")
    return found


FREE = _names((*_RUNNING, TOKEN)) - {"skip_if_reset_since"}
"""The flags that may be given anew with a frozen plan: pace, brakes, confirming, reports; not which rows are sent."""
