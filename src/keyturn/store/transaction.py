"""A reading and a writing transaction: the tables as one connection sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from keyturn.store.audit import SqlAudit
from keyturn.store.credentials import SqlCredentials
from keyturn.store.factors import SqlFactors
from keyturn.store.groups import SqlGroups
from keyturn.store.jobs import SqlJobs
from keyturn.store.keys import SqlKeys
from keyturn.store.operations import SqlOperations
from keyturn.store.outbox import SqlOutbox
from keyturn.store.sessions import SqlLinks, SqlSessions
from keyturn.store.statement import command
from keyturn.store.tenants import SqlTenants
from keyturn.store.upkeep import SqlUpkeep
from keyturn.store.users import SqlUsers


@dataclass(frozen=True, slots=True)
class SqlView:
    """A reading transaction."""

    connection: Connection

    @property
    def users(self) -> SqlUsers:
        """Users of all tenants."""
        return SqlUsers(self.connection)

    @property
    def sessions(self) -> SqlSessions:
        """Sign-ins and tokens."""
        return SqlSessions(self.connection)

    @property
    def links(self) -> SqlLinks:
        """Mailed one-time links."""
        return SqlLinks(self.connection)

    @property
    def outbox(self) -> SqlOutbox:
        """Mail decided but not yet sent."""
        return SqlOutbox(self.connection)

    @property
    def audit(self) -> SqlAudit:
        """The chain of events."""
        return SqlAudit(self.connection)

    @property
    def keys(self) -> SqlKeys:
        """API keys."""
        return SqlKeys(self.connection)

    @property
    def operations(self) -> SqlOperations:
        """Operations that their callers named."""
        return SqlOperations(self.connection)

    @property
    def tenants(self) -> SqlTenants:
        """Tenants, their settings, workspaces and grants."""
        return SqlTenants(self.connection)

    @property
    def groups(self) -> SqlGroups:
        """Groups of all tenants and who is in them."""
        return SqlGroups(self.connection)

    @property
    def jobs(self) -> SqlJobs:
        """What came of calls, for those who ask later."""
        return SqlJobs(self.connection)

    @property
    def upkeep(self) -> SqlUpkeep:
        """What is asked by those who look after the directory."""
        return SqlUpkeep(self.connection)

    @property
    def factors(self) -> SqlFactors:
        """Second factors."""
        return SqlFactors(self.connection)


@dataclass(frozen=True, slots=True)
class SqlTransaction(SqlView):
    """A writing transaction: committed when its block ends, rolled back when it raises."""

    @property
    def credentials(self) -> SqlCredentials:
        """Verifiers."""
        return SqlCredentials(self.connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that may be undone alone: rolled back when its block raises, the error passes on."""
        command(self.connection, "SAVEPOINT part")
        try:
            yield
        except BaseException:
            command(self.connection, "ROLLBACK TO SAVEPOINT part")
            command(self.connection, "RELEASE SAVEPOINT part")
            raise
        command(self.connection, "RELEASE SAVEPOINT part")
