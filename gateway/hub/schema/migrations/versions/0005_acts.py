"""What named persons decide about a person: releases, objections, what is withheld, acts in danger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.instant import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "act",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("client", sa.String(length=255), nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("ends", Instant(), nullable=True),
        sa.Column("ended", Instant(), nullable=True),
        sa.Column("told", Instant(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_act_person", "act", ["tenant", "person"])
