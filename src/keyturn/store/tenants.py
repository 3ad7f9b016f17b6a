"""Tenants, their settings, workspaces and grants."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from keyturn.core.errors import StoreError
from keyturn.core.storage import Application, Tenant
from keyturn.core.users import Grant
from keyturn.store.schema import APPLICATIONS, GRANTS, TENANTS, USERS
from keyturn.store.values import micros

_T, _A, _G = TENANTS.c, APPLICATIONS.c, GRANTS.c

ALL: Final = select(TENANTS).order_by(_T.number)
REPLACE: Final = update(TENANTS).where(_T.number == bindparam("of"))
PLACES: Final = select(APPLICATIONS).where(_A.tenant == bindparam("of")).order_by(_A.workspace, _A.id)
REPLACE_PLACE: Final = update(APPLICATIONS).where(
    _A.tenant == bindparam("of"), _A.workspace == bindparam("there"), _A.id == bindparam("wanted")
)
OWNER: Final = select(USERS.c.number).where(USERS.c.uid == bindparam("of"))
REGRANT: Final = update(GRANTS).where(
    _G.number == bindparam("of"), _G.workspace == bindparam("there"), _G.application == bindparam("wanted")
)


@dataclass(frozen=True, slots=True)
class SqlTenants:
    """Tenants, their settings, workspaces and grants."""

    connection: Connection

    def all(self) -> Sequence[Tenant]:
        """Every tenant in order of number."""
        return [
            Tenant(row.number, row.name, row.guid, json.loads(row.settings)) for row in self.connection.execute(ALL)
        ]

    def put(self, tenant: Tenant) -> None:
        """Insert or replace."""
        settings = json.dumps(dict(tenant.settings), sort_keys=True)
        values = {"name": tenant.name, "guid": tenant.guid, "settings": settings}
        if self.connection.execute(REPLACE, values | {"of": tenant.number}).rowcount == 0:
            self.connection.execute(insert(TENANTS), values | {"number": tenant.number})

    def applications(self, tenant: int) -> Sequence[Application]:
        """The applications of all workspaces; a workspace without applications has one entry with an empty id."""
        rows = self.connection.execute(PLACES, {"of": tenant}).all()
        furnished = {row.workspace for row in rows if row.id}
        return [
            Application(row.workspace, row.id, row.ready, row.available)
            for row in rows
            if row.id or row.workspace not in furnished
        ]

    def put_application(self, tenant: int, application: Application) -> None:
        """Insert or replace; an empty id makes a bare workspace."""
        values = {"ready": application.ready, "available": application.available}
        place = {"of": tenant, "there": application.workspace, "wanted": application.id}
        if self.connection.execute(REPLACE_PLACE, values | place).rowcount == 0:
            key = {"tenant": tenant, "workspace": application.workspace, "id": application.id}
            self.connection.execute(insert(APPLICATIONS), values | key)

    def grant(self, uid: str, grant: Grant) -> None:
        """Give a role in place of the one held there."""
        number = self.connection.execute(OWNER, {"of": uid}).scalar_one_or_none()
        if number is None:
            raise StoreError("a user to give a role is not there")
        values = {"role": grant.role, "at": micros(grant.at)}
        place = {"of": number, "there": grant.workspace, "wanted": grant.application}
        if self.connection.execute(REGRANT, values | place).rowcount == 0:
            key = {"number": number, "workspace": grant.workspace, "application": grant.application}
            self.connection.execute(insert(GRANTS), values | key)
