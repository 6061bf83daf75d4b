"""Who coordinates which log or plan; and a look at the deadlines of everybody known by now, which also finds
who coordinates there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import lifted, protect

revision = "0015"
down_revision = "0014"

_LOOK = sa.text(
    "INSERT INTO timer (tenant, kind, subject, due) SELECT tenant, 'deadlines', id, 0 FROM person"
)


def upgrade() -> None:
    """Add the table, and set the first timer of each person."""
    op.create_table(
        "seat",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("frame", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "holder", "ref"),
    )
    op.create_index("ix_seat_ref", "seat", ["tenant", "ref"])
    protect(op.get_bind(), "seat")
    with lifted(op.get_bind(), "person", "timer"):
        op.execute(_LOOK)
