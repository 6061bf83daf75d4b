"""The tables of what goes behind live traffic: how far the first synchronization of a recipient and an import
of a whole history have come. Ids, counts and times; an import's last answers are packed, without content."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

opening = Table(  # one pass over all persons, since routes to this recipient were opened
    "opening",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("system", String(40), primary_key=True),
    Column("routes", Text, nullable=False),  # those open then, with what they are opened for
    Column("position", String(64), nullable=False),  # the last person passed
    Column("passed", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("total", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("started", Instant(), nullable=False),
    Column("finished", Instant()),
)

import_part = Table(  # written in the transactions that take the records in
    "import_part",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("import", String(64), primary_key=True),  # digest of what is imported, and of where to
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),  # records of this part that are in
    Column("changed", Instant(), nullable=False),
    Column("answers", LargeBinary, nullable=False),  # of the last transaction
)
