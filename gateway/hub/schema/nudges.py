"""The table of nudges: that somebody was to be told by e-mail how many things wait for them, and what became
of it. Keyed hashes, days, counts and times; no address, no child."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

nudge = Table(
    "nudge",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("mailbox", String(64), primary_key=True),  # keyed hash of the address
    Column("day", String(10), primary_key=True),  # in Europe/Oslo: at most one a day
    Column("cases", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # gateway/consents/nudges.py
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant(), nullable=False),  # not before this time; while sending: it ends before it
    Column("closed", Instant()),
    Index("ix_nudge_state", "tenant", "state", "next_at"),
)
