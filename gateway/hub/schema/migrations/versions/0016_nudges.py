"""What became of each nudge by e-mail; and what nobody holds is found without looking at all notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import protect

revision = "0016"
down_revision = "0015"

_STANDS = sa.text("settled IS NULL")


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "nudge",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("mailbox", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "mailbox", "day"),
    )
    op.create_index("ix_nudge_state", "nudge", ["tenant", "state", "next_at"])
    protect(op.get_bind(), "nudge")
    op.create_index(
        "ix_notice_kind", "notice", ["tenant", "kind"], sqlite_where=_STANDS, postgresql_where=_STANDS
    )
