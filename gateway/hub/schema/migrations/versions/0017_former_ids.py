"""What a system called an item before it lost it: told of again under that id, it is the same one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column, and the index it is found by."""
    op.add_column("link", sa.Column("former_id", sa.String(length=255), nullable=True))
    op.create_index("ix_link_former", "link", ["tenant", "system", "former_id"])
