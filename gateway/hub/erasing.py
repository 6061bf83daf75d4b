"""Erases a person: every row about them goes, and then the keys that their content was sealed by, so that no
copy of the database can be read either. What was told to whom and who looked stays, as ids and codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from gateway.errors import Conflict, NotFound
from gateway.hub import persons
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.deviations import deviation, deviation_recipient
from gateway.hub.schema.erasures import erasure
from gateway.hub.schema.every import metadata
from gateway.hub.schema.identities import person_claim, person_merge
from gateway.hub.schema.receipts import snapshot
from gateway.hub.schema.seats import seat
from gateway.hub.schema.tables import (
    disclosure,
    lane,
    link,
    person,
    resource,
    resource_version,
    timer,
    waiting_record,
)
from gateway.hub.store import Store

STAYING: Final = frozenset({"disclosure", "audit", erasure.name})
Waiting = tuple[str, str, str]  # system, native id, digest


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure. people: the person, and everyone who had been merged into them; rows: how many went."""

    people: tuple[str, ...]
    rows: int


def erase(
    store: Store, tenant: str, own: str, waiting: Iterable[Waiting], now: datetime, client: str, **said: str
) -> Erasure:
    """Erase a person for good. waiting: records that wait and are about them; said: who decided it, and why.
    Raises NotFound, and Conflict while something about them is being sent or read, or where nothing is
    sealed."""
    if store.keys is None or not store.keys.seals:
        raise Conflict(
            "What is personal is not sealed here: older copies could still be read", code="not-sealed"
        )
    with store.write(tenant) as connection:
        people = group(connection, tenant, own)
        locked = persons.lock(connection, tenant, people)
        if len(locked) != len(people) or set(group(connection, tenant, own)) != set(people):
            raise NotFound("The person has just changed here: try again")
        _demand_rest(connection, tenant, people)
        _hand_back(connection, tenant, people)
        rows = _forget(connection, tenant, people) + _forget_waiting(connection, tenant, waiting)
        for one in people:
            content = pack(connection, said, TENANT, erasure, tenant, one)
            row = {"tenant": tenant, "person": one, "at": now, "client": client, "content": content}
            connection.execute(insert(erasure), row)
        entries.write(connection, tenant, [Entry(Kind.DECISION, now, one, "erased") for one in people])
    _destroy(store, tenant, people)
    return Erasure(people, rows)


def again(store: Store, tenants: Iterable[str]) -> int:
    """What an older copy brought back of those whose keys are destroyed goes once more; how many rows. Before
    anything else is done with the database."""
    if store.keys is None:
        return 0
    rows = 0
    for tenant in tenants:
        gone = store.keys.destroyed(tenant)
        with store.read(tenant) as connection:
            back = list(connection.execute(select(person.c.id).where(_in(tenant, gone))).scalars())
        if back:
            with store.write(tenant) as connection:
                rows += _forget(connection, tenant, back)
    return rows


def finish(store: Store, tenants: Iterable[str]) -> None:
    """Destroy the keys of those whose erasure was cut off before its end."""
    for tenant in tenants:
        with store.read(tenant) as connection:
            erased = select(erasure.c.person).where(erasure.c.tenant == tenant)
            people = set(connection.execute(erased).scalars())
        known = store.keys.destroyed(tenant) if store.keys is not None else set()
        _destroy(store, tenant, sorted(people - known))


def group(connection: Connection, tenant: str, own: str) -> tuple[str, ...]:
    """The person, and everyone who was merged into them."""
    found, asked = [own], [own]
    while asked:
        merged = select(person.c.id).where(person.c.tenant == tenant, person.c.merged_into.in_(asked))
        asked = [one for one in connection.execute(merged).scalars() if one not in found]
        found += asked
    return tuple(found)


