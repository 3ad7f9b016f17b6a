"""Makes a new directory: data folder, keys, store, tenant `default`, its administrator and a first API key."""

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from keyturn.app.build import DATABASE, KEYS, House, Place, open_house
from keyturn.app.dialects import FIRST_KIND
from keyturn.app.refusals import accepted, settled
from keyturn.core.audit import Event
from keyturn.core.commands import Command, CreateUser, ResetPassword
from keyturn.core.errors import ConfigError
from keyturn.core.permissions import Actor, Proof
from keyturn.core.policy import ProfileName
from keyturn.core.ports import NewKey
from keyturn.core.secret import Secret
from keyturn.core.storage import Application, Tenant
from keyturn.core.telling import settings_told, told
from keyturn.core.tenancy import Rules, WrongSetting
from keyturn.core.users import ALL_RIGHTS, Profile
from keyturn.crypto.keyfolder import create_key_folder
from keyturn.store.migrating import migrate
from keyturn.store.opening import open_store

ADMIN: Final = "admin"
DOOR: Final = "init"
FOUNDER: Final = Actor("init", "init", 1, ALL_RIGHTS, Proof.CONSOLE)
"""The actor of the first moment: there is nobody yet who could have asked."""

APPLICATIONS: Final = (Application("main", "manage"), Application("main", "iot"))


@dataclass(frozen=True, slots=True)
class Made:
    """A new directory, with the one showing of its first secrets."""

    data: Path
    tenant: Tenant
    admin: str
    password: Secret
    key: NewKey


def make_directory(place: Place, *, policy: ProfileName = ProfileName.NIST, base_url: str = "") -> Made:
    """Make it at a place.

    Raises ConfigError, having changed nothing, where there is a directory already.
    """
    settings = {"profile": policy.value, "mail": "safe", "known_values": "temporary", "base_url": base_url}
    try:
        Rules.of(settings)
    except WrongSetting as wrong:
        raise ConfigError(str(wrong), code="KT-CFG-040", fix="--base-url https://id.example.com") from wrong
    data = place.data
    if (data / KEYS).exists() or (data / DATABASE).exists():
        raise _taken(str(data))
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)
    _prepare_store(place.store())
    create_key_folder(data / KEYS)
    with closing(open_house(place)) as house:
        tenant = Tenant(1, "default", str(uuid4()), settings)
        _found(house, tenant)
        password = _administrator(house)
        door = house.administration(FOUNDER, DOOR)
        key = accepted(door.create_key(FIRST_KIND, "made by keyturn init", ALL_RIGHTS))
        return Made(data, tenant, ADMIN, password, key)


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


def _administrator(house: House) -> Secret:
    """Make the first administrator through the one door; the password is random and stays until it is changed."""
    # Derived from an operation that nobody remembers, it is as random as the key, in the form that people can type.
    password = house.parts.minter.one_time(uuid4().hex, os.urandom(16).hex())
    profile = Profile(display_name="Administrator")
    _do(house, CreateUser(ADMIN, profile, rights=ALL_RIGHTS))
    _do(house, ResetPassword(ADMIN, password, permanent=True))
    return password


def _do(house: House, command: Command) -> None:
    [outcome] = house.directory(FOUNDER, DOOR).execute([command])
    settled(outcome)


def _taken(where: str) -> ConfigError:
    return ConfigError(
        "there is a directory already",
        code="KT-CFG-024",
        where=where,
        fix="use it, or choose another place; nothing was changed",
    )
