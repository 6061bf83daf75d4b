"""Everything the hub holds about one person, read once: versions, disclosures, links, conflicts, late
editions and records that wait. Reads only; filters nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from gateway.cli.people import Hub, Person
from gateway.exchange import disclosures
from gateway.hub import versions
from gateway.hub.content import unpack
from gateway.hub.schema.tables import conflict, lane, late_edition, link, waiting_record
from gateway.hub.versions import Version
from gateway.service import load_mapping
from mappings.model import RecordMapping, RecordRefused

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Everything:
    """What an export is made of. Rows are as in the database, their content unpacked."""

    tenant: str
    person: str
    now: datetime
    current: Mapping[str, Version]  # by reference, in the order of change
    history: Mapping[str, list[Version]]  # by reference, oldest first
    disclosures: list[Row]
    links: list[Row]
    conflicts: list[Row]
    late: list[Row]
    lanes: list[Row]
    waiting: list[Row]
    names: Mapping[str, str]  # system id -> what the organization that runs it is called


def read(connection: Connection, hub: Hub, who: Person, now: datetime) -> Everything:
    """Read it all."""
    current = versions.of_person(connection, who.tenant, who.id)
    links = _rows(connection, link, who)
    return Everything(
        tenant=who.tenant,
        person=who.id,
        now=now,
        current=current,
        history={ref: versions.history(connection, who.tenant, ref)[::-1] for ref in current},
        disclosures=disclosures.of_person(connection, who.tenant, who.id),
        links=links,
        conflicts=_rows(connection, conflict, who),
        late=_rows(connection, late_edition, who),
        lanes=_rows(connection, lane, who),
        waiting=_waiting(connection, hub, who, links),
        names=names(hub),
    )


def _rows(connection: Connection, table: Table, who: Person) -> list[Row]:
    rows = connection.execute(select(table).where(table.c.tenant == who.tenant, table.c.person == who.id))
    return [_unpacked(connection, table, dict(row._mapping)) for row in rows]


def _unpacked(connection: Connection, table: Table, row: Row) -> Row:
    if "content" not in row:
        return row
    key = (row[column.name] for column in table.primary_key)
    return row | {"content": unpack(connection, row["content"], table, *key)}


def _waiting(connection: Connection, hub: Hub, who: Person, links: list[Row]) -> list[Row]:
    """Records that refer to something that has not come, and belong to a log or plan of this person's."""
    known = {(one["system"], one["native_id"]) for one in links}
    mappings = {s.id: load_mapping(s) for s in hub.settings.systems if s.tenant == who.tenant}
    rows = connection.execute(select(waiting_record).where(waiting_record.c.tenant == who.tenant))
    found = [_unpacked(connection, waiting_record, dict(row._mapping)) for row in rows]
    return [one for one in found if (one["system"], _frame(mappings, one)) in known]


def _frame(mappings: Mapping[str, RecordMapping], row: Row) -> str | None:
    mapping = mappings.get(row["system"])
    try:
        return mapping.describe(row["content"]["record"]).frame if mapping else None
    except RecordRefused:  # a mapping file that has changed since
        return None


def names(hub: Hub) -> dict[str, str]:
    """What the organizations that run the systems are called."""
    organizations = {o.number: o.name for o in hub.settings.organizations}
    named = {
        s.id: f"{s.id} ({organizations[s.organization]})" if s.organization in organizations else s.id
        for s in hub.settings.systems
    }
    return named | {"export": "uttrekk på kommandolinja"}
