"""Notices to those who coordinate, beside the reminders about consents and birthdays: the previous release
knows none of these kinds and never sees them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import protect

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "notice",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=128), nullable=False),
        sa.Column("frame", sa.String(length=128), nullable=True),
        sa.Column("addressee", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_notice_person", "notice", ["tenant", "person"])
    op.create_index("ix_notice_open", "notice", ["tenant", "done", "settled", "due"])
    op.create_index(
        "uq_notice_open",
        "notice",
        ["tenant", "person", "kind", "about", "addressee"],
        unique=True,
        sqlite_where=sa.text("settled IS NULL"),
        postgresql_where=sa.text("settled IS NULL"),
    )
    protect(op.get_bind(), "notice")
