"""Lanes whose run did not end by itself: released once the owner is proven dead, and a sweep for wake-ups
that were lost (there should be none). Sends nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select, update

from gateway.hub.schema.tables import lane, person


def overdue(connection: Connection, now: datetime) -> list[Any]:
    """Running lanes whose deadline has passed, with their owners."""
    return list(
        connection.execute(select(lane).where(lane.c.state == "running", lane.c.deadline < now)).all()
    )


def release_dead(connection: Connection, row: Any, now: datetime) -> bool:
    """Set the lane of a dead owner waiting again. The caller has proof of the owner's death."""
    result = connection.execute(
        update(lane)
        .where(
            lane.c.tenant == row.tenant,
            lane.c.id == row.id,
            lane.c.run == row.run,
            lane.c.state == "running",
        )
        .values(
            state="waiting",
            waiting_since=now,
            next_at=now,
            owner=None,
            deadline=None,
            last_error="worker-died",
        )
    )
    return result.rowcount == 1


def sweep(connection: Connection, now: datetime) -> int:
    """Wake idle lanes that are behind their person's changes; returns how many (tests demand none)."""
    behind = exists().where(
        person.c.tenant == lane.c.tenant, person.c.id == lane.c.person, person.c.change_no > lane.c.cursor
    )
    result = connection.execute(
        update(lane)
        .where(lane.c.state == "idle", behind)
        .values(state="waiting", waiting_since=now, next_at=now, wake=lane.c.wake + 1)
    )
    return int(result.rowcount)
