"""Looks over this machine for what makes runs fail later: settings, keys, clock, certificates, leftovers of runs."""

import shutil
import sqlite3
import ssl
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

from cryptography import x509

from keyturn import __version__
from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.settings import SECRETS, Settings
from keyturn.app.run.machine import Machine
from keyturn.app.target.targets import FILES, check
from keyturn.bulk.record.facts import FINISHED, Facts
from keyturn.bulk.record.folder import NeverBegan, RunFolder, begun_at, run_folders
from keyturn.core.errors import ConfigError, RunError, StoreError

LEAST_FREE: Final = 100 * 1024 * 1024
OLD: Final = timedelta(days=30)
"""A handout that lies around for longer is a risk that nobody thinks of any more."""
SOON: Final = timedelta(days=30)
PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


@unique
class Grade(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.  more: the command that explains or mends it."""

    grade: Grade
    text: str
    more: str = ""


def explained(error: ConfigError, name: str = "") -> Finding:
    """What is wrong, with where to read on."""
    head = f"{name}: " if name else ""
    return Finding(Grade.PROBLEM, f"{head}{error.what}", error.fix or f"keyturn explain {error.code}")


def look_over(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Everything that can be seen without a request, in the order in which people mend it."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding(Grade.OK, f"Python {python}, keyturn {__version__}, SQLite {sqlite3.sqlite_version}")
    yield from _config(settings)
    yield from _folders(settings)
    yield from _trust()
    yield from _proxy(settings)
    for name, target in settings.targets.items():
        yield from _target(settings, name, target, now)
    yield from _runs(settings, now)


def _config(settings: Settings) -> Iterator[Finding]:
    path = settings.folders.config
    if not path.exists():
        yield Finding(Grade.NOTE, f"there is no config file yet ({path})", "keyturn target add NAME")
        return
    count = len(settings.targets)
    yield Finding(Grade.OK, f"config file {path}: {'1 target' if count == 1 else f'{count} targets'}")


def _folders(settings: Settings) -> Iterator[Finding]:
    state, keys = settings.folders.state, settings.folders.keys
    free = shutil.disk_usage(next(parent for parent in (state, *state.parents) if parent.exists())).free
    if free < LEAST_FREE:
        yield Finding(Grade.PROBLEM, f"the disk of {state} is nearly full ({free // 2**20} MiB left)")
    for key in sorted(keys.iterdir()) if keys.is_dir() and sys.platform != "win32" else ():
        if key.suffix != ".pub" and key.is_file() and stat.S_IMODE(key.stat().st_mode) & 0o077:
            yield Finding(Grade.PROBLEM, f"other users of this machine can read {key}", f"chmod 600 {key}")


def _trust() -> Iterator[Finding]:
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath):
        text = "this machine knows no certificate authorities, so no server can be trusted"
        yield Finding(Grade.PROBLEM, text, "install ca-certificates, or name ca_bundle in the target")
    else:
        yield Finding(Grade.OK, f"{ssl.OPENSSL_VERSION.partition('  ')[0].strip()}, certificates of this system")


def _proxy(settings: Settings) -> Iterator[Finding]:
    named = [name for name in PROXIES if settings.environment.get(name)]
    if named:
        yield Finding(Grade.NOTE, f"{named[0]} is set; keyturn asks targets directly and does not use it")


def _target(settings: Settings, name: str, target: TargetSettings, now: datetime) -> Iterator[Finding]:
    try:
        checked = check(name, target, settings.folders.config.parent)
    except ConfigError as error:
        yield explained(error, name)
        return
    for field in SECRETS:
        place = getattr(target, field)
        if place is not None and place.env:
            text = f"{name}: the secret comes from {place.env}, which every child process can read"
            yield Finding(Grade.WARNING, text, "keyturn explain KT-CFG-019")
    for field in FILES:
        if getattr(checked, field):
            yield from _certificate(name, field, Path(getattr(checked, field)), now)


def _certificate(name: str, field: str, path: Path, now: datetime) -> Iterator[Finding]:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes()) if field != "certificate_key" else []
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no certificate"
        yield Finding(Grade.PROBLEM, f"{name}: {field} cannot be used: {why} ({path})")
        return
    ends = min((each.not_valid_after_utc for each in found), default=None)
    if ends is not None and ends < now + SOON:
        grade = Grade.PROBLEM if ends < now else Grade.WARNING
        yield Finding(grade, f"{name}: a certificate of {field} {'ended' if ends < now else 'ends'} on {ends:%Y-%m-%d}")


def _runs(settings: Settings, now: datetime) -> Iterator[Finding]:
    machine = Machine(settings)
    folders = run_folders(settings.folders.runs)
    if folders and (newest := begun_at(folders[0])) is not None and newest > now + timedelta(minutes=5):
        text = (
            f"the clock of this machine stands before the beginning of {folders[0].run} ({newest:%Y-%m-%d %H:%M} UTC)"
        )
        yield Finding(Grade.WARNING, text, "set the clock: waits and reports go by it")
    for folder in folders:
        yield from _run(machine, folder, now)


def _run(machine: Machine, folder: RunFolder, now: datetime) -> Iterator[Finding]:
    begun = begun_at(folder)
    try:
        journal = machine.journal(folder.journal)
    except NeverBegan as error:
        yield Finding(Grade.NOTE, f"{error.what}; nothing was sent", f"keyturn runs forget {folder.run}")
        return
    except RunError:
        yield Finding(Grade.NOTE, f"run {folder.run} is under way in another process")
        return
    except StoreError as error:
        yield Finding(Grade.PROBLEM, f"the journal of run {folder.run} cannot be read: {error.what}")
        return
    facts = Facts(journal.facts())
    journal.close()
    if facts["state"] != FINISHED:
        yield Finding(
            Grade.NOTE, f"run {folder.run} on {facts['target']} is not finished", f"keyturn resume {folder.run}"
        )
    if begun is not None and now - begun > OLD and folder.handouts():
        text = f"{folder.handout.name} is {(now - begun).days} days old"
        yield Finding(Grade.NOTE, text, f"keyturn handout shred {folder.run}")
