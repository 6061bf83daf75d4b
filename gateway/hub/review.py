"""Asks that a person's reminders be worked out anew, in the transaction that changes what they rest on: a
durable timer that is due at once. What they are is worked out elsewhere (gateway/exchange/reminders.py, of
consents and birthdays; gateway/exchange/watching.py, of deadlines and of who holds a log)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.tables import timer

REMINDERS: Final = "reminders"  # kinds of the timers; their subject is the person
DEADLINES: Final = "deadlines"


def ask(
    connection: Connection,
    tenant: str,
    persons: Iterable[str],
    now: datetime,
    *,
    committed: Iterable[str] = (),
) -> None:
    """The facts of these persons have changed; or, of those committed, a goal, a measure or an evaluation."""
    weighed = set(persons)
    asked = {(DEADLINES, one) for one in weighed | set(committed)} | {(REMINDERS, one) for one in weighed}
    rows = [{"tenant": tenant, "kind": kind, "subject": one, "due": now} for kind, one in sorted(asked)]
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
