"""A recipient's row: whether it is known to be down. One probe per interval while it is; one statement
frees all its lanes. The claim reads it under lock (gateway/exchange/lanes.py); this sends nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.config import System
from gateway.events import Event, log
from gateway.hub.schema.tables import recipient


def ensure_recipients(connection: Connection, systems: Iterable[System]) -> None:
    """A row for each system that may receive."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [{"tenant": s.tenant, "system": s.id, "breaker": "closed", "failures": 0} for s in systems]
    if rows:
        connection.execute(dialect.insert(recipient).on_conflict_do_nothing(), rows)


def trip(
    connection: Connection, system: System, now: datetime, error: str, wait: float | None, *, probe: bool
) -> None:
    """The recipient is down: only one probe per interval. The interval doubles with each probe that failed,
    up to its most; other runs that were under way when it went down do not add to it."""
    key = (recipient.c.tenant == system.tenant, recipient.c.system == system.id)
    row = connection.execute(select(recipient).where(*key).with_for_update()).one()
    if row.breaker == "open" and not probe:
        return
    if row.breaker != "open":
        log(Event.RECIPIENT_DOWN, level=logging.WARNING, system=system.id, reason=error)
    seconds = min(system.probe_seconds * 2.0 ** min(row.failures, 20), system.probe_max_seconds)
    connection.execute(
        update(recipient)
        .where(*key)
        .values(
            breaker="open",
            failures=row.failures + 1,
            probe_at=now + timedelta(seconds=wait if wait is not None else seconds),
            last_error=error[:255],
        )
    )


def reset(connection: Connection, system: System) -> None:
    """The recipient answers again; one statement frees all its lanes."""
    closed = connection.execute(
        update(recipient)
        .where(
            recipient.c.tenant == system.tenant,
            recipient.c.system == system.id,
            recipient.c.breaker == "open",
        )
        .values(breaker="closed", failures=0, probe_at=None, last_error=None)
    )
    if closed.rowcount:
        log(Event.RECIPIENT_BACK, system=system.id)
