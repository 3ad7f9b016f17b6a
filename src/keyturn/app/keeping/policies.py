"""What a password must meet in a tenant, as facts; and the list of stolen passwords, loaded into a data folder."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from keyturn.app.clock import SystemClock
from keyturn.app.dialects import DIALECTS
from keyturn.app.house.build import House, Place, folder_of_keys
from keyturn.app.operator import DOOR
from keyturn.core.audit import Event
from keyturn.core.capabilities import Capabilities
from keyturn.core.directory import LOCAL
from keyturn.core.errors import ConfigError, KeyturnError, RunError
from keyturn.core.permissions import Actor
from keyturn.core.policy import Policy, ProfileName
from keyturn.core.ports import Clock
from keyturn.core.storage import Store
from keyturn.core.tenancy import Rules
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.breach_loading import load
from keyturn.crypto.breaches import FILE, About, open_breaches
from keyturn.store.opening import open_store
from keyturn.store.private import hold

__all__ = ["DOORS", "About", "Facts", "facts", "limits", "load_breaches", "loaded", "weaker"]

CLOCK: Final = SystemClock()

DOORS: Final = ("keyturn", *DIALECTS)
"""Where a password may be set: our own door, and those of the vendors."""

RANK: Final = (ProfileName.VENDOR, ProfileName.NIST_MFA, ProfileName.NIST)
"""The profiles, the weakest first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The policy of a tenant.  doors: for each with lengths of its own, the shortest and the longest password.

    listed: how many passwords stand on the list that comes with keyturn; breaches: what was loaded besides.
    """

    rules: Rules
    policy: Policy
    doors: dict[str, tuple[int, int]]
    listed: int
    breaches: About | None


def facts(house: House, tenant: int) -> Facts:
    """What holds in a tenant."""
    rules = house.parts.rules(tenant)
    policy = Policy.of(rules.profile)
    at = {door: _at(rules, limits(door)) for door in DOORS}
    usual = (policy.shortest, policy.longest)
    known = FileBlocklist()
    return Facts(
        rules,
        policy,
        {door: lengths for door, lengths in at.items() if lengths != usual},
        len(known),
        loaded(house.place),
    )


def limits(door: str) -> Capabilities:
    """What a door takes."""
    found: Capabilities = LOCAL if door == DOORS[0] else import_module(f"keyturn.dialects.{door}.wire").CAPABILITIES
    return found


def _at(rules: Rules, via: Capabilities) -> tuple[int, int]:
    policy = Policy.of(rules.profile, shortest=via.shortest, longest=via.longest)
    return policy.shortest, policy.longest


def loaded(place: Place) -> About | None:
    """What the list of stolen passwords of a directory says of itself; None when there is none.  Raises ConfigError."""
    found = open_breaches(folder_of_keys(place).parent)
    return found.about if found is not None else None


def load_breaches(
    place: Place, given: Sequence[Path], tell: Callable[[int, int], None], actor: Actor, clock: Clock = CLOCK
) -> About:
    """Load published lists of stolen passwords; the server uses them from its next start on.

    The directory is not opened for it: that a damaged list keeps from opening.
    Raises SourceError for what is no such list, ConfigError where there is no directory and while another load is under
    way, StoreError when it cannot be audited; then nothing changed.
    """
    target, now = folder_of_keys(place).parent / FILE, clock.now()
    try:
        held = hold(target)
    except RunError as error:
        raise ConfigError("another load is under way", code="KT-POL-024", why=error.why) from error
    try:
        with closing(open_store(place.store())) as store:
            return load(given, target, now, tell, lambda about: _audit(store, now, actor, about))
    except OSError as error:
        why = error.strerror or str(error)
        raise KeyturnError(
            "the list cannot be loaded", code="KT-POL-023", where=str(error.filename or given[0]), why=why
        ) from error
    finally:
        held.release()


def _audit(store: Store, now: datetime, actor: Actor, about: About) -> None:
    detail = f"{about.entries} of {about.source}"[:200]
    with store.writing() as transaction:
        transaction.audit.append([Event(now, 1, actor.id, "policy.breaches", "changed", door=DOOR, detail=detail)])


def weaker(wanted: ProfileName, present: ProfileName) -> bool:
    """Whether a profile takes passwords that the other refuses."""
    return RANK.index(wanted) < RANK.index(present)
