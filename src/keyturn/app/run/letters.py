"""Writes letters, slips and lists into a file that is its owner's alone, in a place where others cannot look."""

import os
import shlex
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from keyturn.app.clock import SystemClock
from keyturn.app.config.settings import Settings
from keyturn.app.languages import languages
from keyturn.core.errors import ConfigError
from keyturn.core.handout import Handed
from keyturn.letters.book import Book, Form, Order, Strange, grouped, strange, write
from keyturn.letters.sheet import Paper
from keyturn.letters.told import Told


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.  name: of the handout.  Empty texts: as configured."""

    form: Form
    name: str
    path: Path
    order: Order = field(default_factory=Order)
    paper: str = ""
    language: str = ""
    page: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it.  strange: of whom something cannot be printed; homeless: targets of which nobody said where one
    signs in."""

    book: Book
    strange: Sequence[Strange]
    homeless: Sequence[str]


def write_letters(settings: Settings, people: Sequence[Handed], wanted: Wanted) -> Written:
    """Write the file.  Raises ConfigError for a column that is not there, and for a place that others can look into."""
    handout = settings.handout
    told = Told(
        wanted.name,
        SystemClock().now(),
        languages(),
        _pages(settings, wanted.page),
        handout.help_text,
        handout.letter_head,
        wanted.language or handout.language,
    )
    odd = strange(people)
    left_out = {each.row for each in odd if each.left_out}
    groups = grouped([handed for handed in people if handed.row not in left_out], wanted.order)
    homeless = sorted({handed.target for handed in people if not told.address(handed)})
    paper = Paper[(wanted.paper or handout.paper).upper()]
    with paper_file(wanted.path, force=wanted.force) as file:
        book = write(file, wanted.form, groups, told, order=wanted.order, paper=paper)
    return Written(book, odd, homeless)


def _pages(settings: Settings, page: str) -> Mapping[str, str]:
    if page:
        return {"": page}
    return {name: target.sign_in_page for name, target in settings.targets.items() if target.sign_in_page}


@contextmanager
def paper_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A fresh file, readable by its owner alone; gone again when something breaks, so that no half of it lies about.

    force: over a file that is there, and in a folder that others can look into.
    """
    if not force and open_to_others(path.absolute().parent):
        fix = f"mkdir -m 700 letters, then --out letters/{path.name}; or --force"
        raise _not_there(path, "others on this machine can look into the folder", fix)
    if force:
        path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise _not_there(path, "there is a file of that name", "name another one with --out, or --force") from None
    except FileNotFoundError:
        fix = f"mkdir -m 700 {shlex.quote(str(path.parent))}, and say it again"
        raise _not_there(path, "there is no such folder", fix) from None
    except OSError as error:
        raise _not_there(path, error.strerror or "", "name another place with --out") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def open_to_others(folder: Path) -> bool:
    """Whether everybody on this machine can list the folder or put something into it."""
    if sys.platform == "win32" or not folder.is_dir():
        return False
    modes = [each.stat().st_mode for each in (folder.resolve(), *folder.resolve().parents)]
    reached = all(mode & stat.S_IXOTH for mode in modes)
    return reached and bool(modes[0] & (stat.S_IROTH | stat.S_IWOTH))


def _not_there(path: Path, why: str, fix: str) -> ConfigError:
    return ConfigError("letters are not written there", code="KT-CFG-045", where=str(path), why=why, fix=fix)
