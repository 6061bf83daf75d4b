"""Who has ever written in an item: what others have written in is not its newest author's own."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway import jsontext
from gateway.hub.writers import joined, kept
from mappings.writers import writers_of

revision = "0008"
down_revision = "0007"

_VERSIONS = sa.text(
    "SELECT tenant, ref, content FROM resource_version WHERE ref LIKE 'Provenance/%'"
    " ORDER BY tenant, ref, version"
)
_SET = sa.text("UPDATE resource SET writers = :writers WHERE tenant = :tenant AND ref = :ref")


def upgrade() -> None:
    """Add the column, and fill it from the versions there are."""
    op.add_column("resource", sa.Column("writers", sa.Text(), nullable=True))
    connection = op.get_bind()
    found = connection.execute(_VERSIONS).all()
    for (tenant, ref), rows in groupby(found, lambda row: (row.tenant, row.ref)):
        connection.execute(_SET, {"tenant": tenant, "ref": ref, "writers": kept(_ever(rows))})


def _ever(rows: Any) -> tuple[str, ...]:
    ever: tuple[str, ...] = ()
    for row in rows:
        ever = joined(ever, writers_of(jsontext.decode(row.content)))
    return ever
