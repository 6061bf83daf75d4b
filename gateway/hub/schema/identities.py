"""The tables of who is who: merges of persons, and numbers that a person must decide about. Ids, codes and
times; who decided and why stands in `content`."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.hub.names import NativeId
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

person_merge = Table(
    "person_merge",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("kept", String(64), nullable=False),  # the person that goes on
    Column("joined", String(64), nullable=False),  # the person that became a signpost
    Column("state", String(10), nullable=False),  # standing, undone
    Column("client", String(255), nullable=False),  # by whose token it was said
    Column("created", Instant(), nullable=False),
    Column("undone", Instant()),
    Column("content", LargeBinary, nullable=False),
    Index("ix_person_merge_kept", "tenant", "kept"),
    Index("ix_person_merge_joined", "tenant", "joined"),
)

person_claim = Table(  # a log or plan came with a number that may be another's; its record waits
    "person_claim",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),  # whose log it is, or one whose number it states
    Column("other", String(64)),  # whose number it states too; None: nobody else is known
    Column("system", String(40), nullable=False),
    Column("native_id", NativeId(), nullable=False),  # of the log or plan
    Column("reason", String(20), nullable=False),  # other-person, several-persons, former-number
    Column("digest", String(64), nullable=False),  # of what was stated: the same again is the same question
    Column("state", String(10), nullable=False),  # open, same, different
    Column("created", Instant(), nullable=False),
    Column("decided", Instant()),
    Column("content", LargeBinary),  # who decided, and why
    Index("ix_person_claim_person", "tenant", "person", "state"),
    Index("ix_person_claim_native", "tenant", "system", "native_id"),
)
