"""The table of ended sharing: what a recipient holds of a person and may have no more, and the notice that
tells it so. A row goes when the recipient may have it again. Ids, codes and times alone."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

ended = Table(
    "ended",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("system", String(40), primary_key=True),  # who holds it
    Column("ref", String(128), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("notice", String(64), nullable=False),  # our id of the notice
    Column("state", String(10), nullable=False),  # open, told, refused, no-form
    Column("stored", Instant(), nullable=False),
    Column("closed", Instant()),
    Index("ix_ended_person", "tenant", "person", "system"),
)
