"""What the audit says of disclosures that are about another person since a merge, or again about their own:
the entries there were stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, select, type_coerce

from gateway.hub.audit import entries, pins
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import disclosure

CHUNK: Final = 500
# As the rows are stored: times as the numbers they are.
COLUMNS: Final = tuple(
    type_coerce(column, BigInteger).label(column.name) if isinstance(column.type, Instant) else column
    for column in disclosure.c
)


def of_person(connection: Connection, tenant: str, person: str) -> list[str]:
    """Ids of the disclosures about a person."""
    about = (disclosure.c.tenant == tenant, disclosure.c.person == person)
    return sorted(connection.execute(select(disclosure.c.id).where(*about)).scalars())


def said(
    connection: Connection, tenant: str, ids: Iterable[str], new: str, now: datetime, *, ended: bool = False
) -> None:
    """These are about `new` from now on, as their rows stand now. ended: say how they ended, too."""
    every = sorted(ids)
    for start in range(0, len(every), CHUNK):
        some = every[start : start + CHUNK]
        about = (disclosure.c.tenant == tenant, disclosure.c.id.in_(some))
        rows = connection.execute(select(*COLUMNS).where(*about).order_by(disclosure.c.id)).all()
        entries.write(connection, tenant, [_entry(row, new, now) for row in rows])
        if ended:
            closed = [row for row in rows if row.state != pins.OPEN]
            entries.write(connection, tenant, [_ending(row, now) for row in closed])


def _entry(row: Any, new: str, now: datetime) -> Entry:
    pin = pins.of_begun(row._mapping)
    return Entry(Kind.MOVED, now, new, action="moved", system=row.recipient, subject=row.id, pin=pin)


def _ending(row: Any, now: datetime) -> Entry:
    pin = pins.of_ended(row._mapping)
    return Entry(Kind.CLOSED, now, action=row.state, subject=row.id, pin=pin)
