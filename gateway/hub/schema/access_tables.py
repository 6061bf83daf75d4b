"""The tables of who may come in: employees and operators that have logged in, and whose access has ended.
Keyed hashes, ids, codes and times in the clear; what somebody is called stands in `content`."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

acquainted = Table(  # an employee or operator, as one login knows them; families never
    "acquainted",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),  # keyed hash of the login and the user there
    Column("login", String(40), nullable=False),
    Column("since", Instant(), nullable=False),  # when they first did
    Column("seen", Instant(), nullable=False),  # when they last did
    Column(
        "content", LargeBinary, nullable=False
    ),  # keyed hashes of who it is; name, HPR number, user; rights
    Index("ix_acquainted_seen", "tenant", "seen"),
)

ended_access = Table(  # whoever is known by this identity is let in no more, until it is given back
    "ended_access",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("identity", String(64), primary_key=True),  # keyed hash of an employee's identity, or of a client
    Column("ending", String(64), nullable=False),  # the same for all identities of one person
    Column("kind", String(10), nullable=False),  # person, client
    Column("at", Instant(), nullable=False),
    Column("ended_by", String(255), nullable=False),  # who ended it, as the audit names them
    Column("why", String(20), nullable=False),  # gateway/access/endings.py
    Column("content", LargeBinary, nullable=False),  # what the person or client is called
    Index("ix_ended_access_ending", "tenant", "ending"),
)
