"""The table of proofs of possession that have been shown: keyed by a hash, of no tenant. On PostgreSQL it is
UNLOGGED (gateway/hub/shown_proofs.py says why)."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

shown_proof = Table(
    "shown_proof",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the key's thumbprint and the proof's jti
    Column("ends", Instant(), nullable=False),  # when it ceases to count; of `since`: when it began
    Index("ix_shown_proof_ends", "ends"),
)
