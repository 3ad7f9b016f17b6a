"""Matches the header of a file with what a run needs: by name, openly, and never when two would do."""

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from keyturn.core.errors import SourceError

REASON_COLUMN: Final = "keyturn_reason"
"""The column that a retry file adds; ignored when it comes back in."""

ID: Final = "id"
TARGET: Final = "target"

_NAMES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "id": (
        ("id", "userid"),
        ("username", "loginid", "login", "user", "loginname", "employeeid", "employeenumber", "empno", "personid",
         "uid", "samaccountname", "userprincipalname", "upn", "account", "accountname", "logonname", "userlogonname"),
    ),
    "login": (
        ("login", "username", "loginid"),
        ("loginname", "userlogin", "samaccountname", "userprincipalname", "logonname", "userlogonname"),
    ),
    "email": (
        ("email", "mail"),
        ("emailaddress", "mailaddress", "primaryemail", "workemail", "emailid", "emails", "emailsvalue",
         "emails0value", "emailstypeeqworkvalue"),
    ),
    "display_name": (("displayname",), ("fullname", "cn", "commonname", "nameformatted")),
    "given_name": (("givenname", "firstname"), ("forename", "first", "namegivenname")),
    "family_name": (("familyname", "lastname", "surname"), ("sn", "last", "namefamilyname")),
    "title": (("title",), ("jobtitle", "employeetitle")),
    "phone": (
        ("phone", "phonenumber"),
        ("telephone", "telephonenumber", "primaryphone", "mobile", "phonenumbersvalue", "phonenumbers0value"),
    ),
    "language": (("language", "preferredlanguage"), ("lang", "locale", "langcode")),
    "country": (("country",), ("countrycode", "countryorregion", "usagelocation", "co")),
    "timezone": (("timezone",), ("tz",)),
    "password": (("password",), ("newpassword", "initialpassword", "startpassword", "passwordprofile", "pw", "pwd")),
    "old_password": (("oldpassword",), ("currentpassword", "presentpassword", "previouspassword", "oldpw", "oldpwd")),
    "target": (("target",), ()),
}  # fmt: skip
"""A field, the names that mean it, and the names that probably do.  Folded: small letters and digits alone."""

FIELDS: Final = tuple(_NAMES)

PASSWORDS: Final = ("password", "old_password")
"""Fields that are used only when they are asked for by their column, and that no report and no retry file holds."""

PEOPLE: Final = tuple(name for name in FIELDS if name not in (ID, "login", TARGET, *PASSWORDS))
"""Fields that say something of a person, which not every target keeps."""


_HASHES: Final = ("passwordhash", "hashedpassword", "pwhash", "pwdhash", "userpassword")
"""Headers of hashes of passwords, which are taken only from the column that is named with `hash:`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that was matched.  guess: by a name that probably means it; the plan says so."""

    header: str
    index: int
    guess: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """What the columns of a file mean.  doubtful: fields for which two columns would do, with those headers."""

    columns: Mapping[str, Column]
    ignored: tuple[str, ...] = ()
    doubtful: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_BRACKET: Final = re.compile(r"(?P<label>.*\S)\s+\[(?P<inside>[^\]]+)\](\s+Required)?")
_REMARKS: Final = frozenset({"required", "optional", "uploadonly", "readonly"})
_SCHEMA: Final = re.compile(r"urn:[a-z0-9.:]+:(?=[A-Za-z]+(\.|\[|$))", re.IGNORECASE)


def fold(name: str) -> str:
    """A header without case, blanks and punctuation, by the name that a program would use.

    What stands in brackets behind a label is that name (`User name [userPrincipalName] Required`, as templates of one
    cloud directory have it), unless it is a remark (`Email Address [Required]`, as those of another); a path may begin
    with its schema (`urn:...:User:userName`).  Both read 29 November 2026.

    >>> fold(" User_ID "), fold("Email Address [Required]"), fold("User name [userPrincipalName] Required")
    ('userid', 'emailaddress', 'userprincipalname')
    """
    bracket = _BRACKET.fullmatch(name.strip()) if "[" in name else None
    if bracket is not None:
        inside = _bare(bracket["inside"])
        return _bare(bracket["label"]) if inside in _REMARKS or inside.startswith("must") else inside
    return _bare(_SCHEMA.sub("", name.strip()) if name.strip().startswith("urn:") else name)


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def score(header: Sequence[str], asked: Mapping[str, str]) -> int:
    """How many cells of a would-be header are names we know, or that the person named."""
    wanted = set(asked.values())
    known = {name for names, likely in _NAMES.values() for name in (*names, *likely)}
    return sum(cell.strip() in wanted or fold(cell) in known or cell.strip() == REASON_COLUMN for cell in header)


