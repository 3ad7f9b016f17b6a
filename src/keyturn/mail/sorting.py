"""Decides what each mail of the outbox will say, at the moment of sending.

A mail holds no secret: it is derived again here, and only while it is still the one that opens the account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keyturn.core.errors import KeyFolderError
from keyturn.core.outbox import SECRET, Mail
from keyturn.core.secret import Secret
from keyturn.core.steps import Parts
from keyturn.core.storage import Subject, View
from keyturn.mail.letter import Stationery, flaw


@dataclass(frozen=True, slots=True)
class Post:
    """A mail with its letter; or with its final state (`failed`, `cancelled`) and why; or to wait, and why."""

    mail: Mail
    letter: bytes = b""
    final: str = ""
    why: str = ""


class Sorter:
    """Sorts mails into those that get a letter and those that do not."""

    def __init__(self, parts: Parts, stationery: Stationery) -> None:
        self._parts = parts
        self._stationery = stationery

    def sort(self, mails: Sequence[Mail], now: datetime) -> list[Post]:
        """The mails in their order.  Nothing that is wrong with one of them keeps the others from leaving."""
        with self._parts.store.reading() as view:
            owners = view.users.by_uid(list({mail.uid for mail in mails}))
            return [self._post(mail, owners, view, now) for mail in mails]

    def _post(self, mail: Mail, owners: Mapping[str, Subject], view: View, now: datetime) -> Post:
        if now >= mail.expires:
            return Post(mail, final="failed", why="its time was up before the relay took it")
        if why := flaw(mail):
            return Post(mail, final="failed", why=why)
        try:
            content = self._content(mail, owners.get(mail.uid), view)
        except KeyFolderError as error:
            return Post(mail, why=error.what)
        if content is None and mail.template in SECRET:
            return Post(mail, final="cancelled", why="something newer took its place")
        return Post(mail, self._stationery.write(mail, content))

    def _content(self, mail: Mail, owner: Subject | None, view: View) -> Secret | None:
        """What the letter hands over; None for a notice, and for what no longer opens the account."""
        minter, credential = self._parts.minter, owner.credential if owner is not None else None
        if mail.template == "link":
            token = minter.link(mail.operation, mail.uid, key_id=mail.derive_id)
            return token if view.links.find(*self._parts.hasher.digests(token)) is not None else None
        if credential is None:
            return None
        if mail.template == "secret" and credential.operation == mail.operation:
            return minter.one_time(mail.operation, mail.uid, key_id=mail.derive_id)
        if mail.template == "value" and mail.sealed is not None and credential.changed <= mail.created:
            return Secret(self._parts.sealer.open(mail.sealed, mail.id).decode())
        return None