def natives(connection: Connection, tenant: str, own: str) -> Mapping[tuple[str, str], str]:
    """(system, what it calls it) -> reference, for everything of a person and who was merged into them."""
    people = group(connection, tenant, own)
    rows = connection.execute(select(link).where(link.c.tenant == tenant, link.c.person.in_(people)))
    return {(row.system, row.native_id): row.ref for row in rows if row.native_id}


def _in(tenant: str, people: Iterable[str]) -> ColumnElement[bool]:
    return (person.c.tenant == tenant) & person.c.id.in_(sorted(people))


def _demand_rest(connection: Connection, tenant: str, people: Iterable[str]) -> None:
    """Nothing about them is under way, and nothing begins before this transaction ends."""
    wanted = list(people)
    lanes = select(lane.c.state).where(lane.c.tenant == tenant, lane.c.person.in_(wanted))
    sending = select(disclosure.c.id).where(
        disclosure.c.tenant == tenant, disclosure.c.person.in_(wanted), disclosure.c.state == "sending"
    )
    held = connection.execute(lanes.order_by(lane.c.person, lane.c.recipient).with_for_update()).scalars()
    if "running" in held.all() or connection.execute(sending).first():
        raise Conflict("Something about the person is being sent or read: try again", code="under-way")


def _hand_back(connection: Connection, tenant: str, people: Iterable[str]) -> None:
    """Versions from when somebody else was taken for one of them are about that somebody, and stay."""
    wanted = list(people)
    head, old = resource.c, resource_version.c
    rows = connection.execute(
        select(old.ref, old.version, old.content, head.person)
        .join(resource, (head.tenant == old.tenant) & (head.ref == old.ref))
        .where(old.tenant == tenant, old.person.in_(wanted), head.person.not_in(wanted))
    )
    for row in rows.all():
        key = (tenant, row.ref, row.version)
        plain = unpack(connection, row.content, resource_version, *key)
        content = pack(connection, plain, row.person, resource_version, *key)
        here = (old.tenant == tenant, old.ref == row.ref, old.version == row.version)
        connection.execute(update(resource_version).where(*here).values(person=row.person, content=content))


def _forget(connection: Connection, tenant: str, people: Iterable[str]) -> int:
    """Every row about them but of what stays; how many."""
    wanted = list(people)
    own = select(deviation.c.id).where(deviation.c.tenant == tenant, deviation.c.person.in_(wanted))
    refs = select(resource.c.ref).where(resource.c.tenant == tenant, resource.c.person.in_(wanted))
    which = [
        (resource_version, resource_version.c.ref.in_(refs)),  # also while they were taken for somebody else
        (seat, seat.c.ref.in_(refs)),
        (snapshot, snapshot.c.scope.in_(refs)),
        (deviation_recipient, deviation_recipient.c.deviation.in_(own)),
        (person_claim, or_(person_claim.c.person.in_(wanted), person_claim.c.other.in_(wanted))),
        (person_merge, or_(person_merge.c.kept.in_(wanted), person_merge.c.joined.in_(wanted))),
        (timer, timer.c.subject.in_(wanted)),
        (person, person.c.id.in_(wanted)),
    ]
    about = [t for t in metadata.sorted_tables if "person" in t.c and t.name not in STAYING]
    which += [(table, table.c.person.in_(wanted)) for table in about if table is not person_claim]
    done = [connection.execute(delete(t).where(t.c.tenant == tenant, where)) for t, where in which]
    return sum(int(one.rowcount) for one in done)


def _forget_waiting(connection: Connection, tenant: str, waiting: Iterable[Waiting]) -> int:
    columns = waiting_record.c
    done = 0
    for system, native_id, digest in waiting:
        here = (columns.system == system, columns.native_id == native_id, columns.digest == digest)
        done += connection.execute(delete(waiting_record).where(columns.tenant == tenant, *here)).rowcount
    return done


def _destroy(store: Store, tenant: str, people: Iterable[str]) -> None:
    for one in people:
        if store.keys is not None:
            store.keys.destroy(tenant, one)
