"""Room for names of others' records as they stand when they are hidden, and the word that tells whose key
store is this database's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_WIDER = (
    ("link", "native_id"),
    ("link", "former_id"),
    ("late_edition", "native_id"),
    ("waiting_record", "native_id"),
    ("waiting_record", "waits_for"),
    ("person_claim", "native_id"),
    ("directory", "key"),
)


def upgrade() -> None:
    """PostgreSQL only notes the new length; SQLite holds nobody to one."""
    op.create_table(
        "key_word",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _WIDER:
            op.alter_column(table, column, type_=sa.String(length=1400))
