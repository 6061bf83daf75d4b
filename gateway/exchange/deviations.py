"""Deviations: an item that was recalled, who had it, and whether each of them has acknowledged. Kept up to
date from what the links say the recipients hold; closed when all have acknowledged, or by a named person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway.exchange.holders import Holder, How, State, state_at
from gateway.hub import links
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.content import pack, unpack
from gateway.hub.schema.deviations import deviation, deviation_recipient

OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One recalled item. by: who recalled it; closed_by, note: who closed it by hand, and why."""

    id: str
    person: str
    item: str
    source: str
    reason: str
    state: str
    client: str
    opened: datetime
    closed: datetime | None
    by: str
    closed_by: str | None
    note: str | None
    holders: tuple[Holder, ...] = ()


def begin(connection: Connection, tenant: str, new: Deviation) -> None:
    """Note a deviation; one that nobody else had is closed at once."""
    content = {"by": new.by, "closedBy": new.closed_by, "note": new.note}
    row = {
        "tenant": tenant,
        "id": new.id,
        "person": new.person,
        "item": new.item,
        "source": new.source,
        "reason": new.reason,
        "state": new.state,
        "client": new.client,
        "opened": new.opened,
        "closed": new.closed,
        "content": pack(connection, content, new.person, deviation, tenant, new.id),
    }
    connection.execute(insert(deviation), row)
    rows = [
        {
            "tenant": tenant,
            "deviation": new.id,
            "system": one.system,
            "ref": one.ref,
            "how": one.how.value,
            "state": one.state.value,
            "closed": new.opened if one.state is State.ACKNOWLEDGED else None,
        }
        for one in new.holders
    ]
    if rows:
        connection.execute(insert(deviation_recipient), rows)
    said = Entry(
        Kind.OPERATION, new.opened, new.person, "recalled", client=new.client, subject=new.id,
        details={"item": new.item, "reason": new.reason},
    )  # fmt: skip
    entries.write(connection, tenant, [said])


def new_id() -> str:
    """Id of a deviation."""
    return str(uuid.uuid4())


def of_item(connection: Connection, tenant: str, item: str) -> Deviation | None:
    """The newest deviation about an item."""
    columns = deviation.c
    rows = connection.execute(
        select(deviation)
        .where(columns.tenant == tenant, columns.item == item)
        .order_by(columns.opened.desc(), columns.id)
        .limit(1)
    ).all()
    return _whole(connection, tenant, rows)[0] if rows else None


def listed(
    connection: Connection, tenant: str, *where: Any, limit: int, hold: bool = False
) -> list[Deviation]:
    """Deviations, oldest first. hold: nobody else changes them until the transaction ends."""
    found = (
        select(deviation)
        .where(deviation.c.tenant == tenant, *where)
        .order_by(deviation.c.opened, deviation.c.id)
        .limit(limit)
    )
    rows = connection.execute(found.with_for_update() if hold else found).all()
    return _whole(connection, tenant, rows)


def _whole(connection: Connection, tenant: str, rows: Any) -> list[Deviation]:
    columns = deviation_recipient.c
    wanted = [row.id for row in rows]
    own: dict[str, list[Holder]] = {}
    for r in connection.execute(
        select(deviation_recipient)
        .where(columns.tenant == tenant, columns.deviation.in_(wanted))
        .order_by(columns.system, columns.ref)
    ):
        own.setdefault(r.deviation, []).append(Holder(r.system, r.ref, How(r.how), State(r.state), r.closed))
    return [_deviation(connection, row, tuple(own.get(row.id, ()))) for row in rows]


def _deviation(connection: Connection, row: Any, held: tuple[Holder, ...]) -> Deviation:
    content: Mapping[str, Any] = unpack(connection, row.content, deviation, row.tenant, row.id)
    return Deviation(
        id=row.id,
        person=row.person,
        item=row.item,
        source=row.source,
        reason=row.reason,
        state=row.state,
        client=row.client,
        opened=row.opened,
        closed=row.closed,
        by=content["by"],
        closed_by=content.get("closedBy"),
        note=content.get("note"),
        holders=held,
    )


def settle(connection: Connection, tenant: str, now: datetime, *, person: str | None = None) -> int:
    """Bring open deviations up to date with what the recipients hold; of one person, or all of the tenant.
    Returns how many were closed."""
    about = () if person is None else (deviation.c.person == person,)
    closed = 0
    open_ones = listed(connection, tenant, deviation.c.state == OPEN, *about, limit=1000, hold=True)
    for one in open_ones:  # held: of two runs that end at once the second sees what the first has noted
        left = [h for h in one.holders if _unsettled(connection, tenant, one.id, h, now)]
        if not left:
            closed += _end(connection, tenant, one.id, now)
    return closed


def _unsettled(connection: Connection, tenant: str, own: str, holder: Holder, now: datetime) -> bool:
    if holder.state in (State.ACKNOWLEDGED, State.BY_HAND):
        return holder.state is State.BY_HAND
    link = links.load(connection, tenant, holder.system, [holder.ref]).get(holder.ref)
    state = state_at(link) if link is not None else holder.state
    if state is not holder.state:
        columns = deviation_recipient.c
        connection.execute(
            update(deviation_recipient)
            .where(
                columns.tenant == tenant,
                columns.deviation == own,
                columns.system == holder.system,
                columns.ref == holder.ref,
            )
            .values(state=state.value, closed=now if state is State.ACKNOWLEDGED else None)
        )
    return state is not State.ACKNOWLEDGED


def _end(connection: Connection, tenant: str, own: str, now: datetime, **more: Any) -> int:
    columns = deviation.c
    result = connection.execute(
        update(deviation)
        .where(columns.tenant == tenant, columns.id == own, columns.state == OPEN)
        .values(state=CLOSED, closed=now, **more)
    )
    return int(result.rowcount)


def close(connection: Connection, tenant: str, one: Deviation, by: str, note: str, now: datetime) -> bool:
    """A named person closes it: those who could not be reached were told in another way, or nothing is left
    to do. False where it was closed before."""
    told = {"by": one.by, "closedBy": by, "note": note}
    content = pack(connection, told, one.person, deviation, tenant, one.id)
    done = _end(connection, tenant, one.id, now, content=content) == 1
    if done:
        said = Entry(Kind.OPERATION, now, one.person, "deviation closed", subject=one.id)
        entries.write(connection, tenant, [said])
    return done
