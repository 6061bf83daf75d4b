"""Records that refer to something that is not here yet: kept as they came, found again when it arrives. Never
dropped; one that is offered twice waits once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from gateway.hub.content import TENANT, digest, pack, unpack
from gateway.hub.schema.tables import link, waiting_record
from gateway.intake.arrival import Arrival, Offered
from gateway.intake.workspace import Workspace
from mappings.model import RecordMapping

_ROW = (waiting_record.c.native_id, waiting_record.c.digest, waiting_record.c.content)
_COME = (
    select(*_ROW)
    .outerjoin(
        link,
        (link.c.tenant == waiting_record.c.tenant)
        & (link.c.system == waiting_record.c.system)
        & (link.c.native_id == waiting_record.c.waits_for),
    )
    .where(
        waiting_record.c.tenant == bindparam("tenant"),
        waiting_record.c.system == bindparam("system"),
        link.c.native_id.is_not(None) | (waiting_record.c.waits_for == waiting_record.c.native_id),
    )
    .limit(200)
)
_WAITED_FOR = select(*_ROW).where(
    waiting_record.c.tenant == bindparam("tenant"),
    waiting_record.c.system == bindparam("system"),
    waiting_record.c.waits_for.in_(bindparam("wanted", expanding=True)),
)


def come(connection: Connection, tenant: str, system: str, mapping: RecordMapping) -> list[Arrival]:
    """Records of a system whose wait is over, whichever way what they waited for has come."""
    given = {"tenant": tenant, "system": system}
    return _arrivals(connection, given, mapping, connection.execute(_COME, given))


def waited_for(ws: Workspace, appeared: set[str], mapping: RecordMapping) -> list[Arrival]:
    """Records that waited for what has just arrived."""
    return waiting_for(ws.connection, ws.tenant, ws.system, sorted(appeared), mapping)


def waiting_for(
    connection: Connection, tenant: str, system: str, wanted: list[str], mapping: RecordMapping
) -> list[Arrival]:
    """Records of a system that wait for any of these."""
    given = {"tenant": tenant, "system": system, "wanted": wanted}
    return _arrivals(connection, given, mapping, connection.execute(_WAITED_FOR, given))


def _arrivals(
    connection: Connection, given: dict[str, Any], mapping: RecordMapping, rows: Iterable[Any]
) -> list[Arrival]:
    out = []
    for row in rows:
        stored = opened(connection, given["tenant"], given["system"], row)
        offered = Offered(stored["record"], stored["version"], doubted=stored.get("doubted", False))
        out.append(Arrival(None, offered, mapping.describe(offered.record), (row.native_id, row.digest)))
    return out


def keep(ws: Workspace, arrival: Arrival, lacks: str) -> None:
    """Keep the record until `lacks` (a native id) is here."""
    if arrival.waiting is not None:
        ws.connection.execute(
            update(waiting_record).where(*_key(ws, *arrival.waiting)).values(waits_for=lacks)
        )
        return
    content = {"record": arrival.offered.record, "version": arrival.offered.version}
    key = (ws.tenant, ws.system, arrival.heading.id, digest(arrival.offered.record))
    dialect = sqlite if ws.store.sqlite else postgresql
    ws.connection.execute(
        dialect.insert(waiting_record).on_conflict_do_nothing(),
        {
            "tenant": ws.tenant,
            "system": ws.system,
            "native_id": arrival.heading.id,
            "digest": key[-1],
            "waits_for": lacks,
            "received": ws.now,
            "content": pack(ws.connection, content, TENANT, waiting_record, *key),
        },
    )


def doubt(connection: Connection, tenant: str, system: str) -> int:
    """What waits was told by a system that has been restored since: once it is taken in, it is looked for
    there. Returns how many."""
    here = (waiting_record.c.tenant == tenant, waiting_record.c.system == system)
    rows = connection.execute(select(*_ROW).where(*here)).all()
    for row in rows:
        own = (waiting_record.c.native_id == row.native_id, waiting_record.c.digest == row.digest)
        said = {**opened(connection, tenant, system, row), "doubted": True}
        content = pack(connection, said, TENANT, waiting_record, tenant, system, row.native_id, row.digest)
        connection.execute(update(waiting_record).where(*here, *own).values(content=content))
    return len(rows)


def opened(connection: Connection, tenant: str, system: str, row: Any) -> Any:
    """What a waiting record says. Before its log has come nobody knows whose it is, so the tenant's key."""
    return unpack(connection, row.content, waiting_record, tenant, system, row.native_id, row.digest)


def forget(ws: Workspace, arrival: Arrival) -> None:
    """It has been taken or refused: it waits no more."""
    if arrival.waiting is not None:
        ws.connection.execute(delete(waiting_record).where(*_key(ws, *arrival.waiting)))


def _key(ws: Workspace, native_id: str, known: str) -> tuple[ColumnElement[bool], ...]:
    columns = waiting_record.c
    return (
        columns.tenant == ws.tenant,
        columns.system == ws.system,
        columns.native_id == native_id,
        columns.digest == known,
    )
