"""What one line of a handout says: the new password of one user, and what is needed to bring it to that person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from keyturn.core.secret import Secret

NAME: Final = "Name"
"""The column of a handout that every line has: the person's name, else the sign-in name."""

_TEXTS: Final = ("target", "state", "name", "login", "email", "language")


@dataclass(frozen=True, slots=True)
class Handed:
    """A user with a new password.  row: in the file of the run; user: the id there; state: of the row, in words.

    name, login, email, language: as the file of the run has them, else empty.  columns: what else was asked for, by
    header.
    """

    row: int
    user: str
    password: Secret
    target: str = ""
    state: str = ""
    name: str = ""
    login: str = ""
    email: str = ""
    language: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def sign_in(self) -> str:
        """The name to sign in with."""
        return self.login or self.user

    @property
    def person(self) -> str:
        """What to call the person."""
        return self.name or self.sign_in

    def column(self, header: str) -> str | None:
        """A value to sort or split by; None when the handout has no such column.

        >>> Handed(2, "amal", Secret("x"), columns={"Site": "Lyon"}).column("site")
        'Lyon'
        """
        known = {NAME: self.person, "user": self.user, "target": self.target, "row": f"{self.row:09}", **self.columns}
        found = {name.casefold(): value for name, value in known.items()}
        return found.get(header.strip().casefold())


def as_line(handed: Handed) -> bytes:
    """The line of the handout: JSON, what is empty left away."""
    told: dict[str, Any] = {"row": handed.row, "target": handed.target, "user": handed.user}
    told |= {"password": handed.password.reveal(), "state": handed.state}
    told |= {name: value for name in _TEXTS if name not in told and (value := getattr(handed, name))}
    if handed.columns:
        told["columns"] = dict(handed.columns)
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def read_line(line: bytes) -> Handed:
    """A line of a handout, also of one that an older keyturn wrote.  Raises ValueError for anything else."""
    told = json.loads(line)
    try:
        texts = {name: str(told.get(name, "")) for name in _TEXTS}
        columns = {str(name): str(value) for name, value in told.get("columns", {}).items()}
        return Handed(int(told["row"]), str(told["user"]), Secret(str(told["password"])), columns=columns, **texts)
    except (AttributeError, KeyError, TypeError):
        raise ValueError("this is no line of a handout") from None
