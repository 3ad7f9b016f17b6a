"""The way of `postman run`: read, tell the differences, then one run for each request, and all of them told as one."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from keyturn.app.postman.earlier import earlier
from keyturn.app.postman.newman import BUILT_IN, Account
from keyturn.app.postman.playing import Opened, Played, Trust, iterations_file
from keyturn.app.postman.recipe import Recipe
from keyturn.app.run.machine import Machine
from keyturn.bulk.intake.content import OnDisk
from keyturn.bulk.intake.encodings import bytes_of
from keyturn.bulk.job import Reading
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.folder import find_run
from keyturn.bulk.running.run import Summary
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.reaching import pass_phrase
from keyturn.cli.frame import Frame
from keyturn.cli.postman.flags import Flags, pairs
from keyturn.cli.postman.told import announce, report, show
from keyturn.cli.running.carrying import carry
from keyturn.cli.running.summaryview import progress_of
from keyturn.core.errors import ConfigError, SourceError

Ends: TypeAlias = list[tuple[Played, Summary]]
"""How each run ended, as the engine said it."""


def run_collection(frame: Frame, flags: Flags, idle: Sequence[tuple[str, str]]) -> int:
    """Do the whole job; the exit code of the command."""
    frame.progress = "Nothing was sent."
    if flags.silent or not flags.wants("cli"):
        frame.adjust(loud=-1)
    if flags.insecure:
        fix = "--ssl-extra-ca-certs FILE with the certificate of that server, or ca_bundle of a target at its address"
        raise ConfigError("-k would send passwords to whoever answers", code="KT-COL-012", where="-k", fix=fix)
    recipe, path = _recipe(frame, flags)
    book, table = recipe.book(), recipe.table(path)
    opened = recipe.requests(book, table)
    _stop_at_scripts(opened, flags)
    plays = recipe.played(book, opened, table, frame.settings)
    announce(frame, flags, plays, opened, idle)
    ends: Ends = []
    code = ExitCode.FINE
    with _ending_in_time(flags.timeout / 1000):
        for play in plays:
            code = max(code, ExitCode(_carry(frame, flags, play, path, ends)))
            if code and (flags.bail or code >= ExitCode.INTERRUPTED):
                break
    accounts = [_account(frame, play, summary) for play, summary in ends]
    show(frame, flags, accounts)
    report(frame, flags, book.name, accounts, [summary for _, summary in ends])
    if code >= ExitCode.INTERRUPTED and not flags.timeout:
        return int(code)
    return int(0 if flags.suppress_exit_code else bool(code))


def _recipe(frame: Frame, flags: Flags) -> tuple[Recipe, Path]:
    """How the requests are made, and the file of rows."""
    environment_says, globals_say = pairs(flags.env_var, "--env-var"), pairs(flags.global_var, "--global-var")
    if environment_says or globals_say:
        text = "what --env-var and --global-var say is in your shell history and in `ps`; secrets belong in -e FILE"
        frame.warn(text, code="KT-COL-020")
    count, rows = flags.iteration_count, flags.iteration_data
    recipe = Recipe(
        _absolute(flags.collection),
        _absolute(flags.environment),
        _absolute(flags.globals),
        flags.folder,
        flags.manners,
        Trust(_absolute(flags.ssl_extra_ca_certs), _absolute(flags.ssl_client_cert), _absolute(flags.ssl_client_key)),
        flags.encoding,
        last=count + 1 if count is not None else None,
        made=rows is None,
        environment_says=environment_says,
        globals_say=globals_say,
    )
    return recipe.unlocked(partial(pass_phrase, frame)), rows or iterations_file(
        frame.settings.folders.state / "postman", count or 1
    )


def _absolute(path: Path | None) -> str:
    return str(path.absolute()) if path is not None else ""


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


def _carry(frame: Frame, flags: Flags, play: Played, path: Path, ends: Ends) -> int:
    machine = Machine(frame.settings)
    if not flags.again:
        play = play.knowing(earlier(machine, play, bytes_of(OnDisk(path)).sha256))

    def ending(frame: Frame, machine: Machine, target: str, summary: Summary, *, hints: bool = True) -> int:
        ends.append((play, summary))
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
        played=replace(play, iterations=flags.iteration_count),
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
