"""Notices of a change to what somebody signs in with."""

from typing import Final

from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None

TEMPLATES: Final = "template IN ('secret', 'link', 'value', 'notice', 'address', 'factor')"


def upgrade() -> None:
    """Widen what the outbox takes."""
    with op.batch_alter_table("outbox") as batch:  # SQLite cannot change a check: there the table is made again
        batch.drop_constraint(op.f("ck_outbox_template"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_template"), TEMPLATES)
