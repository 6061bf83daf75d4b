"""The tables of the pages for clinicians: what somebody has been shown of a plan, so that what is new can be
marked, and an answer that is not sent yet. Clear columns hold ids and times; the rest stands in `content`."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

plan_reading = Table(
    "plan_reading",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("reader", String(128), primary_key=True),  # the participant of that log or plan
    Column("person", String(64), nullable=False),
    Column("at", Instant(), nullable=False),  # shown last
    Column("content", LargeBinary, nullable=False),  # digests of what was shown, then and the time before
    Index("ix_plan_reading_person", "tenant", "person"),
)

answer_draft = Table(  # one at a time for each who takes part; it goes when it is sent or thrown away
    "answer_draft",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("author", String(128), primary_key=True),  # the participant of that log or plan
    Column("person", String(64), nullable=False),
    Column("at", Instant(), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_answer_draft_person", "tenant", "person"),
)
