"""Decides of each row of the file, before anything is sent: change, skip, or block.  Pure and repeatable."""

import hashlib
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum, unique
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from keyturn.bulk.intake.cells import BLANKS, Id, failed_id, lost_id, read_id
from keyturn.bulk.intake.columns import ID, PASSWORDS, TARGET
from keyturn.bulk.intake.source import Source, SourceRow
from keyturn.bulk.intake.table import Mark
from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.bulk.planning.lookalike import shape
from keyturn.bulk.planning.lookup import Lookup
from keyturn.bulk.planning.names import Names
from keyturn.bulk.planning.passwords import Judge, guessable, names_of
from keyturn.core.capabilities import Capabilities
from keyturn.core.outcomes import Reason
from keyturn.core.policy import named
from keyturn.core.secret import Secret
from keyturn.core.users import Handle

UNKNOWN: Final = "unknown-target"
TWO_NAMES: Final = "two-names"
LEFT_OUT: Final = "left-out"
_IDS: Final[Mapping[Mark | None, Callable[[str], Id]]] = {Mark.LONG: lost_id, Mark.ERROR: failed_id}
"""How an id is judged that was no text where it came from."""

_PIECE: Final = 6
_ROWS: Final = 40


@unique
class Fate(StrEnum):
    """What the plan does with a row."""

    CHANGE = "change"
    SKIP = "skip"
    BLOCK = "block"


_GONE: Final = {str(Reason.EXISTS): Fate.SKIP}
"""What becomes of rows that a lookup speaks against, where they are not blocked."""


class Screened(NamedTuple):
    """The decision on one row: a tuple, because there may be millions.

    trimmed, lost, zeros: what was noticed about its id.

    unmailed: it is to be created without an address, so that no mail can go there.  short: its password, which we
    were given, is taken though it is short.  target: where it goes, or the name that goes nowhere.
    number_cell: its id is a number in the sheet; hidden: the sheet does not show the row, which is to be changed.
    alike: the row of another user whose id looks like this one, if any.
    """

    number: int
    who: str
    fate: Fate
    reason: str = ""
    text: str = ""
    trimmed: bool = False
    lost: bool = False
    zeros: bool = False
    unmailed: bool = False
    target: str = ""
    short: bool = False
    number_cell: bool = False
    hidden: bool = False
    alike: int = 0


@dataclass(frozen=True, slots=True)
class Screen:
    """What the rows of one target are held against.  own: names of our account there, folded; protect: patterns of
    users that no run touches; same: the one password for all, folded, which was judged before; names: which names are
    those of one user, and lookup: who is there, where the target was asked."""

    job: Job
    capabilities: Capabilities
    judge: Judge | None = None
    own: Set[str] = frozenset()
    protect: Sequence[str] = ()
    same: Secret | None = None
    names: Names | None = None
    lookup: Lookup | None = None


@dataclass(frozen=True, slots=True)
class Screens:
    """What all rows are held against, by their target.  default: where rows go that name none; empty: nowhere."""

    by: Mapping[str, Screen]
    default: str = ""


@dataclass(slots=True)
class _Seen:
    """Which users of which target came already: digests alone, so that a million rows fit; the row that is kept, its
    password and, where its user has a second name, the name that it gives.

    shapes: by what a name looks like, the first row of it with a piece of the digest of the name itself, in one number
    because there are so many; twins: rows of further names that look like that one.  alike: the row whose name the
    last one looked like, if any.
    """

    shapes: dict[bytes, int] = field(default_factory=dict)
    twins: dict[bytes, int] = field(default_factory=dict)
    alike: int = 0
    whos: dict[int, str] = field(default_factory=dict)
    passwords: dict[int, bytes] = field(default_factory=dict)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))


def screen(source: Source, screens: Screens) -> Iterator[Screened]:
    """The decision on every row, in order.  Raises SourceError for a fault of the file."""
    seen = _Seen()
    for row in source.rows():
        yield _decide(row, screens, seen)


def target_of(row: SourceRow, default: str = "") -> str:
    """Where a row wants to go."""
    return row.cells.get(TARGET, "").strip(BLANKS) or default


