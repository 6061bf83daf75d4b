"""Moves what is kept about one person to another, table by table, when two are merged, and back by what each
row is about when that is undone. Rows alone: what is right is decided elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, exists, func, insert, select, update

from gateway.hub import acts
from gateway.hub.acts import Act
from gateway.hub.audit import moved
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.acts import act
from gateway.hub.schema.clinic_tables import answer_draft, plan_reading
from gateway.hub.schema.deviations import deviation
from gateway.hub.schema.endings import ended
from gateway.hub.schema.login_tables import participant_identity
from gateway.hub.schema.notices import notice
from gateway.hub.schema.receipts import absence, receipt
from gateway.hub.schema.reminders import reminder
from gateway.hub.schema.tables import (
    conflict,
    disclosure,
    late_edition,
    link,
    person_identifier,
)

CHUNK: Final = 500
_OTHER: Final = uuid.UUID("0c1d7a52-3d0e-4a0b-9a53-6a5d1f6f0a17")
BY_REFERENCE: Final[tuple[tuple[Table, Column[Any]], ...]] = (
    (link, link.c.ref),
    (conflict, conflict.c.ref),
    (late_edition, late_edition.c.ref),
    (ended, ended.c.ref),
    (participant_identity, participant_identity.c.ref),
    (absence, absence.c.ref),
    (receipt, receipt.c.ref),
    (deviation, deviation.c.item),
    (plan_reading, plan_reading.c.reader),
    (answer_draft, answer_draft.c.author),
)
TOLD: Final = (notice, reminder)  # of which a person has one of each at a time
# Tables with a person that are moved in a way of their own, here or in gateway/hub/joining.py, or not at all:
# the audit is never changed, and says of each disclosure that it moved.
OTHERWISE: Final = frozenset(
    {"person_identifier", "disclosure", "act", "notice", "reminder", "resource", "resource_version", "lane",
     "person_claim", "audit", "erasure"}
)  # fmt: skip


def everything(connection: Connection, tenant: str, old: str, new: str, now: datetime) -> None:
    """All rows about one person are about another from now on."""
    for table, _ in BY_REFERENCE:
        _to(connection, table, tenant, old, new)
    moved.said(connection, tenant, moved.of_person(connection, tenant, old), new, now)
    for table in (disclosure, act):
        _to(connection, table, tenant, old, new)
    connection.execute(
        update(person_identifier)
        .where(person_identifier.c.tenant == tenant, person_identifier.c.person == old)
        .values(person=new, patient=func.coalesce(person_identifier.c.patient, old))
    )
    for table in TOLD:
        _tell(connection, table, tenant, old, new, now)


def back(
    connection: Connection,
    tenant: str,
    old: str,
    new: str,
    refs: Iterable[str],
    patients: Iterable[str],
    acted: Iterable[str],
    now: datetime,
) -> None:
    """What is about these references, Patients and acts is about `new` again."""
    about = _with_derived(connection, tenant, frozenset(refs))
    for table, column in BY_REFERENCE:
        _chosen(connection, table, tenant, old, new, column, about)
    own = person_identifier.c
    _chosen(connection, person_identifier, tenant, old, new, own.patient, frozenset(patients))
    told = _told(connection, tenant, old, about)
    moved.said(connection, tenant, told, new, now)
    _chosen(connection, disclosure, tenant, old, new, disclosure.c.id, told)
    _divide(connection, tenant, old, new, about, now)
    _chosen(connection, act, tenant, old, new, act.c.id, frozenset(acted))
    for table in TOLD:
        ids = _about(connection, table, tenant, old, about | frozenset(acted))
        _tell(connection, table, tenant, old, new, now, only=ids)


def acts_about(
    connection: Connection, tenant: str, person: str, refs: frozenset[str], known: Iterable[str]
) -> tuple[list[str], list[Act]]:
    """Ids of the acts that are about these references alone, or are among the known; and those that are about
    the person as a whole and among none."""
    before, whole, own = frozenset(known), list[Act](), list[str]()
    for one in acts.of_person(connection, tenant, person):
        named = one.items | {key.partition("#")[0] for key in one.keys}
        if one.id in before or (named and named <= refs):
            own.append(one.id)
        elif not named:
            whole.append(one)
    return own, whole


def _with_derived(connection: Connection, tenant: str, refs: frozenset[str]) -> frozenset[str]:
    """With what follows from them and has links of its own: teams and documents of logs and plans, and our
    notices about them."""
    plans = {ref.partition("/")[2] for ref in refs if ref.startswith("CarePlan/")}
    out = refs | {f"{kind}/{own}" for own in plans for kind in ("CareTeam", "DocumentReference")}
    for some in _chunks(refs):
        rows = connection.execute(
            select(ended.c.notice).where(ended.c.tenant == tenant, ended.c.ref.in_(some))
        )
        out |= {f"Communication/{row.notice}" for row in rows}
    return out


def _told(connection: Connection, tenant: str, person: str, refs: frozenset[str]) -> frozenset[str]:
    """Disclosures that told of these alone."""
    rows = connection.execute(
        select(disclosure.c.id, disclosure.c["items"]).where(
            disclosure.c.tenant == tenant, disclosure.c.person == person
        )
    )
    opened = ((row.id, unpack(connection, row._mapping["items"], disclosure, tenant, row.id)) for row in rows)
    found = ((own, {one["ref"] for one in told}) for own, told in opened)
    return frozenset(own for own, told in found if told and told <= refs)


def _divide(
    connection: Connection, tenant: str, old: str, new: str, refs: frozenset[str], now: datetime
) -> None:
    """A disclosure that told of both at once becomes two, one about each: who got what of either is found by
    it. The other one of what is still being sent is closed as what may have arrived."""
    rows = connection.execute(
        select(disclosure).where(disclosure.c.tenant == tenant, disclosure.c.person == old)
    ).all()
    for row in rows:
        told = unpack(connection, row._mapping["items"], disclosure, tenant, row.id)
        theirs = [one for one in told if one["ref"] in refs]
        if not theirs:
            continue
        rest = [one for one in told if one["ref"] not in refs]
        connection.execute(
            update(disclosure)
            .where(disclosure.c.tenant == tenant, disclosure.c.id == row.id)
            .values(items=pack(connection, rest, TENANT, disclosure, tenant, row.id))
        )
        ended = {"state": "unknown", "closed": now, "error": "parted"} if row.state == "sending" else {}
        own = str(uuid.uuid5(_OTHER, f"{row.id} {new}"))
        items = pack(connection, theirs, TENANT, disclosure, tenant, own)
        other = {**row._mapping, "id": own, "person": new, "items": items, **ended}
        connection.execute(insert(disclosure), other)
        moved.said(connection, tenant, [row.id], old, now)
        moved.said(connection, tenant, [own], new, now, ended=True)


def _about(
    connection: Connection, table: Table, tenant: str, person: str, wanted: frozenset[str]
) -> frozenset[str]:
    rows = connection.execute(
        select(table.c.id, table.c.about).where(table.c.tenant == tenant, table.c.person == person)
    )
    return frozenset(row.id for row in rows if row.about in wanted)


def _to(connection: Connection, table: Table, tenant: str, old: str, new: str) -> None:
    _give(connection, table, new, table.c.tenant == tenant, table.c.person == old)


def _give(connection: Connection, table: Table, new: str, *which: ColumnElement[bool]) -> None:
    """These rows are about another from now on, and sealed by their key: whoever is erased takes their own
    content along, and nobody else's."""
    sealed = table.c.get("content")
    if sealed is None or table is disclosure:  # what of it is sealed is the tenant's
        connection.execute(update(table).where(*which).values(person=new))
        return
    own = list(table.primary_key)
    for row in connection.execute(select(*own, sealed).where(*which)).all():
        *key, content = row
        kept = pack(connection, unpack(connection, content, table, *key), new, table, *key)
        here = [column == value for column, value in zip(own, key, strict=True)]
        connection.execute(update(table).where(*here).values({"person": new, sealed.name: kept}))


