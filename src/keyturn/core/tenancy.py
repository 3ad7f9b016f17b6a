"""A tenant's settings as rules that the directory can follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from typing import Final

from keyturn.core.credentials import ONE_TIME_LIFE
from keyturn.core.policy import ProfileName
from keyturn.core.ports import Clock
from keyturn.core.storage import Store

LONGEST_TEMPORARY: Final = timedelta(days=7)


@unique
class MailMode(StrEnum):
    """What `notify` mails: a one-time secret (or a link beside a known value), links only, or the value itself."""

    SAFE = "safe"
    LINK = "link"
    CONTRACT = "contract"


@unique
class KnownValues(StrEnum):
    """Whether an administrator may supply a password: as a temporary one, or not at all."""

    TEMPORARY = "temporary"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one tenant has decided.  temporary_life: how long a known value signs in before it must be changed."""

    profile: ProfileName = ProfileName.NIST
    mail: MailMode = MailMode.SAFE
    known_values: KnownValues = KnownValues.TEMPORARY
    temporary_life: timedelta = ONE_TIME_LIFE

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Rules":
        """The rules that the settings of a tenant spell out; what is not set has the default.

        Raises ValueError for a word that no rule knows, so that a typing error never weakens a tenant in silence.
        """
        hours = int(settings.get("temporary_hours", "24"))
        return cls(
            profile=ProfileName(settings.get("profile", ProfileName.NIST)),
            mail=MailMode(settings.get("mail", MailMode.SAFE)),
            known_values=KnownValues(settings.get("known_values", KnownValues.TEMPORARY)),
            temporary_life=min(timedelta(hours=hours), LONGEST_TEMPORARY),
        )


class RuleBook:
    """The rules of every tenant, read again when they are older than a second, and at once for a new tenant."""

    AGE: Final = 1.0

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._read: tuple[float, Mapping[int, Rules]] = (float("-inf"), {})

    def __call__(self, tenant: int) -> Rules:
        """The rules of a tenant by its number; the defaults for one that is not there (it has no users either)."""
        when, rules = self._read
        now = self._clock.monotonic()
        if now - when > self.AGE or tenant not in rules:
            with self._store.reading() as view:
                rules = {row.number: Rules.of(row.settings) for row in view.tenants.all()}
            self._read = (now, rules)
        return rules.get(tenant, Rules())
