"""The store of reports: tables of their own, in a database of their own. Clear columns hold ids that mean
nothing elsewhere, states and times; everything else is sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

from gateway.hub.schema.instant import Instant

metadata = MetaData()

_ID = String(36)
_SYSTEM = String(40)
_ORGANIZATION = String(9)
_CODE = String(20)


def _tenant() -> Column[str]:
    return Column("tenant", _SYSTEM, primary_key=True)


def _instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant(), nullable=nullable)


def _content() -> Column[bytes]:
    return Column("content", LargeBinary, nullable=False)


report = Table(
    "report",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),  # ours; it stands in the receipt and at the recipient
    Column("source", _SYSTEM, nullable=False),  # the system that reported
    Column("record_name", String(64), nullable=False),  # keyed hash of the id it has there
    Column("author", _ORGANIZATION, nullable=False),
    Column("recipient", _SYSTEM, nullable=False),
    Column("recipient_organization", _ORGANIZATION, nullable=False),
    _instant("received"),
    _instant("assess_by"),
    _instant("answer_by"),
    _instant("investigate_by"),
    _instant("assessed", nullable=True),
    _instant("answered", nullable=True),
    _instant("investigated", nullable=True),
    _content(),
    UniqueConstraint("tenant", "source", "record_name", name="uq_report_record"),
    Index("ix_report_recipient", "tenant", "recipient", "received"),
)

feedback = Table(
    "feedback",
    metadata,
    _tenant(),
    Column("report", _ID, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", _CODE, nullable=False),
    _instant("said"),  # as child welfare says
    _instant("stored"),
    _content(),
)

dispatch = Table(  # what has to leave, and how it stands with it
    "dispatch",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),
    Column("kind", _CODE, nullable=False),  # report, discussion
    Column("recipient", _SYSTEM, nullable=False),
    Column("state", _CODE, nullable=False),  # waiting, sending, delivered, refused, unknown
    Column("urgent", Boolean, nullable=False),
    Column("run", Integer, nullable=False),  # of the newest attempt; an older one may not close it
    _instant("created"),
    _instant("next_at", nullable=True),  # None: never again
    _instant("until", nullable=True),  # a sending that is not closed by then is tried again
    _instant("closed", nullable=True),
    Column("error", String(200)),  # the recipient's status and the fields it named
    _content(),
    Index("ix_dispatch_state", "state", "next_at"),
)

reading = Table(  # who looked, and who did what
    "reading",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),
    Column("report", _ID),
    Column("client", String(255), nullable=False),
    Column("system", _SYSTEM, nullable=False),
    Column("organization", _ORGANIZATION, nullable=False),
    Column("act", _CODE, nullable=False),  # reported, read, answered, deadlines
    _instant("at"),
    Index("ix_reading_report", "tenant", "report", "at"),
)

discussion = Table(  # that a person confirmed an anonymous text; never the text, never the child
    "discussion",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),
    Column("source", _SYSTEM, nullable=False),
    Column("request_name", String(64), nullable=False),  # keyed hash of the id the sender gave it
    Column("recipient", _SYSTEM, nullable=False),
    Column("findings", Integer, nullable=False),
    _instant("confirmed"),
    _content(),  # who confirmed
    UniqueConstraint("tenant", "source", "request_name", name="uq_discussion_request"),
)

key_check = Table(  # one sealed word: a key that cannot open it is not this store's
    "key_check",
    metadata,
    Column("id", Integer, primary_key=True),
    _content(),
)
