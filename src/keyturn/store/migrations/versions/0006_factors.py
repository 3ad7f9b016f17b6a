"""Second factors, what a sign-in is still short of, and keys that belong to a person."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables, empty; every sign-in is complete, and every key is the tenant's."""
    op.add_column("sessions", sa.Column("stage", sa.Text(), nullable=False, server_default=""))
    owner = sa.Column("owner", sa.Text(), nullable=False, server_default="", comment="uid of the person whose it is")
    op.add_column("keys", owner)
    op.create_index(op.f("ix_keys_owner"), "keys", ["owner"])
    op.create_table(
        "factors",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("material", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('totp', 'passkey', 'recovery')", name=op.f("ck_factors_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
        sa.UniqueConstraint("reference", name=op.f("uq_factors_reference")),
    )
    op.create_index(op.f("ix_factors_uid"), "factors", ["uid"])
    op.create_table(
        "challenges",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_challenges")),
    )
    op.create_index(op.f("ix_challenges_expires"), "challenges", ["expires"])
