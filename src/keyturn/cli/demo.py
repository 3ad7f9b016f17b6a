"""`keyturn demo`: the main job on a throw-away server, from a CSV with traps to mails in a mailbox."""

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from keyturn.cli.frame import Frame, Tone, pass_frame
from keyturn.core.errors import ConfigError

if TYPE_CHECKING:
    from keyturn.app.demo.stage import Stage
    from keyturn.app.demo.verdict import Verdict
    from keyturn.app.trail.trail import Proof

MARK = ".keyturn-demo"
OURS = f"This folder was written by keyturn demo, which writes it anew each time.  ({MARK})\n"
CSV = "demo-users.csv"
MAIL_PATIENCE = 30.0
MOST_SURPRISES = 5
TERMINATED = 143


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("keyturn-demo"),
              show_default=True, help="Where to put file, reports and mails.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Leave the server running afterwards, until Ctrl-C.")
@pass_frame
def demo(frame: Frame, folder: Path, keep: bool) -> int:
    """Try keyturn: a server with 1,000 users, a file with traps, a network with faults.  Nothing leaves this machine.

    \b
      keyturn demo
      keyturn demo --keep

    Exit code 0 when everything came out exactly as it had to, else 1.
    """
    try:
        from keyturn.app.demo.stage import Folders, Stage
    except ModuleNotFoundError as error:
        what = f"the demo needs {error.name}, which is not installed"
        raise ConfigError(what, code="KT-CFG-012", fix='pip install "keyturn[demo]"') from error

    _prepare(folder)
    frame.progress = ""
    stay = " (--keep to stay)" if not keep else ""
    frame.data(f"keyturn demo: everything stays on this machine; the server and its users are gone afterwards{stay}\n")
    with tempfile.TemporaryDirectory(prefix="keyturn-demo-") as place:
        home = Path(place)
        stage = Stage(Folders(home, home / "directory", folder / "mail"))
        with _heard(_end, signal.SIGTERM), stage:
            fine = _show(frame, stage, folder)
            if keep:
                _stay(frame, stage, folder)
    return 0 if fine else 1


def _show(frame: Frame, stage: "Stage", folder: Path) -> bool:
    from keyturn.app.demo import file as demo_file
    from keyturn.app.demo.verdict import EXPECTED_EXIT, judge

    demo_file.write(folder / CSV)
    command = _command(folder)
    _introduce(frame, stage, folder, command)
    code = _run(stage, command)
    if code == EXPECTED_EXIT:
        stage.mailbox.wait(demo_file.USERS, MAIL_PATIENCE)
    verdict = judge(folder / "report.jsonl", code, stage.mailbox.addresses())
    _summarise(frame, verdict, stage.seconds)
    proof = stage.proof()
    _where(frame, folder, verdict, code, proof)
    fine = not verdict.surprises and not stage.unused and proof.broken is None
    _warn(frame, [*verdict.surprises, *(f"the fault {fault.name} was not met" for fault in stage.unused)])
    return fine


def _warn(frame: Frame, surprises: list[str]) -> None:
    for surprise in surprises[:MOST_SURPRISES]:
        frame.warn(surprise)
    if len(surprises) > MOST_SURPRISES:
        frame.warn(f"and {len(surprises) - MOST_SURPRISES:,} more")


def _command(folder: Path) -> list[str]:
    """What a person would type; the server makes the passwords and mails them, each once.

    No hints: the run that they would name is gone with the home of the demo.
    """
    from keyturn.app.demo.stage import TARGET

    return ["reset", str(folder / CSV), "-t", TARGET, "--password", "target", "--email", "-j", "16", "--expect", "1001",
            "--report", "html,csv,jsonl", "--report-dir", str(folder), "--name", "demo", "--no-hints"]  # fmt: skip


def _introduce(frame: Frame, stage: "Stage", folder: Path, command: list[str]) -> None:
    lines = (
        ("server", f"{stage.address}  speaking MAS; 1,000 sample users, none has a password yet"),
        ("network", "a proxy before it: one 503, one 429 with Retry-After: 1, one answer lost after the change"),
        ("file", f"{folder / CSV}  1,004 rows: 1 blank line, 2 duplicates, 1 unknown user, ids such as 000007 and 1E5"),
        ("command", "keyturn " + " ".join(command[:9])),
    )
    for name, text in lines:
        frame.data(f"  {name:<9} {text}")
    frame.data("")