def _decide(row: SourceRow, screens: Screens, seen: _Seen) -> Screened:
    if row.left_out:
        return Screened(row.number, "", Fate.SKIP, LEFT_OUT, "the row is not meant by --where, --rows or --limit")
    if not any(map(str.strip, row.record)):
        return Screened(row.number, "", Fate.SKIP, "blank", "the row is blank")
    target = target_of(row, screens.default)
    by = screens.by.get(target)
    found = _named(row, by)
    reason, text, fate = found.reason, found.text, Fate.BLOCK
    if not reason and by is None:
        reason, text = _nowhere(target)
    elif not reason and by is not None:
        reason, text, fate = _judged(row, found.who, target, by, seen)
    alike, seen.alike = seen.alike, 0
    if fate is not Fate.CHANGE or by is None:
        return Screened(
            row.number, found.who, fate, reason, text, found.trimmed, found.lost, found.zeros, target=target
        )
    unmailed = by.job.operation is Operation.CREATE and not _has_address(row)
    short = by.judge is not None and _is_short(row, by)
    return Screened(
        row.number, found.who, fate, reason, text, found.trimmed, found.lost, found.zeros, unmailed, target, short,
        row.mark is Mark.NUMBER, row.hidden, alike,
    )  # fmt: skip


def _named(row: SourceRow, by: Screen | None) -> Id:
    """Whom the row is about; a request that is sent as it is may name several things, such as a group and a user."""
    sends = by.job.sends if by is not None else None
    if sends is None:
        return _IDS.get(row.mark, read_id)(row.cells[ID])
    names = [read_id(cell) for cell in sends.names(row.record)]
    bad = next((each for each in names if each.reason), None)
    return bad or Id("/".join(each.who for each in names), trimmed=any(each.trimmed for each in names))


def _nowhere(target: str) -> tuple[str, str]:
    if not target:
        return "no-target", "the cell of the target is empty, and no -t stands in for it"
    return UNKNOWN, f"there is no target {target!r}"


def _judged(row: SourceRow, who: str, target: str, by: Screen, seen: _Seen) -> tuple[str, str, Fate]:
    recorded = by.job.recorded
    reason, text = recorded.passed_over(row.number, who) if recorded is not None else ("", "")
    if reason:
        _repeated(row, who, target, by, seen)  # it has come, so that a later row of the same is not the first
        return reason, text, Fate.SKIP
    reason, text, fate = _left_out(who, by)
    if not reason and by.names is not None:
        reason, text, fate = _by_other_name(who, by, by.names)
    if not reason:
        reason, text, fate = _repeated(row, who, target, by, seen)
    if not reason:
        reason, text = _unfit(row, who, by)
        fate = Fate.BLOCK if reason else Fate.CHANGE
    if not reason and by.lookup is not None:
        reason, text = by.lookup.left_out(row.number)
        fate = _GONE.get(reason, Fate.BLOCK) if reason else Fate.CHANGE
    return reason, text, fate


def _left_out(who: str, by: Screen) -> tuple[str, str, Fate]:
    if not by.protect and not by.own:
        return "", "", Fate.CHANGE
    folded = who.casefold()
    if folded in by.own:
        return "own-account", "this is the account that keyturn is signed in with", Fate.SKIP
    for pattern in map(str.casefold, by.protect):
        if fnmatchcase(folded, pattern):
            return "protected", f"the target protects {pattern}", Fate.SKIP
    return "", "", Fate.CHANGE


def _by_other_name(who: str, by: Screen, names: Names) -> tuple[str, str, Fate]:
    key, login = names.key(who), names.login(who)
    if key in names.own:
        return "own-account", f"{who} is the account that keyturn is signed in with, under its other name", Fate.SKIP
    if key in names.protected:
        return "protected", f"the target protects {names.protected[key]}, which is {who}", Fate.SKIP
    reason, text, fate = _left_out(login, by) if login else ("", "", Fate.CHANGE)
    if reason:
        return reason, f"{text}; {who} is {login}", fate
    reason, text = names.doubt(who)
    return reason, text, Fate.BLOCK if reason else Fate.CHANGE


