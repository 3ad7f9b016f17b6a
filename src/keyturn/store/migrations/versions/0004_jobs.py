"""What came of calls, kept for a day for those who made them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None

ROW_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "jobs",
        sa.Column("number", ROW_NUMBER, sa.Identity(always=False), nullable=False),
        sa.Column("tenant", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_at"), "jobs", ["at"])
    op.create_index(op.f("ix_jobs_tenant_owner"), "jobs", ["tenant", "owner"])
