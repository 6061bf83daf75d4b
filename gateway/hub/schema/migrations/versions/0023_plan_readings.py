"""What clinicians have been shown of a plan, and answers that are not sent yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.isolation import protect

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Create the tables."""
    for table, who in (("plan_reading", "reader"), ("answer_draft", "author")):
        op.create_table(
            table,
            sa.Column("tenant", sa.String(length=40), nullable=False),
            sa.Column(who, sa.String(length=128), nullable=False),
            sa.Column("person", sa.String(length=64), nullable=False),
            sa.Column("at", Instant(), nullable=False),
            sa.Column("content", sa.LargeBinary(), nullable=False),
            sa.PrimaryKeyConstraint("tenant", who),
        )
        op.create_index(f"ix_{table}_person", table, ["tenant", "person"])
    protect(op.get_bind(), "plan_reading", "answer_draft")
