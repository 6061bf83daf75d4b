"""Lanes as whoever runs the gateway is told of them: what waits where, why, and which process runs it. For
the API and the pages alike; ids, states and codes, never content."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.hub.schema.tables import lane, person, recipient, worker


def rows(
    connection: Connection, tenant: str, *where: Any, limit: int, oldest_first: bool = False, skip: int = 0
) -> list[Row[Any]]:
    """Lanes of a tenant with what is known of their recipients and owners, by id; oldest_first: those that
    have waited longest before the others. skip: so many are left out in front."""
    order = (lane.c.waiting_since.is_(None), lane.c.waiting_since) if oldest_first else ()
    statement = (
        select(
            lane,
            person.c.change_no,
            recipient.c.breaker,
            recipient.c.last_error.label("breaker_error"),
            recipient.c.probe_at,
            worker.c.host,
            worker.c.pid,
            worker.c.gone,
        )
        .join(person, (person.c.tenant == lane.c.tenant) & (person.c.id == lane.c.person))
        .outerjoin(
            recipient, (recipient.c.tenant == lane.c.tenant) & (recipient.c.system == lane.c.recipient)
        )
        .outerjoin(worker, worker.c.id == lane.c.owner)
        .where(lane.c.tenant == tenant, *where)
        .order_by(*order, lane.c.id)
        .limit(limit)
        .offset(skip)
    )
    return list(connection.execute(statement).all())


def told(row: Row[Any]) -> dict[str, Any]:
    """One of them, as JSON."""
    return {
        "id": row.id,
        "patient": f"Patient/{row.person}",
        "recipient": row.recipient,
        "state": row.state,
        "behind": behind(row),
        "attempts": row.attempts,
        "waitingSince": _time(row.waiting_since),
        "nextAt": _time(row.next_at),
        "deadline": _time(row.deadline),
        "lastError": row.last_error,
        "breaker": row.breaker or "closed",
        "breakerError": row.breaker_error,
        "probeAt": _time(row.probe_at),
        "owner": _owner(row) if row.owner else None,
    }


def behind(row: Row[Any]) -> int:
    """How many changes of the person the lane has not looked at."""
    return max(0, int(row.change_no) - int(row.cursor))


def process(row: Row[Any]) -> str:
    """What is known of the process that runs the lane: seen on this machine only. A stopped one keeps its
    lanes until someone ends it."""
    if row.gone:
        return "dead"
    if row.host != socket.gethostname()[:255]:
        return "unknown"
    try:
        status = (Path("/proc") / str(row.pid) / "stat").read_text()
    except OSError:
        return "dead" if Path("/proc/self").exists() else "unknown"
    return "stopped" if status.rpartition(")")[2].split()[0] in "tT" else "running"


def _owner(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.owner, "host": row.host, "pid": row.pid, "process": process(row)}


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
