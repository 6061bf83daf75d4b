"""The table of who was erased: an id that nobody can be found by any more, and when. Who decided it and why
stands in `content`, sealed by the tenant's key."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

erasure = Table(
    "erasure",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("client", String(255), nullable=False),  # by which way in it was asked for
    Column("content", LargeBinary, nullable=False),
)
