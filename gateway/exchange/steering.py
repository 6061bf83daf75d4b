"""What an operator does to a lane: hold it, let it go on, begin it anew, or doubt what its recipient still
holds; never to one that is running."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.exchange.reasons import Reason
from gateway.hub import links
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.schema.tables import lane
from gateway.intake import waiting


def hold(connection: Connection, tenant: str, lane_id: str, now: datetime, why: Reason) -> bool:
    """An operator stops a lane that is not running; it keeps its place, and why stands with it."""
    return _operate(
        connection, tenant, lane_id, ("idle", "waiting"), "lane held", now, why, state="held", last_error=why,
    )  # fmt: skip


def release(
    connection: Connection, tenant: str, lane_id: str, now: datetime, why: Reason | None = None
) -> bool:
    """An operator lets a held or sleeping lane go on at once. why: for the audit."""
    return _operate(
        connection, tenant, lane_id, ("held", "waiting", "idle"), "lane released", now, why,
        state="waiting", waiting_since=now, next_at=now, attempts=0, last_error=None,
    )  # fmt: skip


def replay(
    connection: Connection, tenant: str, lane_id: str, now: datetime, why: Reason | None = None
) -> bool:
    """Move the cursor to the start: everything the recipient may see is compared again with what it holds.
    why: for the audit."""
    return _operate(
        connection, tenant, lane_id, ("held", "waiting", "idle"), "lane replayed", now, why,
        state="waiting", waiting_since=now, next_at=now, cursor=0, facts_cursor=-1, attempts=0,
        last_error=None,
    )  # fmt: skip


def recheck(connection: Connection, tenant: str, lane_id: str, now: datetime) -> bool:
    """The recipient was restored from an older backup: everything it should hold is looked at there, and
    written again where it is not."""
    if not replay(connection, tenant, lane_id, now):
        return False
    row = connection.execute(
        select(lane.c.person, lane.c.recipient).where(lane.c.tenant == tenant, lane.c.id == lane_id)
    ).one()
    links.doubt(connection, tenant, row.recipient, row.person)
    return True


def recheck_waiting(connection: Connection, tenant: str, recipient: str) -> int:
    """The same of what it has told us and what still waits here for something else. Returns how many."""
    return waiting.doubt(connection, tenant, recipient)


def _operate(
    connection: Connection,
    tenant: str,
    lane_id: str,
    states: tuple[str, ...],
    action: str,
    now: datetime,
    why: Reason | None,
    **values: Any,
) -> bool:
    row = connection.execute(
        update(lane)
        .where(lane.c.tenant == tenant, lane.c.id == lane_id, lane.c.state.in_(states))
        .values(wake=lane.c.wake + 1, **values)
        .returning(lane.c.person, lane.c.recipient)
    ).first()
    if row is None:
        return False
    details = {"recipient": row.recipient, **({"why": why} if why else {})}
    said = Entry(Kind.OPERATION, now, row.person, action, subject=lane_id, details=details)
    entries.write(connection, tenant, [said])
    return True
