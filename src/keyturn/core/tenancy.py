"""A tenant's settings as rules that the directory can follow."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum, unique
from typing import Final

from keyturn.core.credentials import ONE_TIME_LIFE
from keyturn.core.languages import ENGLISH, LANGUAGES, best, known
from keyturn.core.policy import ProfileName
from keyturn.core.ports import Clock
from keyturn.core.storage import Store
from keyturn.core.users import Right

LONGEST_HOURS: Final = 168
MOST_WORDS: Final = 2000
"""How many characters the words of a tenant may have together: each is looked for in each password."""
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
MAILS_PER_HOUR: Final = 3
MOST_AN_HOUR: Final = 1000
MAIL_HOLD: Final = timedelta(hours=24)


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


@unique
class SecondFactor(StrEnum):
    """Of whom a second factor is required: of nobody, of whoever holds an administrative right, of everyone."""

    OFF = "off"
    ADMINISTRATORS = "administrators"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one tenant has decided.  temporary_life: how long a known value signs in before it must be changed.

    words: names of the organisation and its products, of which nobody's password may be made.
    """

    profile: ProfileName = ProfileName.NIST
    mail: MailMode = MailMode.SAFE
    known_values: KnownValues = KnownValues.TEMPORARY
    temporary_life: timedelta = ONE_TIME_LIFE
    second_factor: SecondFactor = SecondFactor.OFF
    words: tuple[str, ...] = ()
    language: str = ENGLISH
    mail_per_hour: int = MAILS_PER_HOUR
    mail_hold: timedelta = MAIL_HOLD

    def wants_second(self, rights: frozenset[Right], administers: frozenset[int]) -> bool:
        """Whether a second factor is required of somebody who effectively holds these rights, over these tenants."""
        match self.second_factor:
            case SecondFactor.EVERYONE:
                return True
            case SecondFactor.ADMINISTRATORS:
                return bool(rights or administers)
            case SecondFactor.OFF:
                return False

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Rules":
        """The rules that the settings of a tenant spell out; what is not set has the default.

        Raises WrongSetting for a value that no rule knows, so that a typing error never weakens a tenant in silence.
        """
        for name, value in settings.items():
            if not _fits(name, value):
                raise WrongSetting(name, value)
        if _short_alone(settings):
            raise WrongSetting("profile", settings["profile"], NEEDS_A_SECOND_FACTOR)
        return cls.kept(settings)

    @classmethod
    def kept(cls, settings: Mapping[str, str]) -> "Rules":
        """The rules of settings that are kept already: a value that no rule knows counts as the strictest one.

        So a tenant that came by such a value, in whatever way, still works, and is never weaker for it.
        """
        of = {name: value if _fits(name, value) else STRICTEST[name] for name, value in {**DEFAULTS, **settings}.items()
              if name in DEFAULTS}  # fmt: skip
        return cls(
            profile=ProfileName.NIST if _short_alone(of) else ProfileName(of["profile"]),
            mail=MailMode(of["mail"]),
            known_values=KnownValues(of["known_values"]),
            temporary_life=timedelta(hours=int(of["temporary_hours"])),
            second_factor=SecondFactor(of["second_factor"]),
            words=tuple(filter(None, map(str.strip, settings.get("weak_words", "").split(",")))),
            language=best(of["language"]),
            mail_per_hour=int(of["mail_per_hour"]),
            mail_hold=timedelta(hours=int(of["mail_hold"])),
        )


