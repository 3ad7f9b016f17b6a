"""Keys and sessions know the scopes that a client may ask for, and those that it asked for."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add them, empty: no key so far has any."""
    for table in ("keys", "sessions"):
        op.add_column(table, sa.Column("scopes", sa.Text(), nullable=False, server_default=""))
