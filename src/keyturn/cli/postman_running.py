"""The way of `postman run`: read, tell the differences, then one run for each request, and all of them told as one."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from keyturn.app.collections import load_collection, load_environment
from keyturn.app.earlier import earlier
from keyturn.app.newman import BUILT_IN, Account
from keyturn.app.playing import Opened, Played, Table, Trust, iterations_file, open_requests, played
from keyturn.app.runs import Machine
from keyturn.bulk.intake.content import OnDisk
from keyturn.bulk.intake.encodings import bytes_of
from keyturn.bulk.intake.source import header_of
from keyturn.bulk.job import Reading
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.folder import find_run
from keyturn.bulk.running.run import Summary
from keyturn.cli.frame import Frame
from keyturn.cli.postman_flags import Flags, pairs
from keyturn.cli.postman_told import announce, report, show
from keyturn.cli.running.carrying import carry
from keyturn.cli.running.flags import Asked
from keyturn.cli.running.summaryview import progress_of
from keyturn.core.errors import ConfigError, SourceError

_OF_ROWS = (ExitCode.FAILURES, ExitCode.SIGN_IN, ExitCode.UNREACHABLE, ExitCode.BRAKE, ExitCode.UNCERTAIN)
"""What newman calls 1: it is said of rows that were sent, or could not be."""


@dataclass(slots=True)
class Told:
    """How each run ended, as the engine said it."""

    ends: list[tuple[Played, Summary]] = field(default_factory=list)


def run_collection(frame: Frame, flags: Flags, idle: Sequence[tuple[str, str]]) -> int:
    """Do the whole job; the exit code of the command."""
    frame.progress = "Nothing was sent."
    if flags.silent or not flags.wants("cli"):
        frame.adjust(loud=-1)
    if flags.insecure:
        fix = "--ssl-extra-ca-certs FILE with the certificate of that server, or ca_bundle of a target at its address"
        raise ConfigError("-k would send passwords to whoever answers", code="KT-COL-012", where="-k", fix=fix)
    collection = load_collection(flags.collection)
    path, table = _rows(frame, flags)
    manners = flags.manners
    opened = open_requests(collection, _known(frame, flags), table.header, flags.folder, manners)
    _stop_at_scripts(opened, flags)
    plays = [played(one, table, frame.settings, manners, _trust(flags)) for one in opened.requests]
    announce(frame, flags, plays, opened, idle)
    told, code = Told(), ExitCode.FINE
    with _ending_in_time(flags.timeout / 1000):
        for play in plays:
            code = max(code, ExitCode(_carry(frame, flags, _with_count(play, flags), path, told)))
            if code and (flags.bail or code >= ExitCode.INTERRUPTED):
                break
    accounts = [_account(frame, play, summary) for play, summary in told.ends]
    show(frame, flags, accounts)
    report(frame, flags, collection.name, accounts, [summary for _, summary in told.ends])
    if code >= ExitCode.INTERRUPTED and not flags.timeout:
        return int(code)
    return int(0 if flags.suppress_exit_code else bool(code))


def _rows(frame: Frame, flags: Flags) -> tuple[Path, Table]:
    if flags.iteration_data is None:
        count = flags.iteration_count or 1
        return iterations_file(frame.settings.folders.state / "postman", count), Table(("iteration",), made=True)
    header = tuple(cell.strip() for cell in header_of(flags.iteration_data))
    last = flags.iteration_count + 1 if flags.iteration_count is not None else None
    return flags.iteration_data, Table(header, last)


def _known(frame: Frame, flags: Flags) -> Mapping[str, str]:
    """What variables stand for, the weakest first; those of the collection stand between globals and environment."""
    given = pairs(flags.env_var, "--env-var")
    known = load_environment(flags.globals) if flags.globals is not None else {}
    known |= pairs(flags.global_var, "--global-var")
    known |= load_environment(flags.environment) if flags.environment is not None else {}
    if given or flags.global_var:
        text = "what --env-var and --global-var say is in your shell history and in `ps`; secrets belong in -e FILE"
        frame.warn(text, code="KT-COL-020")
    return known | given


def _stop_at_scripts(opened: Opened, flags: Flags) -> None:
    if not opened.unread or flags.ignore_scripts:
        return
    where = "\n".join(f"{one.place}, line {one.line}:  {one.text}" for one in opened.unread)
    raise SourceError(
        "the collection has scripts, which keyturn does not run",
        code="KT-COL-008",
        where=where,
        why="only tests of the status are read, as rules; anything else could do anything",
        fix="--ignore-scripts runs the requests without them",
    )


def _trust(flags: Flags) -> Trust:
    certificate, key, trusted = (
        str(path.absolute()) if path is not None else ""
        for path in (flags.ssl_client_cert, flags.ssl_client_key, flags.ssl_extra_ca_certs)
    )
    return Trust(trusted, certificate, key)


def _with_count(play: Played, flags: Flags) -> Played:
    return replace(play, iterations=flags.iteration_count)


def _carry(frame: Frame, flags: Flags, play: Played, path: Path, told: Told) -> int:
    machine = Machine(frame.settings)
    if not flags.again:
        play = play.knowing(earlier(machine, play, bytes_of(OnDisk(path)).sha256))

    def ending(frame: Frame, machine: Machine, target: str, summary: Summary, *, hints: bool = True) -> int:
        told.ends.append((play, summary))
        if summary.trip is not None:
            frame.warn(f"{summary.trip.text}. {progress_of(summary)}", code="KT-RUN-011")
        return int(summary.exit)

    slow = flags.delay_request > 0 or flags.bail != ""
    asked = Asked(
        path,
        reading=Reading(play.reading.columns, None, flags.encoding),
        jobs=1 if slow else flags.jobs,
        rate=f"{1000 / flags.delay_request:.6f}/s" if flags.delay_request else flags.rate,
        timeout=flags.timeout_request / 1000 or None,
        retries=flags.retries,
        max_failures="1" if flags.bail else flags.max_failures,
        expect=flags.expect,
        yes=flags.yes,
        new_run=flags.again,
        no_hints=True,
        name=play.prepared.name,
        played=play,
        ending=ending,
    )
    return carry(frame, asked, str(play.job.operation))


@contextmanager
def _ending_in_time(seconds: float) -> Iterator[None]:
    """Stop cleanly when the time for everything is over, as Ctrl-C does; 0: never."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)) if seconds else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


def _account(frame: Frame, play: Played, summary: Summary) -> Account:
    machine = Machine(frame.settings)
    folder = find_run(machine.folders.runs, summary.run)
    with closing(machine.journal(folder.journal)) as journal:
        rows = list(journal.rows())
    statuses = play.prepared.statuses
    rules = BUILT_IN if statuses is None else f"status {', '.join(map(str, sorted(statuses)[:3]))}"
    where = f"{play.prepared.base}/..."
    prepared = play.prepared
    return Account(prepared.name, prepared.method, where, summary.run, rules, rows, summary.retries, summary.seconds)
