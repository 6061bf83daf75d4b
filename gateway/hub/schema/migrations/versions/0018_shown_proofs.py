"""Proofs of possession (DPoP) that have been shown once, and never count again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.instant import Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the table: hashes and times of no tenant, without PostgreSQL's log."""
    op.create_table(
        "shown_proof",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ends", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )
    op.create_index("ix_shown_proof_ends", "shown_proof", ["ends"])
