"""The table of reminders: what the coordinator of a log or plan, or the young person, is to be told about
consents and birthdays. Ids, codes and times alone; no content."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, UniqueConstraint

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

reminder = Table(
    "reminder",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("about", String(128), nullable=False),  # "Consent/…", or the age of a birthday
    Column("addressee", String(20), nullable=False),  # coordinator, young-person
    Column("at", Instant(), nullable=False),  # when that which it tells of happens, or was first seen
    Column("due", Instant(), nullable=False),  # not to be told before
    Column("told", Instant()),  # first listed
    Column("settled", Instant()),  # since then there is nothing to tell any more
    Column("done", Instant()),
    Column("done_by", String(128)),  # the participant who said so
    UniqueConstraint("tenant", "person", "kind", "about", "addressee", "at", name="uq_reminder_occasion"),
    Index("ix_reminder_open", "tenant", "done", "settled", "due"),
)
