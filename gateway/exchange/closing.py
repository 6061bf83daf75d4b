"""Whether everything that was decided before a withdrawal has ended: no request begins after this has said
yes. Reads disclosures only; whoever owns one that is under way ends it.

Source: shared law.md, "Withdrawal". The epoch of a decision is the person's facts number it rests on: a run
takes it under its lane's lock, which the withdrawal's commit needs too, so none rests on older facts unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select

from gateway.exchange import disclosures, leaving
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import disclosure, person, resource
from gateway.hub.store import Store

PAUSE = 0.02  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Epoch:
    """A person's facts as they are since a withdrawal. since: when that was stored."""

    tenant: str
    person: str
    facts_no: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """closed: nothing that rests on older facts is under way. may_have_arrived: attempts that were under way
    then and whose end nobody knows."""

    closed: bool
    may_have_arrived: tuple[str, ...] = ()


def epochs(connection: Connection, tenant: str, consents: Iterable[str], since: datetime) -> list[Epoch]:
    """The epochs that begin with these consents as they are now."""
    wanted = sorted(set(consents))
    if not wanted:
        return []
    rows = connection.execute(
        select(person.c.id, person.c.facts_no)
        .join(resource, (resource.c.tenant == person.c.tenant) & (resource.c.person == person.c.id))
        .where(person.c.tenant == tenant, resource.c.ref.in_(wanted))
        .distinct()
    )
    return [Epoch(tenant, row.id, row.facts_no, since) for row in rows]


def look(connection: Connection, epoch: Epoch, now: datetime) -> Closing:
    """How it stands now. What was handed out to one who fetched it counts as under way until its deadline.
    The answer to the very request that asks has not begun, and is no news to who asks."""
    given = {"tenant": epoch.tenant, "person": epoch.person, "facts_no": epoch.facts_no, "since": epoch.since}
    own = leaving.own()
    rows = [row for row in connection.execute(_OLDER, given) if row.id not in own]
    closed = not any(
        row.state == disclosures.SENDING
        and (row.channel == "push" or row.deadline is None or row.deadline > now)
        for row in rows
    )
    open_ended = (disclosures.SENDING, disclosures.UNKNOWN)
    return Closing(closed, tuple(row.id for row in rows if row.state in open_ended))


_OLDER = (
    select(disclosure.c.id, disclosure.c.state, disclosure.c.channel, disclosure.c.deadline)
    .where(
        disclosure.c.tenant == bindparam("tenant"),
        disclosure.c.person == bindparam("person"),
        disclosure.c.epoch < bindparam("facts_no"),
        disclosure.c.channel != disclosures.EXEMPT,
        or_(
            disclosure.c.state == disclosures.SENDING,
            disclosure.c.closed >= bindparam("since", type_=Instant()),
        ),
    )
    .order_by(disclosure.c.started, disclosure.c.id)
)


async def await_closed(store: Store, epoch: Epoch, clock: Callable[[], datetime], patience: float) -> Closing:
    """Wait until it is closed, or patience (seconds) has run out."""

    def once() -> Closing:
        with store.read(epoch.tenant) as connection:
            return look(connection, epoch, clock())

    loop = asyncio.get_running_loop()
    last = loop.time() + patience
    while True:
        found = await asyncio.to_thread(once)
        if found.closed or loop.time() >= last:
            return found
        await asyncio.sleep(PAUSE)
