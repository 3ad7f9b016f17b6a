"""What a run needs of this machine: keys, journal, blocklist, sealing, and the one locks of its targets."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn.app.clock import SystemClock
from keyturn.app.config.folders import make_private_folder
from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.settings import Folders, Settings
from keyturn.app.operator import account_name
from keyturn.bulk.job import Rules
from keyturn.bulk.record.approval import Demand, Person, approver
from keyturn.bulk.record.evidence import Proven, verify_evidence
from keyturn.bulk.record.facts import PLANNING, Address, Facts
from keyturn.bulk.record.folder import NeverBegan, RunFolder, mark_made
from keyturn.bulk.record.handing import Handing
from keyturn.bulk.regular import open_regular
from keyturn.core.errors import ConfigError, RunError, StoreError
from keyturn.core.journal import Journal
from keyturn.core.policy import Blocklist
from keyturn.crypto.approving import public_key, signature, signed_by
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.evidence import EvidenceKey
from keyturn.crypto.handout import AgeSealer, check_recipient, new_identity, recipient_of
from keyturn.crypto.runkeys import RunKeyring, RunKeys
from keyturn.crypto.signing import verify_with
from keyturn.store.journal import open_journal
from keyturn.store.private import HeldFile, hold, lock_of

MOST_ALONGSIDE: Final = 8
"""Runs on one target at a time."""

_WAIT: Final = "wait for it, stop it with  keyturn runs stop, or go beside it with --alongside"

IDENTITY: Final = "handout-identity.txt"
APPROVAL_KEY: Final = "approval.key"
_FILE: Final = "age:@"
_AGE: Final = "age:"
_PART: Final = "=age:"
"""What stands between a value of a column and who can open its part of the handout."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The places of a run at its targets."""

    held: tuple[HeldFile, ...]

    def name(self, run: str) -> None:
        """Let others read there which run it is."""
        for each in self.held:
            each.sign(f"run {run}")


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine, as runs use it."""

    settings: Settings

    @property
    def folders(self) -> Folders:
        """Where things are."""
        return self.settings.folders

    @property
    def identity(self) -> Path:
        """The age identity that is made here when a handout has no other recipient."""
        return self.folders.keys / IDENTITY

    @property
    def approval_key(self) -> Path:
        """The file with the key that plans are approved with, made at first need."""
        return self.folders.keys / APPROVAL_KEY

    @property
    def approvers(self) -> Sequence[Person]:
        """Who may approve plans."""
        return [approver(line) for line in self.settings.runs.approvers]

    def person(self, *, signing: bool = False) -> Person:
        """Whoever uses this machine: the name that the settings give their key, else that of the account.

        signing: make them a key where they have none yet; else the key is then empty.
        """
        key = public_key(self.approval_key) if signing or self.approval_key.exists() else ""
        named = (person.name for person in self.approvers if person.key == key)
        return Person(next(named, account_name()), key)

    def sign(self, statement: bytes) -> str:
        """A signature with their key."""
        return signature(self.approval_key, statement)

    def signed_by(self, key: str, statement: bytes, signature: str) -> bool:
        """Whether a signature is of this public key and this statement."""
        return signed_by(key, statement, signature)

    def demand(self) -> Demand:
        """When somebody else has to approve a plan."""
        targets = [name for name, target in self.settings.targets.items() if target.approval]
        return Demand(targets, self.settings.runs.approve_above)

    def clock(self) -> SystemClock:
        """The time."""
        return SystemClock()

    def blocklist(self) -> Blocklist:
        """The passwords that attackers try first, with the stolen ones of the directory on this machine, if any."""
        return FileBlocklist.beside(Path(self.settings.serve.data or self.folders.data))

    def sealer(self) -> AgeSealer:
        """Makes and opens handouts."""
        return AgeSealer()

    def signer(self) -> EvidenceKey:
        """Signs evidence of runs with the key of this machine."""
        return EvidenceKey(self.folders.keys)

    def new_key(self) -> str:
        """The key of a new run, sealed, as a fact for its journal."""
        return self._keyring().new_run_key().hex()

    def keys(self, sealed: str) -> RunKeys:
        """The keys of a run.  Raises RunError when they were deleted."""
        if not sealed:
            raise RunError("the key of this run was deleted", code="KT-RUN-003", fix="reset these users in a new run")
        return self._keyring().open(bytes.fromhex(sealed))

    def journal(self, path: Path, *, create: bool = False) -> Journal:
        """The journal of a run, held by this process.

        Raises RunError (KT-RUN-010) when another one holds it, NeverBegan where it was not made to its end.
        """
        folder = RunFolder(path.parent)
        if create:
            folder.making.touch(mode=0o600)
            return open_journal(path, create=True)
        return _whole(folder) if folder.making.exists() else open_journal(path)

    def worker(self, journal: Path) -> str:
        """Which process works on the run of this journal, in words; empty when none does."""
        try:
            hold(journal).release()
        except RunError as error:
            return error.why
        return ""

    def recipients(self, given: Sequence[str]) -> tuple[str, ...]:
        """Who is to open the handout as a whole: as asked for, else as configured; empty when it is this machine."""
        whole = [text for text in given if _PART not in text]
        asked = [word for text in whole for word in _asked(text)]
        if whole and not asked:  # never quietly for somebody else than was named
            what, fix = "no recipient is named there", "put one public key (age1...) on each line of the file"
            raise ConfigError(what, code="KT-CFG-036", where=" ".join(given), fix=fix)
        return tuple(check_recipient(text) for text in asked or self.settings.handout.age_recipients)

    def handing(self, given: Sequence[str], columns: str, split: str, header: Sequence[str]) -> Handing:
        """What the handout holds and who gets which part: as asked for, else as configured where the file has it.

        Raises ConfigError where a part is asked for and nothing says how to take it apart.
        """
        settings, cells = self.settings.handout, [cell.strip() for cell in header]
        wanted = tuple(name.strip() for name in columns.split(",") if name.strip())
        wanted = wanted or tuple(name for name in settings.columns if name in cells)
        split = split.strip() or (settings.split if settings.split in cells else "")
        asked = _asked_groups(given)
        if asked and not split:
            what, fix = "a handout is for one value, but of no column", "--handout-split COLUMN"
            raise ConfigError(what, code="KT-CFG-044", where=next(iter(asked)), fix=fix)
        groups = asked or ({value: [*keys] for value, keys in settings.recipients.items()} if split else {})
        if split and not groups:
            what, fix = (
                "nobody is named for a part of the handout",
                "--handout Lyon=age:age1..., or [handout.recipients]",
            )
            raise ConfigError(what, code="KT-CFG-044", where=split, fix=fix)
        whole = self.recipients(given)
        checked = {value: tuple(dict.fromkeys((*map(check_recipient, keys), *whole))) for value, keys in groups.items()}
        return Handing(wanted, split, checked)

    def own_recipient(self) -> str:
        """This machine as the recipient; its identity is made at first need."""
        return recipient_of(self.identity) if self.identity.exists() else new_identity(self.identity)

    @contextmanager
    def holding(self, *targets: str, alongside: bool = False) -> "Iterator[Holding]":
        """One run at a time works on a target, unless told otherwise.

        alongside: beside whichever others there are.  Raises RunError (KT-RUN-010) that says which run has one of them.
        """
        for folder in (self.folders.state, self.folders.runs):
            make_private_folder(folder)
        with ExitStack() as stack:
            held = []
            for target in targets:
                held.append(self._hold(target, alongside=alongside))
                stack.callback(held[-1].release)
            yield Holding(tuple(held))

    def _hold(self, target: str, *, alongside: bool) -> HeldFile:
        """A place at a target: the first one while nobody stands at any, or, alongside, whichever is free."""
        first = self.folders.state / "targets" / re.sub(r"[^A-Za-z0-9._-]", "_", target)
        beside = [first.with_name(f"{first.name}.{number}") for number in range(2, MOST_ALONGSIDE + 1)]
        what = f"another run works on {target}"
        if alongside:
            for place in (first, *beside):
                with suppress(RunError):
                    return hold(place, what=what, fix=_WAIT)
            raise RunError(f"{MOST_ALONGSIDE} runs work on {target} already", code="KT-RUN-010", fix=_WAIT)
        held = hold(first, what=what, fix=_WAIT)
        try:
            for place in beside:
                if lock_of(place).exists():
                    hold(place, what=what, fix=_WAIT).release()
        except RunError:
            held.release()
            raise
        return held

    def _keyring(self) -> RunKeyring:
        return RunKeyring(self.folders.keys.parent)


def _whole(folder: RunFolder) -> Journal:
    """The journal of a run whose process died while it was made, or right after.  Raises NeverBegan for the former."""
    hold(folder.journal).release()
    try:
        journal = open_journal(folder.journal)
    except StoreError:
        raise NeverBegan(folder) from None
    if Facts(journal.facts())["state"] in ("", PLANNING):
        journal.close()
        raise NeverBegan(folder)
    mark_made(folder)
    return journal


def proven(lines: Iterable[bytes], key: str = "") -> Proven:
    """What a file of evidence says.  Raises RunError for one of which any byte is not as it was signed."""
    return verify_evidence(lines, verify_with, key=key)


def rules_of(target: TargetSettings) -> Rules | None:
    """What the target demands of passwords, where its settings say so."""
    rules = target.password_rules
    return Rules(rules.shortest, rules.longest, rules.classes) if rules is not None else None


def address_of(name: str, target: TargetSettings, account: str) -> Address:
    """The target as a run pins it."""
    return Address(name, target.kind, target.url or target.data, account, str(rules_of(target) or ""))


def _asked_groups(given: Sequence[str]) -> dict[str, list[str]]:
    """Who is to open the handout of each value, as flags name them."""
    found: dict[str, list[str]] = {}
    for text in given:
        value, part, key = text.partition(_PART)
        if part:
            found.setdefault(value.strip(), []).extend(_asked(_AGE + key))
    return found


def _asked(text: str) -> list[str]:
    if text.startswith(_FILE):
        path = Path(text.removeprefix(_FILE)).expanduser()
        try:
            with open_regular(path) as file:
                lines = file.read().decode().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror or "" if isinstance(error, OSError) else "it is not UTF-8 text"
            what, fix = "the file of recipients cannot be read", "name a file with one age1... key a line"
            raise ConfigError(what, code="KT-CFG-036", where=str(path), why=why, fix=fix) from None
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if text.startswith(_AGE):
        return [text.removeprefix(_AGE)]
    raise ConfigError(
        f"--handout {text} is not understood", code="KT-CFG-036", fix="age:age1... or age:@FILE with one key a line"
    )
