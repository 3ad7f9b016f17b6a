"""Accounts know from where they are guessed at, sessions from where they began; guesses at nobody are counted too."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None

ROW_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, empty, and the one row."""
    op.add_column(
        "users",
        sa.Column(
            "guessed_from", sa.Text(), nullable=False, server_default="", comment="where wrong passwords came from"
        ),
    )
    for name in ("source", "door"):
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_sessions_owner"), "sessions", ["owner"])
    misses = op.create_table(
        "misses",
        sa.Column("id", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misses")),
    )
    op.bulk_insert(misses, [{"id": 1, "count": 0}])
