"""Reminders about consents and birthdays; everybody known by now is looked at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table, and set the first timer of each person."""
    op.create_table(
        "reminder",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=128), nullable=False),
        sa.Column("addressee", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
        sa.UniqueConstraint(
            "tenant", "person", "kind", "about", "addressee", "at", name="uq_reminder_occasion"
        ),
    )
    op.create_index("ix_reminder_open", "reminder", ["tenant", "done", "settled", "due"], unique=False)
    op.execute("INSERT INTO timer (tenant, kind, subject, due) SELECT tenant, 'reminders', id, 0 FROM person")
