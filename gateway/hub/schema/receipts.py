"""The tables of what sources leave out and of what recipients acknowledge. Ids, codes and times; who
acknowledged, and the words of a refusal, stand in `content`."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

absence = Table(  # an item that its source no longer tells of; a row goes when it comes back
    "absence",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("system", String(40), primary_key=True),
    Column("ref", String(128), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("since", Instant(), nullable=False),
    Column("reason", String(40), nullable=False),  # utelatt, slettet, evalueringsfrist, …
    Index("ix_absence_person", "tenant", "person"),
)

snapshot = Table(  # the last time a source said what all of it is
    "snapshot",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("system", String(40), primary_key=True),
    Column("scope", String(128), primary_key=True),  # a log or plan; "" for all the system has
    Column("taken", Instant(), nullable=False),
    Column("state", String(10), nullable=False),  # taken, doubtful
    Column("why", String(40)),  # empty, truncated, broken
    Column("items", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("ref", String(128), nullable=False),
    Column("version", Integer, nullable=False),  # of the item in the hub, as it had been delivered
    Column("recipient", String(40), nullable=False),
    Column("kind", String(10), nullable=False),  # accepted, read, rejected
    Column("at", Instant(), nullable=False),  # as the recipient says
    Column("stored", Instant(), nullable=False),
    Column("content", LargeBinary, nullable=False),  # who, and why not
    UniqueConstraint("tenant", "recipient", "ref", "version", "kind", name="uq_receipt_once"),
    Index("ix_receipt_person", "tenant", "person"),
    Index("ix_receipt_recipient", "tenant", "recipient", "stored"),
)
