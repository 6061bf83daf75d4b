"""The tables of people who log in: logins under way, sessions, and by which identities participants are
found. Clear columns hold keyed hashes, digests, ids and times; the rest is in the content column."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

_BIG = BigInteger().with_variant(Integer, "sqlite")


def _tenant() -> Column[str]:
    return Column("tenant", String(40), primary_key=True)


login_attempt = Table(  # somebody is at the provider just now
    "login_attempt",
    metadata,
    _tenant(),
    Column("digest", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("login", String(40), nullable=False),
    Column("expires", Instant(), nullable=False),
    Column("content", LargeBinary, nullable=False),  # state, nonce, code verifier
    Index("ix_login_attempt_expires", "expires"),
)

login_session = Table(
    "login_session",
    metadata,
    _tenant(),
    Column("digest", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("login", String(40), nullable=False),
    Column("started", Instant(), nullable=False),
    Column("seen", Instant(), nullable=False),  # within a minute
    Column("expires", Instant(), nullable=False),
    Column("content", LargeBinary, nullable=False),  # keyed hashes of who it is, the session's own secret
    Index("ix_login_session_expires", "expires"),
)

participant_identity = Table(  # candidates: what a participant's own resource says now decides
    "participant_identity",
    metadata,
    _tenant(),
    Column("keyed_hash", String(64), primary_key=True),  # HMAC-SHA-256 of system|value
    Column("ref", String(128), primary_key=True),
    Column("person", String(64), nullable=False),
    Index("ix_participant_identity_person", "tenant", "person"),
)

participant_position = Table(  # how far the feed has been read for it
    "participant_position",
    metadata,
    _tenant(),
    Column("transaction", _BIG, nullable=False),
    Column("seq", _BIG, nullable=False),
    Column("ref", String(128), nullable=False),
)
