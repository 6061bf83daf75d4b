"""A decision's consent epoch is the person's facts number it rests on; lanes keep none of their own."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take the column away."""
    op.drop_column("lane", "epoch")
