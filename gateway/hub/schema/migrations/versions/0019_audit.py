"""The audit and the chain over it. The application adds to both and reads them; it can change neither."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.hub.schema.isolation import protect

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the tables."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    postgres = op.get_bind().dialect.name == "postgresql"
    now = sa.text("pg_current_xact_id()::text::bigint" if postgres else "0")
    numbered = (sa.Identity(always=True),) if postgres else ()
    op.create_table(
        "audit",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("transaction", big, server_default=now, nullable=False),
        sa.Column("number", big, *numbered, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("client", sa.String(length=255), nullable=True),
        sa.Column("system", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=True),
        sa.Column("pin", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "number"),
    )
    op.create_index("ix_audit_person", "audit", ["tenant", "person", "number"], unique=False)
    only = sa.text("kind = 'configuration'")
    op.create_index(
        "ix_audit_configuration", "audit", ["tenant", "number"], postgresql_where=only, sqlite_where=only
    )
    op.create_table(
        "audit_block",
        sa.Column("tenant", sa.String(length=40), nullable=False),
        sa.Column("number", big, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("low", big, nullable=False),
        sa.Column("highest", big, nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number"),
    )
    protect(op.get_bind(), "audit", "audit_block")
