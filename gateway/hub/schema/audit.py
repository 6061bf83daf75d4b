"""The tables of the audit: what was done, by whom, about whom, and the chain over it. Ids, codes and times;
what else belongs to an entry stands in `content`. Rows are added to both, never changed and never deleted."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    FetchedValue,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    literal_column,
)

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

_BIG = BigInteger().with_variant(Integer, "sqlite")

audit = Table(
    "audit",
    metadata,
    Column("tenant", String(40), primary_key=True),
    # Before the number, so that PostgreSQL gives a transaction its id before it draws one; 0 on SQLite.
    Column("transaction", _BIG, FetchedValue(), nullable=False),
    Column("number", _BIG, Identity(always=True), primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("kind", String(16), nullable=False),  # gateway.hub.audit.entries.Kind
    Column("action", String(80), nullable=False),  # "GET /fhir/{type}/{id}", "push", "consent", …
    Column("outcome", String(10), nullable=False),  # gateway.hub.audit.entries.Outcome
    Column("source", String(10), nullable=False),  # by which way in: api, page, gateway, command
    Column("person", String(64)),  # whom it is about; one entry for each
    Column("client", String(255)),  # who did it: a client's id, a participant's reference
    Column("system", String(40)),  # the system that asked, or that got it
    Column("subject", String(128)),  # what it is about: a disclosure's id, an act's, a reference
    Column("pin", LargeBinary),  # SHA-256 of the disclosure's row as it was written or closed
    Column("content", LargeBinary),
    Index("ix_audit_person", "tenant", "person", "number"),
    implicit_returning=False,
)
_CONFIGURATION = literal_column("kind = 'configuration'", Boolean)
Index(
    "ix_audit_configuration", audit.c.tenant, audit.c.number,
    postgresql_where=_CONFIGURATION, sqlite_where=_CONFIGURATION,
)  # fmt: skip

audit_block = Table(
    "audit_block",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("number", _BIG, primary_key=True, autoincrement=False),  # 1, 2, 3, …
    Column("at", Instant(), nullable=False),
    Column("low", _BIG, nullable=False),  # no entry up to this number can still come
    Column("highest", _BIG, nullable=False),  # number of an entry in this block or any before
    Column("entries", LargeBinary, nullable=False),  # of each 8 bytes of its number and 32 of its digest
    Column("previous", LargeBinary, nullable=False),  # the hash of the block before; of the first: zeros
    Column("hash", LargeBinary, nullable=False),
)
