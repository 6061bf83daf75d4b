"""The first synchronization of a recipient: when a route to it is opened or changed, every person gets a
lane there that waits behind live traffic. A pass over the persons in small transactions, kept in a row, so
that any worker goes on where another stopped. Sends nothing; the lanes do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, literal, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.config import Route, Settings
from gateway.hub import persons
from gateway.hub.schema.backfill import opening
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import lane, person
from gateway.hub.wake import open_lanes

BATCH = 200  # persons in one transaction


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one recipient has come. passed of total: persons whose lane has been opened; waiting: lanes
    that wait or run behind live traffic."""

    system: str
    started: datetime
    finished: datetime | None
    passed: int
    total: int
    waiting: int


def note(connection: Connection, settings: Settings, tenant: str, now: datetime) -> None:
    """Begin a pass to each recipient with a route that was not open before, or not for this."""
    rows = connection.execute(select(opening).where(opening.c.tenant == tenant)).all()
    known = {row.system: set(json.loads(row.routes)) for row in rows}
    for system, routes in _open_routes(settings, tenant).items():
        before = known.get(system)
        if before is not None and before == set(routes):
            continue
        if before is not None and before >= set(routes):
            _keep(connection, tenant, system, routes=json.dumps(routes))  # one was closed: nothing to send
            continue
        total = connection.execute(select(func.count()).where(person.c.tenant == tenant)).scalar_one()
        begun = {"routes": json.dumps(routes), "position": "", "passed": 0, "total": total, "started": now}
        begun["finished"] = None if total else now
        if before is None:
            dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
            row = {"tenant": tenant, "system": system, **begun}
            connection.execute(dialect.insert(opening).on_conflict_do_nothing(), row)  # two may start at once
        else:
            _keep(connection, tenant, system, **begun)
    for system in known.keys() - _open_routes(settings, tenant).keys():
        _keep(connection, tenant, system, routes="[]")


def unfinished(connection: Connection, tenant: str) -> list[str]:
    """Recipients whose pass has not ended."""
    rows = connection.execute(
        select(opening.c.system).where(opening.c.tenant == tenant, opening.c.finished.is_(None))
    )
    return [row.system for row in rows]


def advance(connection: Connection, tenant: str, system: str, now: datetime) -> bool:
    """Pass the next persons. Whether there are more; False too while another worker is at it."""
    row = connection.execute(
        select(opening)
        .where(opening.c.tenant == tenant, opening.c.system == system, opening.c.finished.is_(None))
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return False
    found = connection.execute(
        select(person.c.id)
        .where(person.c.tenant == tenant, person.c.id > row.position)
        .order_by(person.c.id)
        .limit(BATCH)
    )
    ids = [one.id for one in found]
    persons.lock(connection, tenant, ids)  # as everyone who touches the lanes of several
    _open(connection, tenant, system, ids, now)
    last = len(ids) < BATCH
    passed, position = row.passed + len(ids), ids[-1] if ids else row.position
    _keep(connection, tenant, system, position=position, passed=passed, finished=now if last else None)
    return not last


def progress(connection: Connection, tenant: str) -> list[Progress]:
    """Every recipient that has had a pass, in order."""
    rows = connection.execute(
        select(opening).where(opening.c.tenant == tenant).order_by(opening.c.system)
    ).all()
    behind = waiting(connection, tenant)
    return [
        Progress(
            system=row.system,
            started=row.started,
            finished=row.finished,
            passed=row.passed,
            total=max(row.total, row.passed),
            waiting=behind.get(row.system, 0),
        )
        for row in rows
    ]


def waiting(connection: Connection, tenant: str) -> dict[str, int]:
    """How many lanes wait or run behind live traffic, by recipient."""
    rows = connection.execute(
        select(lane.c.recipient, func.count())
        .where(lane.c.tenant == tenant, lane.c.state.in_(("waiting", "running")), lane.c.backfill)
        .group_by(lane.c.recipient)
    )
    return {row[0]: row[1] for row in rows}


def _open(connection: Connection, tenant: str, system: str, ids: Iterable[str], now: datetime) -> None:
    """A lane for each, waiting behind; those that are there look at everything once more."""
    wanted = list(ids)
    if not wanted:
        return
    open_lanes(connection, tenant, wanted, [system])
    idle, at = lane.c.state == "idle", literal(now, Instant)
    connection.execute(
        update(lane)
        .where(lane.c.tenant == tenant, lane.c.recipient == system, lane.c.person.in_(wanted))
        .values(
            facts_cursor=-1,
            wake=lane.c.wake + 1,
            state=case((idle, "waiting"), else_=lane.c.state),
            waiting_since=case((idle, at), else_=lane.c.waiting_since),
            next_at=case((idle, at), else_=lane.c.next_at),
            backfill=case((idle, true()), else_=lane.c.backfill),
        )
    )


def _keep(connection: Connection, tenant: str, system: str, **values: Any) -> None:
    key = (opening.c.tenant == tenant, opening.c.system == system)
    connection.execute(update(opening).where(*key).values(**values))


def _open_routes(settings: Settings, tenant: str) -> dict[str, list[str]]:
    """Recipient -> its open routes, each with what it is opened for, as text."""
    found: dict[str, list[str]] = {}
    for system in settings.systems:
        own = [_as_text(r) for r in settings.routes if r.open and r.recipient == system.id]
        if own and system.tenant == tenant:
            found[system.id] = sorted(own)
    return found


def _as_text(route: Route) -> str:
    grounds = sorted(f"{g.rule}{g.limb or ''}:{','.join(sorted(g.categories))}" for g in route.grounds)
    return " ".join((route.source, route.purpose, f"create={route.create_person}", *grounds))
