"""`keyturn mail`: what became of the mails of a directory on this machine, and a hand on one of them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import KeyturnError
from keyturn.core.mails import facts
from keyturn.core.outbox import SECRET
from keyturn.core.outcomes import Reason, Refused

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.mails import LocalMails
    from keyturn.core.outbox import Mail

STATES = ("waiting", "sending", "sent", "failed", "cancelled")
SHORT = 12
"""So much of an id is enough to name a mail."""


@click.group()
def mail() -> None:
    """Mails of a directory on this machine: a reset that is done and a mail that is accepted are two facts.

    \b
    Examples:
      keyturn mail list --data ./directory --state waiting
      keyturn mail list --data ./directory --who amal
      keyturn mail retry 3f2a9c --data ./directory

    waiting: decided, not sent yet, and why. sending: on its way just now. sent: the relay took it. failed: given up.
    cancelled: something newer took its place.
    """


@mail.command("list")
@place_flags
@tenant_flag
@click.option("--state", type=click.Choice(STATES), default=None, help="Only in this state.")
@click.option("--who", default="", metavar="ID", help="Only to the user with this id.")
@click.option("--count", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many.")
@pass_frame
def list_mails(frame: Frame, data: Path | None, database: str, state: str | None, who: str, count: int) -> None:
    """The newest mails, the newest first; never what is in them.

    \b
      keyturn mail list --data ./directory
      keyturn mail list --data ./directory --state failed --json
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        found = accepted(_mails(house).list(who, state or "", count))
    if frame.wants_json:
        frame.json({"mails": [facts(one) for one in found]})
        return
    rows = [
        (one.id[:SHORT], f"{one.created:%Y-%m-%d %H:%M:%S}", one.login, one.recipient, one.template, told(one))
        for one in found
    ]
    frame.table(("id", "decided (UTC)", "login", "address", "what", "state"), rows, empty="no mails")
    if len(found) == count:
        frame.say(f"the newest {count:,}; --count shows more")


@mail.command()
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def retry(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """Send a mail that waits or failed as soon as the server may, also one that is held because the address is new.

    \b
      keyturn mail retry 3f2a9c --data ./directory

    ID: as in the list, or the beginning of it.  It is the same letter: no new password is made.
    """
    with opened(frame, data, database) as house:
        done = _meant(_mails(house).retry(id))
    _tell(frame, done, "is sent as soon as the server runs and its address may get mail")


@mail.command()
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def cancel(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """Send a mail that waits no more; the password that was reset stays reset.

    \b
      keyturn mail cancel 3f2a9c --data ./directory
    """
    with opened(frame, data, database) as house:
        done = _meant(_mails(house).cancel(id))
    _tell(frame, done, "is cancelled")


def told(mail: "Mail") -> str:
    """The state of a mail with what it waits for or why it ended."""
    due = f" until {mail.not_before:%Y-%m-%d %H:%M} UTC" if mail.state == "waiting" and mail.error else ""
    return f"{mail.state}{due}: {mail.error}" if mail.error else mail.state


def last_mail(house: "House", who: str) -> str:
    """What became of the last mail that lets a user in: a fact apart from the reset that made it."""
    found = _mails(house).list(who)
    secret = () if isinstance(found, Refused) else [one for one in found if one.template in SECRET]
    return f"{told(secret[0])} ({secret[0].recipient})" if secret else "none"


def _mails(house: "House") -> "LocalMails":
    from keyturn.app.operator import DOOR

    return house.administration(acting(house), DOOR).mails


def _meant(answer: "Mail | Refused") -> "Mail":
    """The mail.  Raises KeyturnError for what is none, and for one that is beyond it."""
    if isinstance(answer, Refused):
        missing = answer.reason is Reason.NO_SUCH_USER
        code = "KT-TGT-041" if missing else "KT-TGT-042"
        fix = "keyturn mail list" if missing else "keyturn user reset ID --mail"
        raise KeyturnError(f"{answer.who}: {answer.text}", code=code, fix=fix)
    return answer


def _tell(frame: Frame, done: "Mail", what: str) -> None:
    if frame.wants_json:
        frame.json(facts(done))
    else:
        frame.say(f"the mail to {done.recipient} {what}")
