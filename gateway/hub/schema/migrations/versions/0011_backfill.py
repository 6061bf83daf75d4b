"""Rate per recipient; lanes behind live ones; how far first synchronizations and imports have come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import protect

revision = "0011"
down_revision = "0010"

_WAITS = sa.text("state = 'waiting'")
_RUNS = sa.text("state = 'running'")


def upgrade() -> None:
    """Add columns, indexes and tables."""
    op.add_column("lane", sa.Column("backfill", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_lane_line",
        "lane",
        ["tenant", "recipient", "backfill", "next_at", "person"],
        unique=False,
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    )
    op.create_index(
        "ix_lane_running", "lane", ["deadline"], unique=False, postgresql_where=_RUNS, sqlite_where=_RUNS
    )
    op.add_column("recipient", sa.Column("tokens", sa.Float(), nullable=True))
    op.add_column("recipient", sa.Column("backfill_tokens", sa.Float(), nullable=True))
    op.add_column("recipient", sa.Column("filled_at", sa.BigInteger(), nullable=True))
    op.add_column("recipient", sa.Column("backfill_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "opening",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("routes", sa.Text(), nullable=False),
        sa.Column("position", sa.String(length=64), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "system"),
    )
    op.create_table(
        "import_part",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("import", sa.String(length=64), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "import", "part"),
    )
    protect(op.get_bind(), "opening", "import_part")
