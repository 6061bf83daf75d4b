"""The hub's tables. Clear columns hold only ids, types, times and codes needed for routing; what is
personal stands in one `content` column per row, sealed by the person's key (gateway/hub/content.py), and what
other systems call their records is hidden (gateway/hub/names.py).

Every row carries tenant and, where it is personal, person; every unique key starts with tenant.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    literal_column,
)

from gateway.hub.names import HiddenNames, NativeId
from gateway.hub.schema.instant import Instant

metadata = MetaData()

_ID = String(64)
_REF = String(128)  # "Goal/3f2c…"
_SYSTEM = String(40)
_NATIVE = NativeId()
_BIG = BigInteger().with_variant(Integer, "sqlite")


def _tenant() -> Column[str]:
    return Column("tenant", _SYSTEM, primary_key=True)


def _instant(name: str, *, nullable: bool = True) -> Column[datetime]:
    return Column(name, Instant(), nullable=nullable)


person = Table(
    "person",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),
    Column(
        "change_no", _BIG, nullable=False
    ),  # of the newest change; numbers are given under this row's lock
    Column("facts_no", _BIG, nullable=False),  # of the newest change that consent decisions rest on
    _instant("created", nullable=False),
    Column("merged_into", _ID),  # a signpost: who this one turned out to be
    Column("merges", Integer),  # merges and undone merges it has taken part in; None: it never has
)

person_identifier = Table(
    "person_identifier",
    metadata,
    _tenant(),
    Column("keyed_hash", String(64), primary_key=True),  # HMAC-SHA-256 of system|value
    Column("person", _ID, nullable=False),
    Column("patient", _ID),  # whose Patient states it, of persons that were merged; None: the person's own
    Column("kind", String(8)),  # fnr, dnr, fhn, duf; None: another, or stated before this column was there
    Column("source", _SYSTEM),  # the system that stated it first
    _instant("since"),
    _instant("until"),  # since then it is a former number
    Index("ix_person_identifier_person", "tenant", "person"),
)

resource = Table(  # the head: which version is the current one
    "resource",
    metadata,
    _tenant(),
    Column("ref", _REF, primary_key=True),
    Column("person", _ID, nullable=False),
    Column("type", String(40), nullable=False),
    Column("item", _REF, nullable=False),  # the focal resource of the item it belongs to
    Column("version", Integer, nullable=False),
    Column("change_no", _BIG, nullable=False),
    Column("created_by", _SYSTEM, nullable=False),  # the system the item was first written in
    _instant("first_recorded"),  # when it was first written, as its source said then
    Column(
        "writers", HiddenNames()
    ),  # of a Provenance: who has ever written in what it tells about, the author first
    Index("ix_resource_person", "tenant", "person", "change_no"),
    Index("ix_resource_item", "tenant", "item"),
)

resource_version = Table(
    "resource_version",
    metadata,
    _tenant(),
    Column("ref", _REF, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("person", _ID, nullable=False),
    Column("change_no", _BIG, nullable=False),
    Column("seq", _BIG, nullable=False),  # order within a transaction, over persons
    Column("transaction", _BIG, nullable=False),  # PostgreSQL's transaction id; the commit's order on SQLite
    Column("source", _SYSTEM, nullable=False),
    _instant("recorded"),  # when the source says it was written
    _instant("stored", nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "person", "change_no", name="uq_resource_version_change"),
    Index("ix_resource_version_feed", "tenant", "transaction", "seq"),
    Index("ix_resource_version_source", "tenant", "source", "stored"),  # what came from a system, by time
)

late_edition = Table(  # an older edition that arrived after a newer one: history, never current
    "late_edition",
    metadata,
    _tenant(),
    Column("system", _SYSTEM, primary_key=True),
    Column("native_id", _NATIVE, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("person", _ID, nullable=False),
    Column("ref", _REF, nullable=False),
    _instant("recorded", nullable=False),
    _instant("stored", nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_late_edition_person", "tenant", "person"),
)

link = Table(  # what one system calls an item, and the value it last held
    "link",
    metadata,
    _tenant(),
    Column("system", _SYSTEM, primary_key=True),
    Column("ref", _REF, primary_key=True),
    Column("person", _ID, nullable=False),
    Column("native_id", _NATIVE),  # None until the system has it
    Column("former_id", _NATIVE),  # what the system called it before it lost it
    Column("version", String(255)),  # the system's version last seen
    Column("frame", _REF),  # log or plan of that system
    _instant("changed"),  # the system's own time of the value it holds
    Column("hold", String(255)),  # why the recipient refused it, while it is held back
    Column("hold_digest", String(64)),  # of the content that was refused
    Column("content", LargeBinary, nullable=False),  # held focus, rest, candidates and previous value
    UniqueConstraint("tenant", "system", "native_id", name="uq_link_native"),
    Index("ix_link_person", "tenant", "person", "system"),
    Index("ix_link_former", "tenant", "system", "former_id"),
)

lane = Table(
    "lane",
    metadata,
    _tenant(),
    Column("person", _ID, primary_key=True),
    Column("recipient", _SYSTEM, primary_key=True),
    Column("id", _ID, nullable=False),
    Column("state", String(10), nullable=False),  # idle, waiting, running, held
    Column("cursor", _BIG, nullable=False),
    Column("facts_cursor", _BIG, nullable=False),
    Column("wake", _BIG, nullable=False),
    Column("wake_seen", _BIG, nullable=False),
    Column("run", _BIG, nullable=False),
    Column("owner", _ID),
    Column("attempts", Integer, nullable=False),
    _instant("waiting_since"),
    _instant("next_at"),  # not before this time
    _instant("deadline"),  # while running: the sends of this run end before it
    Column("last_error", String(255)),
    Column("backfill", Boolean, nullable=False, server_default=false()),  # behind live traffic
    UniqueConstraint("tenant", "id", name="uq_lane_id"),
    Index("ix_lane_claim", "tenant", "recipient", "state", "next_at"),
    Index("ix_lane_owner", "owner"),
)
# What a claim and a look for the dead read, whatever the number of lanes at rest.
_LINE = literal_column("state = 'waiting'", Boolean)
_RUNS = literal_column("state = 'running'", Boolean)
Index(
    "ix_lane_line", lane.c.tenant, lane.c.recipient, lane.c.backfill, lane.c.next_at, lane.c.person,
    postgresql_where=_LINE, sqlite_where=_LINE,
)  # fmt: skip
Index("ix_lane_running", lane.c.deadline, postgresql_where=_RUNS, sqlite_where=_RUNS)

recipient = Table(  # breaker and rate; its row is locked by each claim
    "recipient",
    metadata,
    _tenant(),
    Column("system", _SYSTEM, primary_key=True),
    Column("breaker", String(10), nullable=False),  # closed, open
    Column("failures", Integer, nullable=False),
    _instant("probe_at"),
    Column("last_error", String(255)),
    Column("tokens", Float),  # records it may be sent, as of filled_at; None: no limit, or none sent yet
    Column("backfill_tokens", Float),  # what of it the backfill may take
    _instant("filled_at"),
    _instant("backfill_at"),  # when a lane of the backfill was last claimed
)

disclosure = Table(
    "disclosure",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),
    Column("person", _ID, nullable=False),
    Column("recipient", _SYSTEM, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("state", String(10), nullable=False),  # sending, delivered, refused, unknown
    Column("run", _BIG, nullable=False),
    Column("epoch", _BIG, nullable=False),  # the person's facts number that it was decided on
    Column("owner", _ID),
    Column("client", String(255)),  # who read, for reads
    _instant("started", nullable=False),
    _instant("deadline"),
    _instant("closed"),
    Column("error", String(255)),
    Column("items", LargeBinary, nullable=False),  # [{ref, version, categories, ground, rules, consents}]
    Index("ix_disclosure_person", "tenant", "person", "started"),
    Index("ix_disclosure_open", "state", "owner"),
    Index("ix_disclosure_recipient", "tenant", "recipient", "started"),
)

waiting_record = Table(  # refers to something that has not arrived
    "waiting_record",
    metadata,
    _tenant(),
    Column("system", _SYSTEM, primary_key=True),
    Column("native_id", _NATIVE, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("waits_for", _NATIVE, nullable=False),
    _instant("received", nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_waiting_record_for", "tenant", "system", "waits_for"),
)

conflict = Table(
    "conflict",
    metadata,
    _tenant(),
    Column("id", _ID, primary_key=True),
    Column("person", _ID, nullable=False),
    Column("ref", _REF, nullable=False),
    Column("path", String(255), nullable=False),
    Column("system", _SYSTEM, nullable=False),  # whose value was not taken
    Column("state", String(10), nullable=False),  # open, decided
    _instant("created", nullable=False),
    Column("content", LargeBinary, nullable=False),  # both values, authors, times
    Index("ix_conflict_person", "tenant", "person", "state"),
)

timer = Table(
    "timer",
    metadata,
    _tenant(),
    Column(
        "kind", String(40), primary_key=True
    ),  # edge: a consent, role or birthday changes what may be seen
    Column("subject", _REF, primary_key=True),  # person id or system id
    _instant("due", nullable=False),
    Column("content", LargeBinary),
    Index("ix_timer_due", "due"),
)

idempotency = Table(
    "idempotency",
    metadata,
    _tenant(),
    Column("client", String(255), primary_key=True),
    Column("key_digest", String(64), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    _instant("created", nullable=False),
    Column("content", LargeBinary, nullable=False),  # the answer given
    Index("ix_idempotency_created", "created"),
)

directory = Table(  # organizations and practitioners: the tenant's, not a person's
    "directory",
    metadata,
    _tenant(),
    Column("kind", String(20), primary_key=True),  # Organization, Practitioner
    Column("key", _NATIVE, primary_key=True),  # organization number, HPR number
    _instant("changed", nullable=False),
    Column("content", LargeBinary, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("lock_key", BigInteger, nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("gone", Boolean, nullable=False),
    _instant("started", nullable=False),
)
