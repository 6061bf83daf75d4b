"""How far each tenant has written in the journal beside the database. A database that knows of more than the
journal holds has lost its journal, or got an older one back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from gateway.hub.schema.tables import metadata

journal_mark = Table(
    "journal_mark",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("reached", BigInteger, nullable=False),  # bytes: the end of its last line
)
