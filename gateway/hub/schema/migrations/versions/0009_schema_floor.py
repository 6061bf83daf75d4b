"""The oldest release that can still work with the schema, by that release's own revision. A migration that
takes something away (contracts) raises it; until then the previous release runs beside the new one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    floor = op.create_table("schema_floor", sa.Column("oldest", sa.String(length=4), primary_key=True))
    op.bulk_insert(floor, [{"oldest": "0009"}])
