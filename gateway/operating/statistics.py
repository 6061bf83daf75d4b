"""De-identified statistics of a municipality: each night every child is counted, a few at a time, and what
may be shown of the counts is published (gateway/operating/suppression.py). What is half counted stands sealed
with the timer; of a child nothing is kept but that one more is in a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from consent.days import day, midnight
from gateway.exchange import timers
from gateway.hub import published
from gateway.hub.published import Published
from gateway.hub.schema.tables import person, timer
from gateway.keys.key_store import KeyDestroyed
from gateway.keys.keyring import SealBroken
from gateway.operating import suppression
from gateway.operating.children import Child, of_person

STATISTICS: Final = "statistics"  # the kind of the timer, and its subject
CHILDREN: Final = 50  # in one transaction
AT_NIGHT: Final = timedelta(hours=2)  # after midnight in Norway
LEVELS, TIME, EVALUATIONS, MEASURES = "levels", "time", "evaluations", "measures"
CELLS: Final = {  # by topic, in the order in which one is hidden for the sake of another
    LEVELS: ("0", "1", "2", "3"),
    EVALUATIONS: ("overdue", "in-time"),
    MEASURES: ("overdue", "in-time"),
}
TOPICS: Final = (LEVELS, TIME, EVALUATIONS, MEASURES)
Counts = dict[str, dict[str, int]]


def turn(connection: Connection, tenant: str, now: datetime) -> bool:
    """Count some children more, if it is time and no other worker does. Whether there are more at once."""
    row = connection.execute(
        select(timer.c.due, timer.c.content)
        .where(*_own(tenant), timer.c.due <= now)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return False
    kept = timers.remembered(connection, row.content, tenant, STATISTICS, STATISTICS)
    counts: Counts = kept["counts"] if kept else empty()
    people = _next(connection, tenant, kept["after"] if kept else "")
    for one in people:
        add(counts, _child(connection, tenant, one, now))
    if len(people) == CHILDREN:
        state = {"after": people[-1], "counts": counts}
        timers.put(connection, tenant, STATISTICS, STATISTICS, now, state)
        return True
    publish(connection, tenant, counts, day(now))
    tonight = midnight(day(now) + timedelta(days=1)) + AT_NIGHT
    timers.put(connection, tenant, STATISTICS, STATISTICS, tonight)
    return False


def due(connection: Connection, tenant: str) -> datetime | None:
    """When children are counted next; in the past while it is under way, None before anything was set."""
    found: datetime | None = connection.execute(select(timer.c.due).where(*_own(tenant))).scalar()
    return found


def begin(connection: Connection, tenant: str, now: datetime) -> None:
    """Set the timer where there is none: the first count is at once."""
    if connection.execute(select(timer.c.due).where(*_own(tenant))).first() is None:
        timers.put(connection, tenant, STATISTICS, STATISTICS, now)


def empty() -> Counts:
    """Nobody is counted yet."""
    return {topic: dict.fromkeys(CELLS.get(topic, ()), 0) for topic in TOPICS}


def add(counts: Counts, child: Child) -> None:
    """Count a child in: in one cell of each topic at most."""
    told = {
        LEVELS: None if child.level is None else str(child.level),
        TIME: None if child.days is None else str(child.days),
        EVALUATIONS: _word(child.evaluation),
        MEASURES: _word(child.measure),
    }
    for topic, cell in told.items():
        if cell is not None:
            counts[topic][cell] = counts[topic].get(cell, 0) + 1


def publish(connection: Connection, tenant: str, counts: Counts, today: date) -> None:
    """Show what may be shown of these counts, where it is another than what is shown already."""
    for topic in TOPICS:
        ever = published.of_topic(connection, tenant, topic)
        settled = suppression.settled(counts[topic], (one.counts for one in ever))
        if ever and settled == ever[0].counts:
            continue
        again = next((one.told for one in ever if one.counts == settled), None)  # as it was shown then
        told = _told(topic, settled) if again is None else again
        published.publish(connection, tenant, topic, Published(today, settled, told))


def by_quarter(ever: list[Published], today: date, most: int = 8) -> list[tuple[date, Published]]:
    """What was shown at the end of each quarter, and is now in the one that runs: (first day, what), the
    newest first. ever: the newest first."""
    out: list[tuple[date, Published]] = []
    first = quarter_of(today)
    for _ in range(most):
        following = quarter_of(first + timedelta(days=100))
        found = next((one for one in ever if one.since < following), None)
        if found is None:
            break
        out.append((first, found))
        first = quarter_of(first - timedelta(days=1))
    return out


def quarter_of(on: date) -> date:
    """The first day of its quarter."""
    return date(on.year, on.month - (on.month - 1) % 3, 1)


def _told(topic: str, counts: Mapping[str, int]) -> Any:
    if topic == TIME:
        times = suppression.times(counts)
        return None if times is None else asdict(times)
    return asdict(suppression.shown({cell: counts[cell] for cell in CELLS[topic]}))


def _child(connection: Connection, tenant: str, one: str, now: datetime) -> Child:
    try:
        return of_person(connection, tenant, one, now)
    except (KeyDestroyed, SealBroken):  # erased meanwhile, or not ours to believe: counted nowhere
        return Child()


def _next(connection: Connection, tenant: str, after: str) -> list[str]:
    columns = person.c
    return list(
        connection.execute(
            select(columns.id)
            .where(columns.tenant == tenant, columns.id > after, columns.merged_into.is_(None))
            .order_by(columns.id)
            .limit(CHILDREN)
        ).scalars()
    )


def _own(tenant: str) -> tuple[Any, ...]:
    return timer.c.tenant == tenant, timer.c.kind == STATISTICS, timer.c.subject == STATISTICS


def _word(late: bool | None) -> str | None:
    return None if late is None else "overdue" if late else "in-time"
