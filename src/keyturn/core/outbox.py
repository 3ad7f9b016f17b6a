"""Mail decided but not yet sent, and where mail may not go yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

SECRET: Final = ("secret", "link", "value")
"""The templates that let somebody in; only the newest of them for a user is worth sending."""

OPEN: Final = ("waiting", "sending")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail decided but not yet sent.

    template: `secret`, `link`, `value` (a known value, mode `contract` only), `notice` of a reset to other addresses,
    `address`, the notice of a change to the address that was, or `factor`, that of a change to what one signs in with;
    `handed`, what is in a handout, is in no outbox.
    What it says is derived again from `operation` and `derive_id`; only `value` has `sealed`.
    state: waiting, sending, sent, failed, cancelled.  error: why it waits, failed or was cancelled.
    settled: when it was sent or failed.
    """

    id: str
    tenant: int
    uid: str
    template: str
    recipient: str
    login: str
    name: str
    language: str
    operation: str
    derive_id: str
    created: datetime
    not_before: datetime
    expires: datetime
    sealed: bytes | None = None
    state: str = "waiting"
    attempts: int = 0
    error: str = ""
    settled: datetime | None = None


class OutboxTable(Protocol):
    """Mail decided but not yet sent."""

    def put(self, mails: Sequence[Mail]) -> None:
        """Queue mails; waiting ones with a secret for the same users are cancelled."""

    def cancel(self, uids: Sequence[str]) -> None:
        """Cancel what waits for these users, but for the notice of a changed address."""

    def take(self, now: datetime, count: int, *, ahead: timedelta = timedelta(0)) -> Sequence[Mail]:
        """Mark up to `count` due mails as sending (for ten minutes) and hand them over, oldest first.

        ahead: those, too, that were tried before and are due this much later.
        """

    def settle(
        self, id: str, state: str, *, error: str = "", at: datetime | None = None, not_before: datetime | None = None
    ) -> None:
        """Record what became of a try at a moment; a sealed value is wiped unless the mail waits again."""

    def hold(self, mail: Mail, until: datetime, why: str) -> None:
        """Let a mail that was taken wait, uncounted; older notices to the same address say nothing that it does not,
        and are cancelled."""

    def lately(self, uids: Sequence[str], since: datetime) -> Sequence[tuple[str, str, str, datetime]]:
        """User, address, template and time of each mail to these users that was sent since."""

    def find(self, tenant: int, start: str) -> Sequence[Mail]:
        """The mails whose id begins so, at most two."""

    def again(self, id: str, now: datetime) -> bool:
        """Make a mail that waits or failed due now; False when it is in no such state."""

    def drop(self, id: str, why: str) -> bool:
        """Cancel one mail that is not settled; False when it is."""

    def list(self, tenant: int, *, state: str = "", uid: str = "", count: int = 100) -> Sequence[Mail]:
        """Mails, newest first."""

    def counts(self) -> Mapping[str, int]:
        """How many mails are in each state."""

    def move(self, changes: Mapping[str, datetime | None]) -> None:
        """Note since when users have a new address that nobody of rank stands for; None: it is settled."""

    def moved(self, uids: Sequence[str]) -> Mapping[str, datetime]:
        """What `move` noted of these users."""
