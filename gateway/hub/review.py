"""Asks that a person's reminders be worked out anew, in the transaction that changes what they rest on: a
durable timer that is due at once. What they are is worked out elsewhere (gateway/exchange/reminders.py)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.tables import timer

REMINDERS: Final = "reminders"  # kind of the timer; its subject is the person


def ask(connection: Connection, tenant: str, persons: Iterable[str], now: datetime) -> None:
    """The facts of these persons have changed."""
    rows = [{"tenant": tenant, "kind": REMINDERS, "subject": one, "due": now} for one in sorted(set(persons))]
    if rows:
        connection.execute(_ask(connection.dialect.name), rows)


@cache
def _ask(dialect: str) -> Executable:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(timer)
    asked: Executable = statement.on_conflict_do_update(
        index_elements=["tenant", "kind", "subject"], set_={"due": statement.excluded.due}
    )
    return asked
