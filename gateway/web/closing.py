"""Whether everything that was decided before a no has ended, and what may have arrived: waits as the API does
(gateway/exchange/closing.py) and tells it to a reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, select

from gateway.exchange.closing import Closing, Epoch, await_closed, epochs, look
from gateway.hub.schema.tables import disclosure
from gateway.web.desk import WebDesk

PATIENCE = 15.0  # seconds: longer than a send may last


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery whose end nobody knows. recipient: organization number of whoever runs the system."""

    recipient: str
    started: datetime


async def wait_for(desk: WebDesk, tenant: str, ref: str, since: datetime) -> None:
    """Wait until nothing decided before is under way any more, for as long as a send may last."""
    store = desk.service.store

    def begun() -> list[Epoch]:
        with store.read(tenant) as connection:
            return epochs(connection, tenant, [ref], since)

    for epoch in await run_in_threadpool(begun):
        await await_closed(store, epoch, desk.service.clock, PATIENCE)


def standing(
    connection: Connection, desk: WebDesk, tenant: str, ref: str, since: datetime
) -> tuple[bool, list[Arrival]]:
    """Whether it is closed, and what may have arrived."""
    found = [look(connection, one, desk.service.clock()) for one in epochs(connection, tenant, [ref], since)]
    return all(one.closed for one in found), _arrivals(connection, desk, tenant, found)


def _arrivals(connection: Connection, desk: WebDesk, tenant: str, found: list[Closing]) -> list[Arrival]:
    wanted = [attempt for one in found for attempt in one.may_have_arrived]
    columns = disclosure.c
    rows = connection.execute(
        select(columns.recipient, columns.started)
        .where(columns.tenant == tenant, columns.id.in_(wanted))
        .order_by(columns.started)
    )
    settings = desk.service.settings
    numbers = {system.id: system.organization for system in settings.systems}
    return [Arrival(numbers[r.recipient], r.started) for r in rows if r.recipient in numbers]
