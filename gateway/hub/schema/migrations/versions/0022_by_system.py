"""What came from a system, and what went to it, last and day by day: found without reading all there is."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add indexes."""
    op.create_index("ix_resource_version_source", "resource_version", ["tenant", "source", "stored"])
    op.create_index("ix_disclosure_recipient", "disclosure", ["tenant", "recipient", "started"])
