"""Wake-ups: what changed about a person raises the counter of each of their lanes, without any condition.

A claim notes the counter; closing a run sets the lane waiting again if it has moved since. So none is lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, false, true, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import lane


def open_lanes(
    connection: Connection, tenant: str, persons: str | Iterable[str], recipients: Iterable[str]
) -> None:
    """A lane to each recipient, for persons that are new or newly routed; existing ones stay as they are."""
    wanted = [persons] if isinstance(persons, str) else list(persons)
    rows = [
        {
            "tenant": tenant,
            "person": person,
            "recipient": recipient,
            "id": str(uuid.uuid4()),
            "state": "idle",
            "cursor": 0,
            "facts_cursor": 0,
            "wake": 0,
            "wake_seen": 0,
            "run": 0,
            "attempts": 0,
        }
        for recipient in recipients
        for person in wanted
    ]
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(lane).on_conflict_do_nothing(), rows)


def wake(
    connection: Connection, tenant: str, persons: Iterable[str], now: datetime, *, backfill: bool = False
) -> None:
    """Raise the wake counter of all lanes of these persons; the idle ones begin to wait: behind live traffic
    if this is history that comes in (backfill), else among it, and with them what waited behind it."""
    wanted = sorted(set(persons))
    if not wanted:
        return
    given = {"in_tenant": tenant, "wanted": wanted, "at": now}
    connection.execute(_WAKE_BEHIND if backfill else _WAKE, given)


def anew(connection: Connection, tenant: str, recipient: str, persons: Iterable[str]) -> None:
    """The lanes of these persons to one recipient look at everything once more. The caller wakes them."""
    wanted = sorted(set(persons))
    if wanted:
        here = (lane.c.tenant == tenant, lane.c.recipient == recipient, lane.c.person.in_(wanted))
        connection.execute(update(lane).where(*here).values(facts_cursor=-1))


_IDLE = lane.c.state == "idle"
_AT = bindparam("at", type_=Instant())
_RAISED = (
    update(lane)
    .where(lane.c.tenant == bindparam("in_tenant"), lane.c.person.in_(bindparam("wanted", expanding=True)))
    .values(
        wake=lane.c.wake + 1,
        state=case((_IDLE, "waiting"), else_=lane.c.state),
        waiting_since=case((_IDLE, _AT), else_=lane.c.waiting_since),
        next_at=case((_IDLE, _AT), else_=lane.c.next_at),
    )
)
_WAKE = _RAISED.values(backfill=false())
_WAKE_BEHIND = _RAISED.values(backfill=case((_IDLE, true()), else_=lane.c.backfill))
