"""Merges of persons, numbers that a person must decide about, and since and until when a number was used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import protect

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("person", sa.Column("merged_into", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("merges", sa.Integer(), nullable=True))
    for name, kind in (
        ("patient", sa.String(length=64)),
        ("kind", sa.String(length=8)),
        ("source", sa.String(length=40)),
        ("since", sa.BigInteger()),
        ("until", sa.BigInteger()),
    ):
        op.add_column("person_identifier", sa.Column(name, kind, nullable=True))
    op.create_table(
        "person_merge",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.String(length=64), nullable=False),
        sa.Column("joined", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("client", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.BigInteger(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_person_merge_kept", "person_merge", ["tenant", "kept"])
    op.create_index("ix_person_merge_joined", "person_merge", ["tenant", "joined"])
    op.create_table(
        "person_claim",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("other", sa.String(length=64), nullable=True),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_person_claim_person", "person_claim", ["tenant", "person", "state"])
    op.create_index("ix_person_claim_native", "person_claim", ["tenant", "system", "native_id"])
    protect(op.get_bind(), "person_merge", "person_claim")
