"""The table of notices: what somebody who coordinates a child's log or plan has to attend to. Ids, codes and
times alone; no content. (Consents and birthdays have a table of their own, reminders.py.)"""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import metadata

notice = Table(
    "notice",
    metadata,
    Column("tenant", String(40), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("kind", String(40), nullable=False),  # gateway/hub/notices.py
    Column("about", String(128), nullable=False),  # "Goal/…", or what else the kind says
    Column("frame", String(128)),  # the log or plan whose coordinators it is for; None: all of the child's
    Column("addressee", String(20), nullable=False),  # coordinator, young-person
    Column("at", Instant(), nullable=False),  # when that which it tells of happens, or was first seen
    Column("due", Instant(), nullable=False),  # not to be told before
    Column("told", Instant()),  # first listed
    Column("settled", Instant()),  # since then there is nothing to tell any more
    Column("done", Instant()),
    Column("done_by", String(128)),  # the participant who said so
    Index("ix_notice_person", "tenant", "person"),
    Index("ix_notice_open", "tenant", "done", "settled", "due"),
)
Index(
    "ix_notice_kind",
    notice.c.tenant,
    notice.c.kind,
    sqlite_where=notice.c.settled.is_(None),
    postgresql_where=notice.c.settled.is_(None),
)
Index(  # one at a time of each kind about each thing
    "uq_notice_open",
    notice.c.tenant,
    notice.c.person,
    notice.c.kind,
    notice.c.about,
    notice.c.addressee,
    unique=True,
    sqlite_where=notice.c.settled.is_(None),
    postgresql_where=notice.c.settled.is_(None),
)
