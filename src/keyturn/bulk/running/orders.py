"""Turns a row into the command that is sent for it; the same command every time the row is sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from keyturn.bulk.intake.columns import PASSWORDS
from keyturn.bulk.intake.source import Source, SourceRow
from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.bulk.ports import RunKeys
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword
from keyturn.core.errors import SourceError
from keyturn.core.journal import DOUBTFUL, Row
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile


@dataclass(slots=True)
class Order:
    """One row on its way.  doubt: it was sent before and nobody knows what came of it; first_sent: when that began.

    tries: lost or busy answers so far; slowed: how often it was told to wait; attempts: how often it left, earlier
    sittings included.
    """

    number: int
    who: str
    command: Command
    doubt: bool
    first_sent: datetime | None
    tries: int = 0
    slowed: int = 0
    attempts: int = 0
    target: str = ""

    @property
    def wants_password(self) -> bool:
        """Whether the target is asked to make the password of a new user."""
        return isinstance(self.command, CreateUser) and self.command.generate

    @property
    def asking(self) -> Command:
        """The command as it leaves now: a change whose answer was lost says so, and the directory finds out."""
        if self.doubt and isinstance(self.command, ChangePassword):
            return replace(self.command, again=True)
        return self.command


class OrderBook:
    """Makes the orders of one run."""

    def __init__(self, run: str, job: Job, capabilities: Capabilities, keys: RunKeys, source: Source) -> None:
        self._run = run
        self._job = job
        self._keys = keys
        self._source = source
        self._permanent = capabilities.permanent and not capabilities.temporary
        in_file = job.password.origin is PasswordFrom.COLUMN or job.old != ""
        self._reads = job.operation is not Operation.RESET or in_file
        self._lines: Iterator[SourceRow] = source.rows() if self._reads else iter(())

    def password(self, number: int, cells: Mapping[str, str]) -> Secret | None:
        """The password of a row, or the hash of one; None when the target makes it."""
        origin = self._job.password.origin
        if origin is PasswordFrom.GENERATE:
            return self._keys.password(self._run, number, self._job.rendering)
        in_file = origin in (PasswordFrom.COLUMN, PasswordFrom.HASH)
        return Secret(cells["password"]) if in_file else self._job.password.value

    def order(self, row: Row) -> Order:
        """The order of a row.  Rows are asked for in the order of their numbers."""
        doubt = row.state in DOUBTFUL
        command, first_sent = self._asked(row), row.first_sent if doubt else None
        return Order(row.number, row.who, command, doubt, first_sent, attempts=row.attempts, target=row.target)

    def _asked(self, row: Row) -> Command:
        """What is asked for a row: by a recorded request as it stands, else by the order of the run."""
        sends = self._job.sends
        if sends is not None:
            return sends.command(row.who, self._line(row.number).record, f"{self._run}-{row.number}")
        cells = self._line(row.number).cells if self._reads else {}
        return self._command(row, cells, self.password(row.number, cells))

    def _command(self, row: Row, cells: Mapping[str, str], password: Secret | None) -> Command:
        operation = f"{self._run}-{row.number}"
        if self._job.old and password is not None:
            return ChangePassword(row.who, password, Secret(cells["old_password"]), operation)
        if self._job.operation is Operation.RESET:
            return ResetPassword(row.who, password, self._job.email, self._permanent, operation)
        profile = profile_of(cells)
        # A target may answer that it mailed to a user who has no address: what is ours goes into the handout then.
        reachable = password is None or bool(profile.mail())
        return CreateUser(
            row.who,
            profile,
            login=cells.get("login", "").strip(),
            password=None if self._job.password.hashed else password,
            imported=password if self._job.password.hashed else None,
            generate=password is None,
            notify=self._job.email and reachable,
            operation=operation,
        )

    def _line(self, number: int) -> SourceRow:
        for line in self._lines:
            if line.number == number:
                return line
        raise SourceError(
            f"{self._source.path.name} has no row {number} any more",
            code="KT-IN-015",
            where=str(self._source.path),
            why="the file was changed while the run was reading it",
            fix="put the file back as it was, then keyturn resume",
        )


def profile_of(cells: Mapping[str, str]) -> Profile:
    """What the file says about a person; a missing display name is made of the given and the family name."""
    text = {name: cell.strip() for name, cell in cells.items() if name not in PASSWORDS}
    given, family = text.get("given_name", ""), text.get("family_name", "")
    mail, phone = text.get("email", ""), text.get("phone", "")
    return Profile(
        display_name=text.get("display_name", "") or f"{given} {family}".strip(),
        given_name=given,
        family_name=family,
        title=text.get("title", ""),
        emails=(Contact(mail, primary=True),) if mail else (),
        phones=(Contact(phone, primary=True),) if phone else (),
        language=text.get("language", ""),
        country=text.get("country", ""),
        timezone=text.get("timezone", ""),
    )
