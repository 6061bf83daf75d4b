"""What sources leave out, what of theirs is all, and what recipients acknowledge. What was noted as a
conflict because a system had deleted it is flagged as missing there instead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import lifted, protect

revision = "0014"
down_revision = "0013"

_FLAG = sa.text(
    "INSERT INTO absence (tenant, system, ref, person, since, reason)"
    " SELECT tenant, system, ref, person, min(created), 'slettet' FROM conflict"
    " WHERE path = '(deleted)' AND state = 'open' GROUP BY tenant, system, ref, person"
)
_DECIDED = sa.text("UPDATE conflict SET state = 'decided' WHERE path = '(deleted)' AND state = 'open'")


def upgrade() -> None:
    """Add the tables, and move what belongs there."""
    op.create_table(
        "absence",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "system", "ref"),
    )
    op.create_index("ix_absence_person", "absence", ["tenant", "person"], unique=False)
    op.create_table(
        "snapshot",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "system", "scope"),
    )
    _receipts()
    connection = op.get_bind()
    with lifted(connection, "conflict"):
        connection.execute(_FLAG)
        connection.execute(_DECIDED)
    protect(connection, "absence", "snapshot", "receipt")


def _receipts() -> None:
    op.create_table(
        "receipt",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
        sa.UniqueConstraint("tenant", "recipient", "ref", "version", "kind", name="uq_receipt_once"),
    )
    op.create_index("ix_receipt_person", "receipt", ["tenant", "person"], unique=False)