def _run(stage: "Stage", command: list[str]) -> int:
    """Run the real runner as a process of its own: its plan and progress go to the terminal."""
    from keyturn.app.demo.stage import KEYTURN

    whole = [*KEYTURN, *command, "--no-input"]
    done = subprocess.run(whole, env=stage.environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603  # ourselves
    return done.returncode


def _summarise(frame: Frame, verdict: "Verdict", seconds: float) -> None:
    from keyturn.app.demo import file as demo_file

    sent = verdict.count("changed") + verdict.count("failed")
    lost, busy, slow = (verdict.attempts(who)[0] for who in (demo_file.LOST, demo_file.BUSY, demo_file.SLOW_DOWN))
    frame.data(
        f"\nWhat happened ({sent:,} rows in {seconds:.1f} s, {sent / max(seconds, 0.001):,.0f} rows/s measured)\n"
    )
    lines = (
        ("~", "changed", "changed", "000007 kept its zeros; 1E5, 0x1F, x%41y and müller were sent as they are"),
        ("", "", "", f"row {lost}: the answer was lost; repeated safely, the same password, one mail"),
        ("", "", "", f"row {busy}: 503, tried again; row {slow}: 429, waited as asked, tried again"),
        ("x", "failed", "failed", f"row {demo_file.GHOST_ROW} {demo_file.GHOST}: no such user; it is in retry.csv"),
        ("-", "skipped", "skipped", f"rows 12 and 640 repeat rows 3 and 77; row {demo_file.BLANK_ROW:,} is blank"),
        ("?", "uncertain", "uncertain", "sent without a trustworthy answer: none is left"),
    )  # fmt: skip
    for sign, name, outcome, text in lines:
        count = f"{verdict.count(outcome):>7,}" if outcome else " " * 7
        frame.data(f"  {sign or ' '} {name:<10}{count}   {text}")


def _where(frame: Frame, folder: Path, verdict: "Verdict", code: int, proof: "Proof") -> None:
    told = f"chain intact, {proof.records:,} records" if proof.broken is None else f"broken: {proof.why}"
    mails = sum(1 for _ in (folder / "mail").glob("*.eml"))
    frame.data(f"\n  mails     {folder / 'mail'}/  {mails:,} mails, one for each changed user, taken over SMTP")
    frame.data(f"  report    {folder / 'report.html'}, report.csv, report.jsonl; to fix and repeat: retry.csv")
    frame.data(f"  audit     keyturn audit verify: {told}")
    if verdict.surprises:
        frame.data(f"\n{frame.tone('Not as expected', Tone.BAD)}: see the warnings.")
    else:
        frame.data(
            f"\nAll as expected. The run inside ended with exit code {code}: one row failed, so it is not green."
        )
    frame.data("\nNext:  keyturn demo --keep          keep the server running and try it yourself")
    frame.data("       keyturn target add NAME      connect your own MAS, or a keyturn server")


def _stay(frame: Frame, stage: "Stage", folder: Path) -> None:
    """Keep the server until Ctrl-C or a termination."""
    stop, path = threading.Event(), folder / "credentials.json"
    with _heard(stop.set):
        stage.write_credentials(path)
        frame.data(f"\nThe server stays up: {stage.address}   (Ctrl-C ends it and removes its users)")
        frame.data(f"  credentials  {path}  administrator and API key of this throw-away server, for you alone")
        stop.wait()
    path.unlink()


@contextmanager
def _heard(act: Callable[[], object], *signals: signal.Signals) -> Iterator[None]:
    """Act on these signals (Ctrl-C and termination when none is named) as long as the block lasts."""
    numbers = signals or (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: act()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end() -> NoReturn:
    """Leave by the way that takes the stage down."""
    sys.exit(TERMINATED)


def _prepare(folder: Path) -> None:
    """Make the folder anew, only if it is ours or empty; nothing of anybody else's is ever removed."""
    mark = folder / MARK
    if folder.is_symlink() or (folder.exists() and any(folder.iterdir()) and not mark.is_file()):
        what = f"{folder} is not a folder of keyturn demo, so it is left alone"
        raise ConfigError(what, code="KT-CFG-002", fix="keyturn demo --dir ANOTHER")
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "mail").mkdir(parents=True)
    mark.write_text(OURS, encoding="utf-8")
