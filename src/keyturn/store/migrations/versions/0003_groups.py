"""Groups, what they give to users, users who administer other tenants, and rights over users one by one."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

OVER_USERS: Final = 1
"""What the right over users was; from now on it is the right to see them."""

REST: Final = 32 + 64 + 128
"""The rights to create, modify and delete them, which it held too."""


def upgrade() -> None:
    """Make the tables; whoever had the one right over users has the four."""
    _groups()
    _members()
    op.add_column("users", sa.Column("through", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("users", sa.Column("administers", sa.Text(), nullable=False, server_default=""))
    for name in ("users", "keys"):
        table = sa.table(name, sa.column("rights", sa.Integer()))
        holders = table.c.rights.op("&")(OVER_USERS) != 0
        op.execute(table.update().where(holders).values(rights=table.c.rights.op("|")(REST)))


def _groups() -> None:
    op.create_table(
        "groups",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("tenant", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("rights", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.number"], name=op.f("fk_groups_tenant")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_groups")),
        sa.UniqueConstraint("tenant", "folded", name=op.f("uq_groups_tenant_folded")),
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.uid"], name=op.f("fk_members_group")),
        sa.PrimaryKeyConstraint("group", "member", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_member"), "members", ["member"])
