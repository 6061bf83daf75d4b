"""How each connected system stands: whether it can be reached, when something last came and went, what waits
and how many tries failed. Counts and times from the hub; never content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, ScalarSelect, func, select

from gateway.config import Settings, System
from gateway.exchange import disclosures
from gateway.hub.schema.tables import disclosure, lane, recipient, resource_version

LATELY: Final = timedelta(hours=24)  # of which tries are counted
LONG: Final = timedelta(minutes=15)  # a lane that has waited longer is worth a look
SENT: Final = ("push", "pull")


@dataclass(frozen=True, slots=True)
class Line:
    """The lanes to one recipient; none to one that nothing is delivered to. oldest: since when the one waits
    that has waited longest."""

    waiting: int = 0
    running: int = 0
    held: int = 0
    idle: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """One system. error, probe_at: why it is down, and when it is tried again. received, delivered: the last
    time. tries, failed: of the last 24 hours. state: down, held, late, or well."""

    system: System
    state: str
    error: str | None
    probe_at: datetime | None
    received: datetime | None
    delivered: datetime | None
    tries: int
    failed: int
    line: Line

    @property
    def rate(self) -> float:
        """Which part of the tries failed, 0 to 1."""
        return self.failed / self.tries if self.tries else 0.0


def of_tenant(connection: Connection, settings: Settings, tenant: str, now: datetime) -> list[Health]:
    """Every system of a tenant, what needs attention first. Asks as many questions of the database for fifty
    systems as for one."""
    systems = [one for one in settings.systems if one.tenant == tenant]
    if not systems:
        return []
    names = [one.id for one in systems]
    breakers = {r.system: r for r in connection.execute(_breakers(tenant))}
    lines = _lines(connection, tenant)
    tried = _tried(connection, tenant, names, now - LATELY)
    received, delivered = _last(connection, names, _came(tenant)), _last(connection, names, _went(tenant))
    found = [
        _health(one, lines.get(one.id, Line()), breakers.get(one.id), tried.get(one.id, {}), now)
        for one in systems
    ]
    every = [replace(h, received=received[h.system.id], delivered=delivered[h.system.id]) for h in found]
    return sorted(every, key=lambda one: ("down", "held", "late", "well").index(one.state))


def _health(
    system: System, line: Line, row: Row[Any] | None, tried: Mapping[str, int], now: datetime
) -> Health:
    """All but when something last came and went."""
    down = row is not None and row.breaker == "open"
    if system.deliver == "none":
        line = Line()  # its lanes are woken as any others are, and nothing ever runs them
    return Health(
        system=system,
        state=_state(line, now, down=down),
        error=row.last_error if row is not None and down else None,
        probe_at=row.probe_at if row is not None and down else None,
        received=None,
        delivered=None,
        tries=sum(tried.values()),
        failed=sum(n for state, n in tried.items() if state != disclosures.DELIVERED),
        line=line,
    )


def _state(line: Line, now: datetime, *, down: bool) -> str:
    if down:
        return "down"
    if line.held:
        return "held"
    return "late" if line.oldest is not None and now - line.oldest > LONG else "well"


def _breakers(tenant: str) -> Any:
    return select(recipient).where(recipient.c.tenant == tenant)


def _lines(connection: Connection, tenant: str) -> dict[str, Line]:
    rows = connection.execute(
        select(lane.c.recipient, lane.c.state, func.count().label("many"), func.min(lane.c.waiting_since))
        .where(lane.c.tenant == tenant)
        .group_by(lane.c.recipient, lane.c.state)
    )
    counts: dict[str, dict[str, int]] = {}
    oldest: dict[str, datetime] = {}
    for name, state, many, since in rows:
        counts.setdefault(name, {})[state] = int(many)
        if state == "waiting" and since is not None:
            oldest[name] = since
    return {name: Line(**found, oldest=oldest.get(name)) for name, found in counts.items()}


def _tried(
    connection: Connection, tenant: str, names: Sequence[str], since: datetime
) -> dict[str, dict[str, int]]:
    """Deliveries that ended, by recipient and how; one that is still on its way has not failed."""
    columns = disclosure.c
    rows = connection.execute(
        select(columns.recipient, columns.state, func.count())
        .where(
            columns.tenant == tenant,
            columns.recipient.in_(names),
            columns.started >= since,
            columns.channel.in_(SENT),
            columns.state != disclosures.SENDING,
            func.coalesce(columns.error, "") != disclosures.UNSENT,
        )
        .group_by(columns.recipient, columns.state)
    )
    found: dict[str, dict[str, int]] = {}
    for name, state, many in rows:
        found.setdefault(name, {})[state] = int(many)
    return found


def _last(
    connection: Connection, names: Sequence[str], newest: Callable[[str], ScalarSelect[datetime]]
) -> dict[str, datetime | None]:
    """The newest time of each, as the columns of one row: each is one step into an index, however much there
    is."""
    row = connection.execute(select(*(newest(one).label(f"of_{n}") for n, one in enumerate(names)))).one()
    return dict(zip(names, row, strict=True))


def _came(tenant: str) -> Callable[[str], ScalarSelect[datetime]]:
    """When something last came from a system."""
    columns = resource_version.c
    return lambda system: (
        select(columns.stored)
        .where(columns.tenant == tenant, columns.source == system)
        .order_by(columns.stored.desc())
        .limit(1)
        .scalar_subquery()
    )


def _went(tenant: str) -> Callable[[str], ScalarSelect[datetime]]:
    """When something was last delivered to a system."""
    columns = disclosure.c
    return lambda system: (
        select(columns.started)
        .where(
            columns.tenant == tenant,
            columns.recipient == system,
            columns.channel.in_(SENT),
            columns.state == disclosures.DELIVERED,
        )
        .order_by(columns.started.desc())
        .limit(1)
        .scalar_subquery()
    )


def attention(found: Iterable[Health]) -> list[Health]:
    """Those that somebody should look at."""
    return [one for one in found if one.state != "well"]