DEFAULTS: Final[Mapping[str, str]] = {
    "profile": ProfileName.NIST.value,
    "mail": MailMode.SAFE.value,
    "known_values": KnownValues.TEMPORARY.value,
    "temporary_hours": str(ONE_TIME_LIFE // timedelta(hours=1)),
    "second_factor": SecondFactor.OFF.value,
    "language": ENGLISH,
    "mail_per_hour": str(MAILS_PER_HOUR),
    "mail_hold": str(MAIL_HOLD // timedelta(hours=1)),
}
"""What holds for a rule that a tenant has not set."""

STRICTEST: Final[Mapping[str, str]] = {
    "profile": ProfileName.NIST.value,
    "mail": MailMode.LINK.value,
    "known_values": KnownValues.REFUSE.value,
    "temporary_hours": "1",
    "second_factor": SecondFactor.EVERYONE.value,
    "language": ENGLISH,
    "mail_per_hour": "1",
    "mail_hold": str(LONGEST_HOURS),
}

TAKES: Final[Mapping[str, str]] = {
    "profile": "one of " + ", ".join(ProfileName),
    "mail": "one of " + ", ".join(MailMode),
    "known_values": "one of " + ", ".join(KnownValues),
    "temporary_hours": f"a whole number from 1 to {LONGEST_HOURS}",
    "second_factor": "one of " + ", ".join(SecondFactor),
    "language": "one of " + ", ".join(LANGUAGES) + ", or a tag of one of them such as de-CH",
    "mail_per_hour": f"a whole number from 1 to {MOST_AN_HOUR}, or 0 for no limit",
    "mail_hold": f"a whole number of hours from 0 to {LONGEST_HOURS}",
    "base_url": "an address that begins with https:// or http://, without a user name or a password",
    "weak_words": f"names with commas between them, at most {MOST_WORDS} characters",
}
"""The settings that keyturn itself knows, and what each takes, in words."""


class WrongSetting(ValueError):
    """A setting of a tenant has a value that no rule knows; the text names it and what it takes."""

    def __init__(self, name: str, value: str, text: str = "") -> None:
        super().__init__(text or f"{name} takes {TAKES[name]}")
        self.name = name
        self.value = value


NEEDS_A_SECOND_FACTOR: Final = (
    "profile nist-mfa is only for a tenant that requires a second factor of every user (second_factor=everyone): "
    "8 characters are too few where nothing else protects an account"
)


def _short_alone(settings: Mapping[str, str]) -> bool:
    """Whether passwords of 8 characters would be all that protects an account."""
    wanted = settings.get("second_factor", SecondFactor.OFF.value)
    return settings.get("profile") == ProfileName.NIST_MFA.value and wanted != SecondFactor.EVERYONE.value


def _hours(value: str) -> bool:
    return _number(value, 1, LONGEST_HOURS)


def _number(value: str, least: int, most: int) -> bool:
    return _NUMBER.fullmatch(value) is not None and least <= int(value) <= most


def _address(value: str) -> bool:
    return re.fullmatch(r"https?://[^\s/?#@\\]+(/[^\s@\\]*)?", value) is not None


_FIT: Final[Mapping[str, Callable[[str], bool]]] = {
    "profile": frozenset(ProfileName).__contains__,
    "mail": frozenset(MailMode).__contains__,
    "known_values": frozenset(KnownValues).__contains__,
    "temporary_hours": _hours,
    "second_factor": frozenset(SecondFactor).__contains__,
    "language": lambda value: bool(known(value)),
    "mail_per_hour": lambda value: _number(value, 0, MOST_AN_HOUR),
    "mail_hold": lambda value: _number(value, 0, LONGEST_HOURS),
    "weak_words": lambda value: len(value) <= MOST_WORDS,
    "base_url": lambda value: not value or _address(value),
}


def _fits(name: str, value: str) -> bool:
    """Whether a setting may have the value; what only a dialect knows may have any."""
    return name not in _FIT or _FIT[name](value)


def _named(rules: Rules, name: str) -> Rules:
    """The rules of the tenant of that name, which is a weak word in it."""
    return replace(rules, words=(name, *rules.words))


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
                rules = {row.number: _named(Rules.kept(row.settings), row.name) for row in view.tenants.all()}
            self._read = (now, rules)
        return rules.get(tenant, Rules())