def _repeated(row: SourceRow, who: str, target: str, by: Screen, seen: _Seen) -> tuple[str, str, Fate]:
    name = _one_of(row, who, by)
    first = _first(row.number, name, target, seen)
    with_password = by.job.password.column != "" or by.job.old != ""
    mark = _mark(row, seen) if with_password else b""
    if first == row.number:
        if with_password:
            seen.passwords[first] = mark
        if by.names is not None and by.names.two(who):
            seen.whos[first] = who
        return "", "", Fate.CHANGE
    other = seen.whos.get(first, who)
    if seen.passwords.get(first, mark) != mark:
        named = f", {other}," if other != who else ""
        return "duplicate-differs", f"row {first}{named} is the same user with another password", Fate.BLOCK
    if other != who:
        return TWO_NAMES, f"{who} is the same user as {other} of row {first}, which is kept", Fate.SKIP
    return "duplicate", f"row {first} is the same user and is kept", Fate.SKIP


def _first(number: int, name: str, target: str, seen: _Seen) -> int:
    """The first row of this name.  Notes where another name that looks like it came before."""
    looks = shape(name)
    digest = _digest(f"{target}\0{looks}")
    exact = digest if looks == name else _digest(f"{target}\0{name}")
    piece = int.from_bytes(exact[:_PIECE]) << _ROWS
    kept = seen.shapes.setdefault(digest, piece | number)
    first = kept & ((1 << _ROWS) - 1)
    if kept - first == piece:
        return first
    seen.alike = first
    return seen.twins.setdefault(exact, number)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _one_of(row: SourceRow, who: str, by: Screen) -> str:
    """The same for rows about one user, or that ask for the same where nothing is known of users."""
    if by.job.sends is not None:
        return by.job.sends.mark(row.number, row.record)
    name = who if who.isascii() else unicodedata.normalize("NFC", who)
    if by.capabilities.folds_case:
        name = name.casefold()
    return by.names.one(name) if by.names is not None else name


def _mark(row: SourceRow, seen: _Seen) -> bytes:
    clear = "\0".join(row.cells.get(name, "") for name in PASSWORDS).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(clear, digest_size=8, key=seen.salt).digest()


def _unfit(row: SourceRow, who: str, by: Screen) -> tuple[str, str]:
    if by.job.sends is not None:
        fault = by.job.sends.fault(row.record)
        return ("unfit-cell", fault) if fault else ("", "")
    longest = by.capabilities.longest_id
    if longest is not None and len(who) > longest:
        return "id-too-long", f"the id is longer than {longest}"
    if by.capabilities.handle is Handle.NUMBER and not (who.isascii() and who.isdigit()):
        return "not-a-number", "this target wants its own number of the user, not the sign-in name"
    if by.job.mails_or_loses(by.capabilities) and by.job.operation is Operation.CREATE and not _has_address(row):
        text = "the target makes the password, and without an address nobody would learn it"
        return str(Reason.NO_MAIL_ADDRESS), text
    return _unfit_passwords(row, who, by)


def _unfit_passwords(row: SourceRow, who: str, by: Screen) -> tuple[str, str]:
    old = Secret(row.cells["old_password"]) if by.job.old else None
    if old is not None and not old:
        return "no-old-password", "the cell of the present password is empty"
    if by.job.password.hashed and not row.cells["password"]:
        return "no-password", "the cell of the hash is empty"
    new = _own_password(row, by)
    if new is None or by.judge is None:
        return "", ""
    if new == old:
        return str(Reason.SAME_PASSWORD), "the new password is the present one"
    if by.same is None:
        return by.judge.fault(new, who, row.cells)
    if named(by.same, names_of(who, row.cells)):
        return str(Reason.TOO_COMMON), "the one password for all is made of names of this user"
    return "", ""


def _own_password(row: SourceRow, by: Screen) -> Secret | None:
    return Secret(row.cells["password"]) if by.job.password.origin is PasswordFrom.COLUMN else by.job.password.value


def _is_short(row: SourceRow, by: Screen) -> bool:
    password = _own_password(row, by)
    return password is not None and guessable(password)


def _has_address(row: SourceRow) -> bool:
    return row.cells.get("email", "").strip() != ""
