"""Makes a new directory: data folder, keys, store, tenant `default`, its administrator and a first API key."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from keyturn.app.config.folders import make_private_folder
from keyturn.app.dialects import FIRST_KIND
from keyturn.app.house.build import DATABASE, KEYS, House, Place, open_house
from keyturn.app.refusals import accepted, settled
from keyturn.core.audit import Event
from keyturn.core.commands import Command, CreateUser, ResetPassword
from keyturn.core.context import context_of
from keyturn.core.errors import ConfigError, KeyturnError
from keyturn.core.outcomes import Changed
from keyturn.core.permissions import Actor, Proof
from keyturn.core.policy import Policy, ProfileName, judge
from keyturn.core.ports import NewKey
from keyturn.core.secret import Secret
from keyturn.core.storage import Application, Tenant
from keyturn.core.telling import settings_told, told
from keyturn.core.tenancy import Rules, WrongSetting
from keyturn.core.users import ALL_RIGHTS, Profile
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.keyfolder import create_key_folder
from keyturn.store.migrating import migrate
from keyturn.store.opening import open_store

ADMIN: Final = "admin"
FIRST: Final = "default"
PROFILE: Final = Profile(display_name="Administrator")
DOOR: Final = "init"
FOUNDER: Final = Actor("init", "init", 1, ALL_RIGHTS, Proof.CONSOLE)
"""The actor of the first moment: there is nobody yet who could have asked."""

APPLICATIONS: Final = (Application("main", "manage"), Application("main", "iot"))


@dataclass(frozen=True, slots=True)
class Made:
    """A new directory, with the one showing of its first secrets.

    password: of the administrator; once: made here, it dies at the first sign-in, which sets another, or after a day.
    """

    data: Path
    tenant: Tenant
    admin: str
    password: Secret
    key: NewKey
    once: bool


def make_directory(
    place: Place, *, policy: ProfileName = ProfileName.NIST, base_url: str = "", password: Secret | None = None
) -> Made:
    """Make it at a place.  password: the one that the administrator has chosen; None: a one-time secret.

    Raises ConfigError, having changed nothing, where there is a directory already or the password will not do.
    """
    settings = {"profile": policy.value, "mail": "safe", "known_values": "temporary", "base_url": base_url}
    try:
        Rules.of(settings)
    except WrongSetting as wrong:
        raise ConfigError(str(wrong), code="KT-CFG-040", fix="--base-url https://id.example.com") from wrong
    if password is not None:
        _refuse_weak(password, policy)
    data = place.data
    if (data / KEYS).exists() or (data / DATABASE).exists():
        raise _taken(str(data))
    make_private_folder(data, fix="name a folder where you may write: keyturn init --data DIR")
    _prepare_store(place.store())
    create_key_folder(data / KEYS)
    with closing(open_house(place)) as house:
        tenant = Tenant(1, FIRST, str(uuid4()), settings)
        _found(house, tenant)
        known = _administrator(house, password)
        door = house.administration(FOUNDER, DOOR)
        key = accepted(door.create_key(FIRST_KIND, "made by keyturn init", ALL_RIGHTS))
        return Made(data, tenant, ADMIN, known, key, once=password is None)


def _prepare_store(database: str | Path) -> None:
    migrate(database)
    with closing(open_store(database)) as store, store.reading() as view:
        if view.tenants.all():
            raise _taken("the database")


def _found(house: House, tenant: Tenant) -> None:
    with house.store.writing() as transaction:
        transaction.tenants.put(tenant)
        for application in APPLICATIONS:
            transaction.tenants.put_application(tenant.number, application)
        now, detail = house.parts.clock.now(), told("number 1", settings_told({}, tenant.settings))
        transaction.audit.append(
            [
                Event(
                    now,
                    tenant.number,
                    FOUNDER.id,
                    "tenant.create",
                    "created",
                    who=tenant.name,
                    door=DOOR,
                    detail=detail,
                )
            ]
        )


def _refuse_weak(password: Secret, policy: ProfileName) -> None:
    context = context_of(ADMIN, profile=PROFILE, places=(FIRST,))
    verdict = judge(password, Policy.of(policy), FileBlocklist(), context)
    if verdict.reason is not None:
        fix = "choose another one; or none, and a one-time password is made"
        raise ConfigError("the administrator's password will not do", code="KT-POL-016", why=verdict.text, fix=fix)


def _administrator(house: House, password: Secret | None) -> Secret:
    """Make the first administrator through the one door; what signs in first is known to nobody but who starts this."""
    _do(house, CreateUser(ADMIN, PROFILE, rights=ALL_RIGHTS))
    made = _do(house, ResetPassword(ADMIN, password, permanent=password is not None))
    known = password or made
    if known is None:
        raise KeyturnError("the one door made no one-time secret", code="KT-SRV-001")
    return known


def _do(house: House, command: Command) -> Secret | None:
    [outcome] = house.directory(FOUNDER, DOOR).execute([command])
    done = settled(outcome)
    return done.secret if isinstance(done, Changed) else None


def _taken(where: str) -> ConfigError:
    return ConfigError(
        "there is a directory already",
        code="KT-CFG-024",
        where=where,
        fix="use it, or choose another place; nothing was changed",
    )
