"""People who log in: logins under way, sessions, and by which identities participants are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.instant import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "login_attempt",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("expires", Instant(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest"),
    )
    op.create_index("ix_login_attempt_expires", "login_attempt", ["expires"])
    op.create_table(
        "login_session",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("started", Instant(), nullable=False),
        sa.Column("seen", Instant(), nullable=False),
        sa.Column("expires", Instant(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest"),
    )
    op.create_index("ix_login_session_expires", "login_session", ["expires"])
    op.create_table(
        "participant_identity",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("keyed_hash", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "keyed_hash", "ref"),
    )
    op.create_index("ix_participant_identity_person", "participant_identity", ["tenant", "person"])
    op.create_table(
        "participant_position",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
