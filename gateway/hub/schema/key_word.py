"""The table that tells whether a key store is this database's: one word, hidden by its keys."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from gateway.hub.schema.tables import metadata

key_word = Table(
    "key_word",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("word", String(255), nullable=False),
)
