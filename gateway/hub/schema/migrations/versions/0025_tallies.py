"""Counts by day, and what has been published of statistics; receipts of a recipient are found by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import protect

revision = "0025"
down_revision = "0023"


def upgrade() -> None:
    """Create the tables and the index."""
    op.create_table(
        "tally",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "kind", "system"),
    )
    op.create_table(
        "statistic",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "topic", "since"),
    )
    op.create_index("ix_receipt_recipient", "receipt", ["tenant", "recipient", "stored"])
    protect(op.get_bind(), "tally", "statistic")
