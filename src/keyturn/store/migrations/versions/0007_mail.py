"""When mails were settled, notices of a changed address, and who has a new one."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None

TEMPLATES: Final = "template IN ('secret', 'link', 'value', 'notice', 'address')"


def upgrade() -> None:
    """Widen the outbox, and make the table, empty."""
    with op.batch_alter_table("outbox") as batch:  # SQLite cannot change a check: there the table is made again
        batch.drop_constraint(op.f("ck_outbox_template"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_template"), TEMPLATES)
        batch.add_column(sa.Column("settled", sa.BigInteger()))
    op.create_table(
        "address_changes",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_address_changes")),
    )
