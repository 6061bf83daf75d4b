"""The table of what named persons decide about a person: what was let go, objections, what is withheld, acts
in danger. The words stand in `content`."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

act = Table(
    "act",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # gateway.hub.acts.Kind
    Column("client", String(255), nullable=False),  # by whose token it was said
    Column("created", Instant(), nullable=False),
    Column("ends", Instant()),  # by itself
    Column("ended", Instant()),  # by somebody
    Column("told", Instant()),  # those concerned were told of it
    Column("content", LargeBinary, nullable=False),
    Index("ix_act_person", "tenant", "person"),
)
