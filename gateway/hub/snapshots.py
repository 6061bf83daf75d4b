"""What a source has told of, to compare with what it says is all; and how its last such statement ended. Rows
in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.receipts import absence, snapshot
from gateway.hub.schema.tables import link, resource, resource_version

TAKEN, DOUBTFUL = "taken", "doubtful"


@dataclass(frozen=True, slots=True)
class Told:
    """One item that a source made. stored: its newest version. missing: it is flagged as missing."""

    native_id: str
    ref: str
    stored: datetime
    missing: bool


@dataclass(frozen=True, slots=True)
class Stood:
    """How the last whole of a system, or of one log or plan of it, ended."""

    scope: str
    taken: datetime
    state: str
    why: str | None
    items: int
    missing: int


def told_of(connection: Connection, tenant: str, system: str, frame: str | None) -> list[Told]:
    """Everything that a system made and has told of; of one log or plan ("CarePlan/…"), or all."""
    columns, head, newest = link.c, resource.c, resource_version.c
    within = [] if frame is None else [or_(columns.frame == frame, columns.ref == frame)]
    rows = connection.execute(
        select(columns.native_id, columns.ref, newest.stored, absence.c.ref.is_not(None).label("missing"))
        .join(resource, (head.tenant == columns.tenant) & (head.ref == columns.ref))
        .join(
            resource_version,
            (newest.tenant == head.tenant) & (newest.ref == head.ref) & (newest.version == head.version),
        )
        .outerjoin(
            absence,
            (absence.c.tenant == columns.tenant)
            & (absence.c.system == columns.system)
            & (absence.c.ref == columns.ref),
        )
        .where(
            columns.tenant == tenant,
            columns.system == system,
            columns.native_id.is_not(None),
            head.created_by == system,
            *within,
        )
    )
    return [Told(r.native_id, r.ref, r.stored, bool(r.missing)) for r in rows]


def note(connection: Connection, tenant: str, system: str, stood: Stood) -> None:
    """Remember how a whole ended; the one before it is forgotten."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {
        "tenant": tenant,
        "system": system,
        "scope": stood.scope,
        "taken": stood.taken,
        "state": stood.state,
        "why": stood.why,
        "items": stood.items,
        "missing": stood.missing,
    }
    statement = dialect.insert(snapshot).values(values)
    changing = {name: statement.excluded[name] for name in ("taken", "state", "why", "items", "missing")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant", "system", "scope"], set_=changing)
    )


def of_system(connection: Connection, tenant: str, system: str, limit: int) -> list[Stood]:
    """How the last wholes of a system ended, the doubtful first, then the newest."""
    columns = snapshot.c
    rows = connection.execute(
        select(snapshot)
        .where(columns.tenant == tenant, columns.system == system)
        .order_by(columns.state, columns.taken.desc(), columns.scope)
        .limit(limit)
    )
    return [Stood(r.scope, r.taken, r.state, r.why, r.items, r.missing) for r in rows]
