"""Lanes whose run did not end by itself: released once the owner is proven dead, and a sweep for wake-ups
that were lost (there should be none). Sends nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, literal_column, select, update

from gateway.hub.schema.tables import lane, person

_RUNS = lane.c.state == literal_column("'running'")  # as the index of these says it
_TENANTS_OVERDUE = select(lane.c.tenant).where(_RUNS, lane.c.deadline < bindparam("now")).distinct()


def tenants_overdue(connection: Connection, now: datetime) -> list[str]:
    """The tenants that have running lanes whose deadline has passed."""
    return [row.tenant for row in connection.execute(_TENANTS_OVERDUE, {"now": now}).all()]


def overdue(connection: Connection, tenant: str, now: datetime) -> list[Any]:
    """A tenant's running lanes whose deadline has passed, with their owners."""
    late = (lane.c.tenant == tenant, _RUNS, lane.c.deadline < now)
    return list(connection.execute(select(lane).where(*late)).all())


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


def sweep(connection: Connection, tenant: str, now: datetime) -> int:
    """Wake a tenant's idle lanes that are behind their person's changes; how many (tests demand none)."""
    behind = exists().where(
        person.c.tenant == lane.c.tenant, person.c.id == lane.c.person, person.c.change_no > lane.c.cursor
    )
    result = connection.execute(
        update(lane)
        .where(lane.c.tenant == tenant, lane.c.state == "idle", behind)
        .values(state="waiting", waiting_since=now, next_at=now, wake=lane.c.wake + 1)
    )
    return int(result.rowcount)
