"""Which employees and operators have logged in, and whose access has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.isolation import protect

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "acquainted",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("seen", Instant(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_acquainted_seen", "acquainted", ["tenant", "seen"])
    op.create_table(
        "ended_access",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("ending", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("ended_by", sa.String(length=255), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "identity"),
    )
    op.create_index("ix_ended_access_ending", "ended_access", ["tenant", "ending"])
    protect(op.get_bind(), "acquainted", "ended_access")
