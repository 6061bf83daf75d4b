"""Deviations: an item that was recalled, who had it, and whether each of them has acknowledged. Kept up to
date from what the links say the recipients hold; closed when all have acknowledged, or by a named person."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway.exchange import disclosures
from gateway.hub import links
from gateway.hub.content import pack, unpack
from gateway.hub.links import Link
from gateway.hub.schema.deviations import deviation, deviation_recipient
from mappings import reading
from mappings.model import ITEM

OPEN, CLOSED = "open", "closed"
LEFT = (disclosures.SENDING, disclosures.DELIVERED, disclosures.UNKNOWN)


class How(StrEnum):
    """How a system came to have an item."""

    SOURCE = "source"  # it made it
    DELIVERED = "delivered"
    WITHIN = "within"  # inside another record: a plan with its measures, a document
    READ = "read"  # it read it here; what it keeps of that nobody knows


class State(StrEnum):
    """How far the recall has come there."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # it said no: someone has to tell it
    BY_HAND = "by-hand"  # no machine can: someone has to tell it


@dataclass(frozen=True, slots=True)
class Holder:
    """One system that had the item, by one of its resources."""

    system: str
    ref: str
    how: How
    state: State
    closed: datetime | None = None


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


def holders(
    connection: Connection, tenant: str, person: str, systems: Iterable[str], refs: Iterable[str]
) -> list[Holder]:
    """Every system that has, or may have, any of these resources of one item, and how it stands there."""
    wanted = sorted(set(refs))
    found: dict[tuple[str, str], Holder] = {}
    for system in sorted(systems):
        for ref, link in links.load(connection, tenant, system, wanted).items():
            if link.native_id or link.candidates:
                how = How.SOURCE if link.mine else How.DELIVERED
                state = _state(link)
                known = state if state is State.ACKNOWLEDGED else State.PENDING
                found[system, ref] = Holder(system, ref, how, known)
    linked = {system for system, _ in found}
    for told in disclosures.of_person(connection, tenant, person):
        system, left = told["recipient"], told["state"] in LEFT and told["channel"] != disclosures.EXEMPT
        if left and system not in linked:
            how = How.READ if told["channel"] == "read" else How.WITHIN
            for one in told["items"]:
                if one["ref"] in wanted:
                    found[system, one["ref"]] = Holder(system, one["ref"], how, State.BY_HAND)
    return list(found.values())


def _state(link: Link) -> State:
    held = link.held.focus.get(ITEM)
    if held is not None and not link.candidates and reading.in_error(held):
        return State.ACKNOWLEDGED
    return State.REFUSED if link.hold_digest is not None else State.PENDING


def begin(connection: Connection, tenant: str, new: Deviation) -> None:
    """Note a deviation; one that nobody else had is closed at once."""
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
        "content": pack({"by": new.by, "closedBy": new.closed_by, "note": new.note}),
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


def listed(connection: Connection, tenant: str, *where: Any, limit: int) -> list[Deviation]:
    """Deviations, oldest first."""
    rows = connection.execute(
        select(deviation)
        .where(deviation.c.tenant == tenant, *where)
        .order_by(deviation.c.opened, deviation.c.id)
        .limit(limit)
    ).all()
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
    return [_deviation(row, tuple(own.get(row.id, ()))) for row in rows]


def _deviation(row: Any, held: tuple[Holder, ...]) -> Deviation:
    content: Mapping[str, Any] = unpack(row.content)
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
    for one in listed(connection, tenant, deviation.c.state == OPEN, *about, limit=1000):
        left = [h for h in one.holders if _unsettled(connection, tenant, one.id, h, now)]
        if not left:
            closed += _end(connection, tenant, one.id, now)
    return closed


def _unsettled(connection: Connection, tenant: str, own: str, holder: Holder, now: datetime) -> bool:
    if holder.state in (State.ACKNOWLEDGED, State.BY_HAND):
        return holder.state is State.BY_HAND
    link = links.load(connection, tenant, holder.system, [holder.ref]).get(holder.ref)
    state = _state(link) if link is not None else holder.state
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
    content = pack({"by": one.by, "closedBy": by, "note": note})
    return _end(connection, tenant, one.id, now, content=content) == 1