def match(header: Sequence[str], asked: Mapping[str, str], *, file: str) -> Matched:
    """Find the columns.  asked: field to header, as the person said with `--map`.

    Raises SourceError for a repeated header, an unknown field or column in `asked`, or when the id is not
    found or could be two columns.
    """
    cells = [cell.strip() for cell in header]
    _refuse_repeats(cells, file)
    columns = {field: _asked_column(field, name, cells, file) for field, name in asked.items()}
    taken = {column.index for column in columns.values()}
    doubtful: dict[str, tuple[str, ...]] = {}
    for name in FIELDS:
        if name in columns:
            continue
        found = _candidates(name, cells, taken)
        if len(found) == 1:
            columns[name] = found[0]
            taken.add(found[0].index)
        elif found:
            doubtful[name] = tuple(column.header for column in found)
    _first_name(columns, cells, taken)
    for name, what in ((ID, "the user id"), (TARGET, "the target")):
        if name in doubtful:
            raise _two(doubtful[name], name, what, file)
    if ID not in columns:
        raise _no_id(cells, file)
    ignored = tuple(cell for index, cell in enumerate(cells) if index not in taken and cell and cell != REASON_COLUMN)
    return Matched(columns, ignored, doubtful)


def _first_name(columns: dict[str, Column], cells: Sequence[str], taken: set[int]) -> None:
    """A column `Name` beside one of family names holds given names; alone nobody knows."""
    names = [index for index, cell in enumerate(cells) if index not in taken and fold(cell) == "name"]
    if len(names) == 1 and "family_name" in columns and "given_name" not in columns:
        columns["given_name"] = Column(cells[names[0]], names[0], guess=True)
        taken.add(names[0])


def _candidates(name: str, cells: Sequence[str], taken: set[int]) -> list[Column]:
    """The columns of the best kind of match that has any: spelled so, folded so, probably so."""
    sure, likely = _NAMES[name]
    free = [(index, cell) for index, cell in enumerate(cells) if index not in taken and cell]
    folded = [(index, cell, fold(cell)) for index, cell in free]
    return (
        [Column(cell, index) for index, cell, plain in folded if plain in sure]
        or [Column(cell, index, guess=True) for index, cell, plain in folded if plain in likely]
    )  # fmt: skip


def _asked_column(field: str, name: str, cells: Sequence[str], file: str) -> Column:
    if field not in _NAMES:
        raise SourceError(
            f"--map knows no field {field}", code="KT-IN-011", where=file, fix=f"one of {', '.join(FIELDS)}"
        )
    if name not in cells:
        raise SourceError(
            f"{file} has no column {name}",
            code="KT-IN-011",
            where=f"header:  {' | '.join(cells)}",
            fix=f"--map {field}=COLUMN with a column of the header",
        )
    return Column(name, cells.index(name))


def _refuse_repeats(cells: Sequence[str], file: str) -> None:
    repeated = sorted(cell for cell, count in Counter(cells).items() if cell and count > 1)
    if repeated:
        raise SourceError(
            f"two columns of {file} have the same name: {repeated[0]}",
            code="KT-IN-008",
            where=f"header:  {' | '.join(cells)}",
            why="keyturn cannot know which one you mean",
            fix="rename or delete one of them",
        )


def _two(headers: Sequence[str], name: str, what: str, file: str) -> SourceError:
    return SourceError(
        f"{len(headers)} columns in {file} could be {what}",
        code="KT-IN-010",
        where=f"columns:  {' | '.join(headers)}",
        fix=f"say which one, as in --map {name}={shlex.quote(headers[0])}",
    )


_ID_WORDS: Final = frozenset(("id", "login", "user", "account"))
"""A header with one of these among its words is proposed before any other."""


def _no_id(cells: Sequence[str], file: str) -> SourceError:
    ids = [cell for cell in cells if _ID_WORDS.intersection(re.split(r"[\W_]+", cell.casefold()))]
    mails = [cell for cell in cells if fold(cell) in ("email", "mail", "emailaddress", "primaryemail")]
    nearest = next(filter(None, (*ids, *mails, *cells)), "COLUMN")
    return SourceError(
        f"no column in {file} looks like the user id",
        code="KT-IN-002",
        where=f"header:  {' | '.join(cells)}",
        why="keyturn looks for: userid, id, user_id, username, USERID, LOGINID ...",
        fix=f"say which one, as in --map id={shlex.quote(nearest)}",
    )


def secret(header: str) -> bool:
    """Whether a header is one of the names of a password, sure or likely, or of the hash of one."""
    named = any(fold(header) in (*sure, *likely) for sure, likely in map(_NAMES.__getitem__, PASSWORDS))
    return named or fold(header) in _HASHES
