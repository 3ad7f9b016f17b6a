"""What letters, slips and lists to sign have in common: the flags, the file, and what is said of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.frame import Frame
from keyturn.cli.handout.opened import Opened
from keyturn.cli.words import counted
from keyturn.core.harmless import harmless
from keyturn.core.languages import LANGUAGES

if TYPE_CHECKING:
    from keyturn.app.run.letters import Written
    from keyturn.letters.book import Order, Strange

LETTERS = "letters"
SLIPS = "slips"
SIGN = "list to sign"

_FLAGS = (
    click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The PDF to write."),
    click.option("--sort", default="", metavar="A,B", help="Sort by these columns of the handout."),
    click.option("--by", default="", metavar="COLUMN", help="In groups by this column, a cover sheet before each."),
    click.option("--paper", type=click.Choice(["a4", "letter"]), help="The size of the paper."),
    click.option("--language", type=click.Choice(LANGUAGES), help="For people whose own language is not known."),
    click.option("--sign-in-page", default="", metavar="URL", help="Where people sign in."),
    click.option("--force", is_flag=True, help="Over a file, and where others can look into the folder."),
)


@dataclass(frozen=True, slots=True)
class OnPaper:
    """What the flags say."""

    out: Path | None
    sort: str
    by: str
    paper: str | None
    language: str | None
    sign_in_page: str
    force: bool

    @property
    def order(self) -> "Order":
        """In which order, and in which groups."""
        from keyturn.letters.book import Order

        return Order(self.by.strip(), tuple(filter(None, map(str.strip, self.sort.split(",")))))


def paper_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flags of what is printed; it gets them as one `OnPaper`."""
    names = OnPaper.__slots__

    @wraps(command)
    def read(*args: Any, **given: Any) -> Any:
        asked = OnPaper(**{name: given.pop(name) for name in names})
        return command(*args, on_paper=asked, **given)

    for option in reversed(_FLAGS):
        read = option(read)
    return read


def print_people(frame: Frame, form: str, handout: Opened, asked: OnPaper) -> int:
    """Write the PDF and say what is in it; the exit code of the command."""
    from keyturn.app.run.letters import Wanted, write_letters
    from keyturn.bulk.record.exit import ExitCode
    from keyturn.letters.book import Form

    kind = Form(form)
    path = asked.out or Path(f"{handout.name.replace('handout', kind.name.lower(), 1)}.pdf")
    wanted = Wanted(
        kind, handout.name, path, asked.order, asked.paper or "", asked.language or "", asked.sign_in_page, asked.force
    )
    written = write_letters(frame.settings, handout.people, wanted)
    _tell(frame, path, kind.value, written, asked)
    return ExitCode.FAILURES if any(each.left_out for each in written.strange) else ExitCode.FINE


def _tell(frame: Frame, path: Path, what: str, written: "Written", asked: OnPaper) -> None:
    count = sum(number for _, number in written.book.groups)
    if frame.wants_json:
        frame.json(told(path, written))
    else:
        frame.data(f"{path}: {what} for {counted(count, 'user')} on {counted(written.book.sheets, 'sheet')}")
        for name, number in written.book.groups if asked.by else ():
            frame.data(f"  {number:>7,}  {harmless(name) or '(blank)'}")
    for each in written.strange:
        frame.warn(_strange(each), code="KT-CFG-048")
    if written.homeless and what != SIGN:
        where = ", ".join(written.homeless)
        frame.warn(f"nothing says where to sign in: no sign_in_page is set for {where}", code="KT-CFG-047")
    if what != SIGN:
        frame.say(f"It holds passwords in clear: print it, hand it over, then delete it ({path}).")


def told(path: Path, written: "Written") -> Mapping[str, object]:
    """The same for machines."""
    return {
        "file": str(path),
        "sheets": written.book.sheets,
        "groups": [{"group": name, "users": number} for name, number in written.book.groups],
        "unprintable": [
            {"row": each.row, "user": each.user, "letters": each.letters, "left_out": each.left_out}
            for each in written.strange
        ],
    }


def _strange(each: "Strange") -> str:
    codes = ", ".join(f"U+{ord(letter):04X}" for letter in each.letters)
    who = f"row {each.row} ({harmless(each.user)})"
    if each.left_out:
        return f"{who} is left out: no font here prints its password"
    return f"{who}: no font here prints {codes}; the code stands in its place"
