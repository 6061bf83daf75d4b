"""Counts one day of one municipality from what the hub keeps of it anyway: what came in, what went out and
how it ended, what was acknowledged, and how long something has waited. By indexes, a day and a system at a
time; references, states and times alone, never content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, func, literal_column, select

from consent.days import day, midnight
from gateway.exchange import disclosures
from gateway.hub.receipts import Kind as Said
from gateway.hub.schema.receipts import receipt
from gateway.hub.schema.tables import disclosure, lane, resource, resource_version
from gateway.hub.tallies import Count, Kind

COUNTED: Final = (Kind.TAKEN, Kind.DELIVERED, Kind.REFUSED, Kind.HELD, Kind.UNKNOWN, Kind.RECEIPTS)
SENT: Final = ("push", "pull")
ENDED: Final = {
    disclosures.DELIVERED: Kind.DELIVERED,
    disclosures.REFUSED: Kind.REFUSED,
    disclosures.UNKNOWN: Kind.UNKNOWN,
}
WITH_OTHERS: Final = ("Patient", "Provenance")  # they come with what they belong to
Span = tuple[datetime, datetime]


def of_day(connection: Connection, tenant: str, systems: Iterable[str], on: date) -> Iterator[Count]:
    """Everything of COUNTED on one day in Norway, by system."""
    span = midnight(on), midnight(on + timedelta(days=1))
    for system in systems:
        yield Count(on, Kind.TAKEN, system, _number(connection, taken(tenant, system, span)))
        for state, error, many in connection.execute(ended(tenant, system, span)):
            kind = Kind.HELD if state == disclosures.UNSENT and error else ENDED.get(state)
            if kind is not None:
                yield Count(on, kind, system, int(many))
        yield Count(on, Kind.RECEIPTS, system, _number(connection, acknowledged(tenant, system, span)))


def waits(connection: Connection, tenant: str, now: datetime) -> Iterator[Count]:
    """How many seconds the lane has waited that has waited longest now, by recipient."""
    for recipient, since in connection.execute(waiting(tenant)):
        if since is not None and since < now:
            yield Count(day(now), Kind.WAIT, recipient, int((now - since).total_seconds()))


def waiting(tenant: str) -> Select[Any]:
    """Since when each recipient's lane waits that has waited longest."""
    columns = lane.c
    return (
        select(columns.recipient, func.min(columns.waiting_since))
        .where(columns.tenant == tenant, columns.state == literal_column("'waiting'"))  # as the index says it
        .group_by(columns.recipient)
    )


def taken(tenant: str, system: str, span: Span) -> Select[Any]:
    """How many new versions of items came from a system; what an item owns came with it."""
    columns, head = resource_version.c, resource.c
    return (
        select(func.count())
        .select_from(resource_version)
        .join(resource, (head.tenant == columns.tenant) & (head.ref == columns.ref))
        .where(
            columns.tenant == tenant,
            columns.source == system,
            columns.stored >= span[0],
            columns.stored < span[1],
            head.item == head.ref,
            head.type.not_in(WITH_OTHERS),
        )
    )


def ended(tenant: str, system: str, span: Span) -> Select[Any]:
    """How deliveries to a system ended that began in this time: (state, error, number)."""
    columns = disclosure.c
    return (
        select(columns.state, columns.error, func.count())
        .where(
            columns.tenant == tenant,
            columns.recipient == system,
            columns.started >= span[0],
            columns.started < span[1],
            columns.channel.in_(SENT),
            columns.state != disclosures.SENDING,
        )
        .group_by(columns.state, columns.error)
    )


def acknowledged(tenant: str, system: str, span: Span) -> Select[Any]:
    """How many items a recipient has acknowledged as taken over or read."""
    columns = receipt.c
    return select(func.count()).where(
        columns.tenant == tenant,
        columns.recipient == system,
        columns.stored >= span[0],
        columns.stored < span[1],
        columns.kind != Said.REJECTED.value,
    )


def _number(connection: Connection, statement: Select[Any]) -> int:
    return int(connection.execute(statement).scalar_one())
