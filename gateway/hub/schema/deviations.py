"""The tables of deviations: an item that was about the wrong person, or otherwise wrong, and had gone out;
and where it had gone. Ids, codes and times; who acted and what they wrote stands in `content`."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

deviation = Table(
    "deviation",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("item", String(128), nullable=False),
    Column("source", String(40), nullable=False),  # the system the item was made in
    Column("reason", String(40), nullable=False),
    Column("state", String(10), nullable=False),  # open, closed
    Column("client", String(255), nullable=False),
    Column("opened", Instant(), nullable=False),
    Column("closed", Instant()),
    Column("content", LargeBinary, nullable=False),  # who recalled it; who closed it by hand, and why
    Index("ix_deviation_item", "tenant", "item"),
    Index("ix_deviation_state", "tenant", "state", "opened"),
)

deviation_recipient = Table(
    "deviation_recipient",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("deviation", String(64), primary_key=True),
    Column("system", String(40), primary_key=True),
    Column("ref", String(128), primary_key=True),
    Column("how", String(10), nullable=False),  # source, delivered, within, read
    Column("state", String(12), nullable=False),  # pending, acknowledged, refused, by-hand
    Column("closed", Instant()),
)