def _chosen(
    connection: Connection,
    table: Table,
    tenant: str,
    old: str,
    new: str,
    column: Column[Any],
    wanted: frozenset[str],
) -> None:
    for some in _chunks(wanted):
        _give(connection, table, new, table.c.tenant == tenant, table.c.person == old, column.in_(some))


def _tell(
    connection: Connection,
    table: Table,
    tenant: str,
    old: str,
    new: str,
    now: datetime,
    only: frozenset[str] | None = None,
) -> None:
    """Notices: what the other has of the same kind already is told once."""
    there = table.alias()
    names = ("kind", "about", "addressee", *(("at",) if table is reminder else ()))
    standing = () if table is reminder else (there.c.settled.is_(None), table.c.settled.is_(None))
    same = exists().where(
        and_(
            there.c.tenant == tenant,
            there.c.person == new,
            *(there.c[name] == table.c[name] for name in names),
            *standing,
        )
    )
    for some in _chunks(only) if only is not None else (None,):
        chosen = [table.c.tenant == tenant, table.c.person == old]
        chosen += [table.c.id.in_(some)] if some is not None else []
        connection.execute(update(table).where(*chosen, ~same).values(person=new))
        connection.execute(update(table).where(*chosen, table.c.settled.is_(None)).values(settled=now))


def _chunks(wanted: Iterable[str]) -> Iterator[list[str]]:
    every = sorted(wanted)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
