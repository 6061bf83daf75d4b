"""How far each tenant has written in the journal beside the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "journal_mark",
        sa.Column("tenant", sa.String(length=40), primary_key=True),
        sa.Column("reached", sa.BigInteger(), nullable=False),
    )
