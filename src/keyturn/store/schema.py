"""What is kept, as tables: the one description that statements, migrations and tests are held to.

Moments are whole microseconds since 1970 in UTC, rights a bit mask, profiles and settings JSON text, on every database
alike.  States are columns with a check.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from keyturn.core.credentials import Source
from keyturn.core.factors import FactorKind
from keyturn.core.users import Status

REVISION: Final = "0008"
"""The newest migration: a database of another revision is not opened."""

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ROW_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
"""On SQLite only a key that is called INTEGER is the row's own number, and so costs no index."""


def _one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """A column that holds one of these words and nothing else."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _states(column: str, states: type[StrEnum]) -> CheckConstraint:
    return _one_of(column, [state.value for state in states])


TENANTS: Final = Table(
    "tenants",
    METADATA,
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("guid", Text, nullable=False, unique=True),
    Column("settings", Text, nullable=False),
)

USERS: Final = Table(
    "users",
    METADATA,
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("uid", Text, nullable=False, unique=True),
    Column("tenant", BigInteger, ForeignKey("tenants.number"), nullable=False),
    Column("key", Text, nullable=False),
    Column("login", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("rights", Integer, nullable=False),
    Column("mail", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_failure", BigInteger),
    Column("wait_until", BigInteger),
    Column("deleted", Boolean, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("search", Text, nullable=False, comment="key, login, display name and addresses, case folded"),
    Column("profile", Text, nullable=False),
    Column("through", Integer, nullable=False, server_default="0", comment="rights that come through groups"),
    Column("administers", Text, nullable=False, server_default="", comment="numbers of other tenants"),
    Column("guessed_from", Text, nullable=False, server_default="", comment="where wrong passwords came from"),
    UniqueConstraint("tenant", "key"),
    UniqueConstraint("tenant", "login"),
    _states("status", Status),
)
"""Users, deleted ones too: their names stay reserved."""

GROUPS: Final = Table(
    "groups",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("tenant", BigInteger, ForeignKey("tenants.number"), nullable=False),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("rights", Integer, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("tenant", "folded"),
)

MEMBERS: Final = Table(
    "members",
    METADATA,
    Column("group", Text, ForeignKey("groups.uid"), primary_key=True),
    Column("member", Text, primary_key=True, index=True),
    Column("is_group", Boolean, nullable=False),
)
"""Users and groups by the group that they are direct members of."""

ADDRESSES: Final = Table(
    "addresses",
    METADATA,
    Column("number", ROW_NUMBER, ForeignKey("users.number"), primary_key=True),
    Column("folded", Text, primary_key=True),
    Column("tenant", BigInteger, nullable=False),
    Index(None, "tenant", "folded"),
)
"""Every mail address of every user, case folded, to find out whether one is taken."""

GRANTS: Final = Table(
    "grants",
    METADATA,
    Column("number", ROW_NUMBER, ForeignKey("users.number"), primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("application", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

CREDENTIALS: Final = Table(
    "credentials",
    METADATA,
    Column("number", ROW_NUMBER, ForeignKey("users.number"), primary_key=True, autoincrement=False),
    Column("verifier", Text, nullable=False),
    Column("pepper_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("operation", Text, nullable=False),
    Column("derive_id", Text, nullable=False),
    _states("source", Source),
)
"""One verifier a user.  It goes by the user's number, so that a batch of neighbours touches few pages."""

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False, index=True),
    Column("tenant", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("scopes", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("door", Text, nullable=False, server_default=""),
    Column("stage", Text, nullable=False, server_default=""),
    _one_of("kind", ("user", "key")),
)

FACTORS: Final = Table(
    "factors",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("uid", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    Column("material", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("used", BigInteger),
    _states("kind", FactorKind),
)
"""Second factors and recovery codes by user."""

CHALLENGES: Final = Table(
    "challenges",
    METADATA,
    Column("holder", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)
"""What passkeys must sign, one for each who asked."""

MISSES: Final = Table(
    "misses",
    METADATA,
    Column("id", ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
)
"""One row: how many wrong passwords came for accounts that are not there or have no guess left."""

LINKS: Final = Table(
    "links",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("uid", Text, nullable=False, index=True),
    Column("operation", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("place", ROW_NUMBER, Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant", BigInteger, nullable=False),
    Column("uid", Text, nullable=False, index=True),
    Column("template", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("derive_id", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("settled", BigInteger),
    Index(None, "state", "not_before"),
    _one_of("template", ("secret", "link", "value", "notice", "address", "factor")),
    _one_of("state", ("waiting", "sending", "sent", "failed", "cancelled")),
)

ADDRESS_CHANGES: Final = Table(
    "address_changes",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)
"""Users with a new mail address that nobody of rank stands for, and since when."""

KEYS: Final = Table(
    "keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("rights", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("scopes", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default="", index=True, comment="uid of the person whose it is"),
)

OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("derive_id", Text, nullable=False),
    _one_of("outcome", ("created", "changed", "unchanged")),
)

JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("number", ROW_NUMBER, Identity(), primary_key=True),
    Column("tenant", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Index(None, "tenant", "owner"),
)
"""What came of calls, kept for a day for those who made them."""

APPLICATIONS: Final = Table(
    "applications",
    METADATA,
    Column("tenant", BigInteger, ForeignKey("tenants.number"), primary_key=True, autoincrement=False),
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("ready", Boolean, nullable=False),
    Column("available", Boolean, nullable=False),
)
"""Applications by workspace; the empty id is the workspace itself."""

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("tenant", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("row", BigInteger),
    sqlite_with_rowid=False,
)

AUDIT_HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The end of each shard's chain.  Whoever holds its row is the one writer."""

AUDIT_CHECKPOINTS: Final = Table(
    "audit_checkpoints",
    METADATA,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
)
