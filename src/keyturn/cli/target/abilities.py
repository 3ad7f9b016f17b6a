"""What a directory can and cannot do, in words: one table for `keyturn target caps` and for the reference."""

from collections.abc import Callable, Mapping
from typing import Final

from keyturn.core.capabilities import Capabilities, Usual
from keyturn.core.evidence import Sign
from keyturn.core.users import Handle, Shown

UNDOCUMENTED: Final = "not documented"
HANDLES: Final[Mapping[Handle, str]] = {
    Handle.KEY: "id",
    Handle.LOGIN: "sign-in name",
    Handle.NUMBER: "number",
    Handle.UID: "id that the server gave them",
}
"""How administrators call the names by which users are named."""

ABILITIES: Final[Mapping[str, tuple[str, Callable[[Capabilities], object]]]] = {
    "handle": ("a file names users by their", lambda can: HANDLES[can.handle]),
    "also": ("or, as well, by their", lambda can: HANDLES[can.also] if can.also else "nothing else"),
    "longest_id": ("longest id", lambda can: can.longest_id),
    "generates": ("makes passwords up", lambda can: can.generates),
    "hands_back": ("hands back what it made up, when it is not mailed", lambda can: can.hands_back),
    "mails": ("mails passwords", lambda can: can.mails),
    "mail_shows": (
        "the mail holds a password that was given",
        lambda can: can.mails and (can.mail_shows or UNDOCUMENTED),
    ),
    "creation": ("to make users there, set first", lambda can: can.creation or "nothing"),
    "temporary": (
        "asks for a new password at the next sign-in",
        lambda can: UNDOCUMENTED if can.temporary is None else can.temporary,
    ),
    "permanent": ("can set a password for good", lambda can: can.permanent),
    "needs_old": ("a change carries the old password", lambda can: can.needs_old),
    "shortest": ("shortest password", lambda can: can.shortest),
    "longest": ("longest password", lambda can: can.longest),
    "usual": ("length that servers accept by default", lambda can: lengths(can.usual) if can.usual else None),
    "batch": ("users in one call", lambda can: can.batch),
    "repeats": ("a repeat gets the first answer again", lambda can: can.repeats),
    "validates": ("can judge a creation without doing it", lambda can: can.validates),
    "folds_case": ("ids that differ in case are one user", lambda can: can.folds_case),
    "names": ("keeps people's names and addresses", lambda can: can.names),
    "unique_mail": ("a mail address belongs to one user", lambda can: can.unique_mail),
    "groups": ("takes users into groups", lambda can: can.groups),
    "imports": ("takes hashes of passwords", lambda can: can.imports),
    "shows": ("shows of a user", lambda can: ", ".join(shown for shown in Shown if shown in can.shows) or "nothing"),
    "one_list": ("reads the list of all to look one up", lambda can: can.one_list),
    "ends_sessions": (
        "a reset ends the sessions that the user has open",
        lambda can: UNDOCUMENTED if can.ends_sessions is None else can.ends_sessions,
    ),
    "tells": ("reading back, a changed password shows by", lambda can: _signs(can.tells)),
    "may_tell": ("it may show by, too (no page says so)", lambda can: _signs(can.may_tell)),
    "reads": ("users that one reading shows", lambda can: can.reads),
    "trial": ("a password can be tried, and nothing is consumed", lambda can: can.trial),
}
"""Every field but the commands: its words, and what there is to say of it."""


def _signs(signs: tuple[Sign, ...]) -> str:
    return "; ".join(signs) or "nothing"


def lengths(usual: Usual) -> str:
    """Lengths and classes, as people say it."""
    classes = f", {usual.classes} classes of characters" if usual.classes else ""
    return f"{usual.shortest} to {usual.longest}{classes}"


def plain(value: object) -> str:
    """A value as people read it; empty where nothing is known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
