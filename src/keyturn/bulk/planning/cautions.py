"""What to know before one says yes to a run.  A caution never stops anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.bulk.intake.columns import secret
from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.core.capabilities import Capabilities

SAFE_LENGTH: Final = 15


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to know: its code, for `keyturn explain`, and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """What reading the file has shown.  zeros: ids with leading zeros, zero: the first of them; unmailed: new users
    without an address; unused: headers that look like passwords and are not read; short: users whose password from the
    file, or for all, is a short one; people: headers of what is said of people beside the name that they are known by.
    numbers: ids that are numbers in their sheet; hidden: rows that their sheet does not show.
    alike: rows whose ids look like those of earlier ones, the first few with them, and how many there are.
    """

    zeros: int = 0
    zero: str = ""
    unmailed: int = 0
    unused: Sequence[str] = ()
    short: int = 0
    people: Sequence[str] = ()
    numbers: int = 0
    hidden: int = 0
    alike: Sequence[tuple[int, int]] = ()
    alike_count: int = 0


def unused_passwords(header: Sequence[str], job: Job) -> list[str]:
    """The headers that look like passwords and that this job does not read."""
    names = [cell.strip() for cell in header]
    read = {job.password.column, job.old, *(job.recorded.columns if job.recorded is not None else ())}
    return [name for name in names if secret(name) and name not in read]


def cautions(job: Job, capabilities: Capabilities, noticed: Noticed) -> list[Caution]:
    """Everything that can be known from the file, the order and what the target can do."""
    return [
        *_of_file(job, noticed),
        *_of_creation(job, capabilities, noticed),
        *_of_passwords(job, capabilities, noticed),
        *_of_delivery(job, capabilities, noticed),
    ]


def _of_file(job: Job, noticed: Noticed) -> list[Caution]:
    found = _of_ids(noticed)
    if job.password.column or job.old:
        what = "hashes of passwords" if job.password.hashed else "passwords in clear"
        found.append(Caution("KT-IN-022", f"the file holds {what}: delete it when the run is done"))
    if noticed.unused:
        names = ", ".join(noticed.unused)
        found.append(Caution("KT-IN-023", f"passwords seem to stand in the column {names}, which is not read"))
    return found


def _of_ids(noticed: Noticed) -> list[Caution]:
    found = []
    if noticed.zeros:
        text = f"{_counted(noticed.zeros, 'id has', 'ids have')} leading zeros ({noticed.zero} ...). They are kept."
        found.append(Caution("KT-IN-021", text))
    if noticed.numbers:
        ids = _counted(noticed.numbers, "id is a number", "ids are numbers")
        found.append(Caution("KT-IN-025", f"{ids} in the sheet: leading zeros that there once were are gone"))
    if noticed.hidden:
        rows = _counted(noticed.hidden, "row is", "rows are")
        found.append(Caution("KT-IN-026", f"{rows} hidden in the sheet, perhaps by a filter, and would change as well"))
    if noticed.alike_count:
        ids = _counted(noticed.alike_count, "id looks", "ids look")
        rows = ", ".join(f"{row} and {first}" for row, first in noticed.alike)
        more = " ..." if noticed.alike_count > len(noticed.alike) else ""
        found.append(Caution("KT-IN-027", f"{ids} like the id of another user: rows {rows}{more}"))
    return found


def _counted(count: int, one: str, several: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {several}"


def _of_creation(job: Job, capabilities: Capabilities, noticed: Noticed) -> list[Caution]:
    found: list[Caution] = []
    if job.operation is not Operation.CREATE:
        return found
    if capabilities.creation:
        found.append(Caution("KT-TGT-013", capabilities.creation))
    if noticed.people and not capabilities.names:
        text = f"the target keeps no names and addresses of people; not kept: {', '.join(noticed.people)}"
        found.append(Caution("KT-TGT-014", text))
    return found


def _of_passwords(job: Job, capabilities: Capabilities, noticed: Noticed) -> list[Caution]:
    found = []
    length = int(job.rendering.partition(":")[2])
    if job.password.origin is PasswordFrom.GENERATE and length < SAFE_LENGTH:
        text = f"passwords have {length} characters: servers of this kind usually take no more"
        found.append(Caution("KT-POL-011", text))
    if job.password.origin is PasswordFrom.SAME:
        text = "everybody gets the same password: whoever has one account can sign in as all who have not changed it"
        found.append(Caution("KT-POL-012", text))
    if noticed.short:
        users = "1 user gets" if noticed.short == 1 else f"{noticed.short:,} users get"
        text = f"{users} a password of fewer than {SAFE_LENGTH} characters, which is guessed sooner"
        found.append(Caution("KT-POL-015", text))
    if job.ours and not job.old and not job.password.hashed and not capabilities.temporary:
        text = "nobody is asked there to choose a new password: what is set now stays until somebody changes it"
        if capabilities.temporary is None:
            text = "no page says that anybody is asked there to choose a new password: what is set now may stay"
        found.append(Caution("KT-POL-014", text))
    if capabilities.needs_old and not job.old and job.operation is Operation.RESET:
        text = "the target may ask for the present passwords: try a file of a few rows first"
        found.append(Caution("KT-TGT-011", text))
    return found


def _of_delivery(job: Job, capabilities: Capabilities, noticed: Noticed) -> list[Caution]:
    found = []
    if not job.resendable(capabilities):
        text = "a row whose answer is lost stays uncertain and is not sent again"
        text = text if job.operation is Operation.SEND else f"the target makes the passwords: {text}"
        found.append(Caution("KT-RUN-030", text))
    if job.mails_or_loses(capabilities) and job.operation is Operation.RESET:
        text = "the target makes the passwords: nobody learns that of a user who has no mail address there"
        found.append(Caution("KT-RUN-032", text))
    if job.email and job.password.origin is PasswordFrom.GENERATE and not capabilities.mail_shows:
        text = "no page says whether the password is in the target's mail: it may reach nobody; leave --email away"
        found.append(Caution("KT-RUN-032", text))
    if job.email and noticed.unmailed:
        users = "1 new user has" if noticed.unmailed == 1 else f"{noticed.unmailed:,} new users have"
        where = "they are told the password by you" if job.password.known else "the password goes into the handout"
        found.append(Caution("KT-RUN-033", f"{users} no mail address: {where}"))
    return found


def of_sign_in(lasts: float | None, needed: float | None, *, renewed: bool) -> list[Caution]:
    """What to know when the sign-in ends before the run does.

    lasts: seconds that it is still good for; needed: those that the run takes at least; None: not known.
    """
    if renewed or lasts is None or needed is None or needed < lasts:
        return []
    text = f"the sign-in is good for {span(lasts)}, this run takes about {span(needed)}: it will stop, to be resumed"
    return [Caution("KT-AUTH-008", text)]


def span(seconds: float) -> str:
    """A time as people say it.

    >>> span(95), span(250)
    ('95 s', '4 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
