"""Durable timers: rows with a due time. The edge timer of a person falls due when a date may change what
someone may see (a consent's start or end, a role's, a birthday); then everything is weighed anew."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

import consent
from gateway.exchange.facts import PersonFacts
from gateway.exchange.lanes import reconsider
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import timer

EDGE = "edge"
POLL = "poll"
MOST_EDGES = 100  # persons in one transaction

# Statements that run often are built once: building them costs more than running them.
_ONE = (
    timer.c.tenant == bindparam("in_tenant"),
    timer.c.kind == bindparam("in_kind"),
    timer.c.subject == bindparam("in_subject"),
)
_TENANTS_DUE = (
    select(timer.c.tenant)
    .where(timer.c.kind == bindparam("in_kind"), timer.c.due <= bindparam("now"))
    .group_by(timer.c.tenant)
    .order_by(func.min(timer.c.due))
)
_CLAIMED = select(timer).where(*_ONE).with_for_update(skip_locked=True)
_MOVED = update(timer).where(*_ONE).values(due=bindparam("to", type_=Instant()))
_HELD = _MOVED.where(timer.c.due == bindparam("until"))


def keep_edge(connection: Connection, facts: PersonFacts, now: datetime) -> None:
    """Set the person's edge timer to the next moment that may change a decision."""
    ends = [one.ends for _, one in facts.emergencies.values() if one.ends is not None and one.ends > now]
    edge = consent.edges(facts.facts, now)
    due = min([*ends, *([edge] if edge is not None else [])], default=None)
    if due is None:
        connection.execute(
            delete(timer).where(
                timer.c.tenant == facts.tenant, timer.c.kind == EDGE, timer.c.subject == facts.person
            )
        )
        return
    put(connection, facts.tenant, EDGE, facts.person, due)


def put(
    connection: Connection, tenant: str, kind: str, subject: str, due: datetime, content: Any = None
) -> None:
    """Set a timer, new or moved."""
    packed = pack(connection, content, TENANT, timer, tenant, kind, subject) if content is not None else None
    connection.execute(
        _put(connection.dialect.name),
        {"tenant": tenant, "kind": kind, "subject": subject, "due": due, "content": packed},
    )


@cache
def _put(dialect: str) -> Executable:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(timer)
    changed = {"due": statement.excluded.due, "content": statement.excluded.content}
    put: Executable = statement.on_conflict_do_update(
        index_elements=["tenant", "kind", "subject"], set_=changed
    )
    return put


def tenants_due(connection: Connection, kind: str, now: datetime) -> list[str]:
    """The tenants in which a timer of this kind is due, the one that has waited longest first."""
    return [row.tenant for row in connection.execute(_TENANTS_DUE, {"in_kind": kind, "now": now}).all()]


def run_edges(connection: Connection, tenant: str, now: datetime, limit: int = MOST_EDGES) -> int:
    """Weigh anew every person of a tenant whose edge is due. Returns how many. The next run sets the next
    edge."""
    rows = connection.execute(
        select(timer.c.tenant, timer.c.subject)
        .where(timer.c.tenant == tenant, timer.c.kind == EDGE, timer.c.due <= now)
        .order_by(timer.c.due)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        reconsider(connection, row.tenant, row.subject, now)
        connection.execute(
            delete(timer).where(
                timer.c.tenant == row.tenant, timer.c.kind == EDGE, timer.c.subject == row.subject
            )
        )
    return len(rows)


def claim_poll(
    connection: Connection, tenant: str, system: str, now: datetime, until: datetime
) -> tuple[bool, str | None]:
    """Whether it is this worker's turn to ask a system for changes, and the cursor to go on from. The turn
    lasts until `until`; a worker that dies in it is followed by another."""
    key = {"in_tenant": tenant, "in_kind": POLL, "in_subject": system}
    row = connection.execute(_CLAIMED, key).first()
    if row is None:
        exists = connection.execute(select(timer.c.due).where(*_ONE), key).first()
        if exists is None:
            put(connection, tenant, POLL, system, until)
        return exists is None, None
    if row.due > now:
        return False, None
    connection.execute(_MOVED, {**key, "to": until})
    return True, remembered(connection, row.content, tenant, POLL, system)


def remembered(connection: Connection, content: bytes | None, tenant: str, kind: str, subject: str) -> Any:
    """What was kept with a timer; None where nothing was. Raises as `unpack` does."""
    return unpack(connection, content, timer, tenant, kind, subject) if content else None


def hold_poll(connection: Connection, tenant: str, system: str, until: datetime, longer: datetime) -> bool:
    """Make a turn that lasts until `until` last longer; False if it is another's by now."""
    key = {"in_tenant": tenant, "in_kind": POLL, "in_subject": system}
    held = connection.execute(_HELD, {**key, "until": until, "to": longer})
    return held.rowcount == 1


def end_poll(
    connection: Connection, tenant: str, system: str, until: datetime, due: datetime, cursor: str | None
) -> bool:
    """The next turn, and where it goes on, if the turn that lasts until `until` is not another's by now."""
    mine = hold_poll(connection, tenant, system, until, due)
    if mine:
        put(connection, tenant, POLL, system, due, cursor)
    return mine
