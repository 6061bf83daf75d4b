"""The tables of figures over time and of de-identified statistics: counts by day, and what has been shown.
They are about nobody: a count has no person, and small counts of statistics stand sealed in `content`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from gateway.hub.schema.tables import metadata

tally = Table(
    "tally",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("day", String(10), primary_key=True),  # in Europe/Oslo
    Column("kind", String(12), primary_key=True),  # gateway/hub/tallies.py
    Column("system", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

statistic = Table(  # one row each time what is shown of a topic became another
    "statistic",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("topic", String(20), primary_key=True),
    Column("since", String(10), primary_key=True),  # the day it is as of, in Europe/Oslo
    Column("content", LargeBinary, nullable=False),  # all counts of it, the small ones too
)
