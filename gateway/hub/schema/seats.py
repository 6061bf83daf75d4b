"""The table of seats: who coordinates which log or plan, found by whoever asks for a working list. An index
over participants' resources, written with them; it holds keyed hashes, ids, codes and times alone."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

seat = Table(
    "seat",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("holder", String(128), primary_key=True),  # an identity's keyed hash, a participant, a unit
    Column("ref", String(128), primary_key=True),  # the participant
    Column("frame", String(128), nullable=False),  # the log or plan
    Column("role", String(20), nullable=False),
    Column("system", String(40), nullable=False),  # whose record of the participant it is
    Column("starts", Instant(), nullable=False),
    Column("ends", Instant(), nullable=False),
    Index("ix_seat_ref", "tenant", "ref"),
)
