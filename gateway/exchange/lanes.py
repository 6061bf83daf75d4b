"""The lane row is the whole state of a delivery: claim, close and take over, each in one transaction.

A claim holds the recipient's row, so that slots and breaker are read by the claim itself. The functions
know no network and no clock; the simulator and the workers drive the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Integer,
    String,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from gateway.config import System
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import lane, person, recipient

GRACE = timedelta(seconds=2)  # after the send deadline, before a run may be called dead


@dataclass(frozen=True, slots=True)
class Claim:
    """One run of one lane. Nothing may be sent or closed by it once a newer run holds the lane."""

    tenant: str
    person: str
    recipient: str
    lane: str
    run: int
    owner: str
    cursor: int
    facts_cursor: int
    attempts: int
    probe: bool = False


def recipients_waiting(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """(tenant, recipient) of every lane that may be claimed, breakers aside."""
    rows = connection.execute(_RECIPIENTS_WAITING, {"now": now})
    return [(r.tenant, r.recipient) for r in rows]


def ensure_recipients(connection: Connection, systems: Iterable[System]) -> None:
    """A row for each system that may receive."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [{"tenant": s.tenant, "system": s.id, "breaker": "closed", "failures": 0} for s in systems]
    if rows:
        connection.execute(dialect.insert(recipient).on_conflict_do_nothing(), rows)


def claim(connection: Connection, system: System, *, owner: str, now: datetime, limit: int) -> list[Claim]:
    """Claim up to `limit` lanes to a recipient, longest waiting first, within its free slots. An open
    breaker lets one probe through when it is due."""
    here = {"in_tenant": system.tenant, "in_system": system.id}
    row = connection.execute(_RECIPIENT, here).first()
    if row is None:
        return []
    running = connection.execute(_RUNNING, here).scalar_one()
    probe = row.breaker == "open"
    if probe and (running or (row.probe_at is not None and row.probe_at > now)):
        return []
    free = min(limit, 1 if probe else system.slots - running)
    if free <= 0:
        return []
    return _claim_lanes(connection, system, owner=owner, now=now, free=free, probe=probe)


def _claim_lanes(
    connection: Connection, system: System, *, owner: str, now: datetime, free: int, probe: bool
) -> list[Claim]:
    here = {"in_tenant": system.tenant, "in_system": system.id}
    found = connection.execute(_LONGEST_WAITING, {**here, "now": now, "free": free})
    persons = [r.person for r in found]
    if not persons:
        return []
    deadline = now + timedelta(seconds=system.send_deadline_seconds) + GRACE
    given = {**here, "wanted": persons, "in_owner": owner, "in_deadline": deadline}
    rows = connection.execute(_START, given).all()
    return [
        Claim(
            tenant=r.tenant,
            person=r.person,
            recipient=r.recipient,
            lane=r.id,
            run=r.run,
            owner=owner,
            cursor=r.cursor,
            facts_cursor=r.facts_cursor,
            attempts=r.attempts,
            probe=probe,
        )
        for r in rows
    ]


def holds(connection: Connection, one: Claim, *, lock: bool = False) -> Any | None:
    """The lane's row if this run still holds it."""
    return connection.execute(_HELD_LOCKED if lock else _HELD, _run(one)).first()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends. cursor and facts_cursor None: not moved. again: there is more to do at once.
    retry_at: not before this time."""

    cursor: int | None = None
    facts_cursor: int | None = None
    again: bool = False
    retry_at: datetime | None = None
    error: str | None = None


def end(connection: Connection, one: Claim, ending: Ending, now: datetime) -> bool:
    """End a run; the lane waits again if it was woken meanwhile. False if a newer run holds the lane."""
    given = {
        **_run(one),
        "waits": ending.again or ending.retry_at is not None,
        "now": now,
        "at": ending.retry_at or now,
        "error": ending.error[:255] if ending.error else None,
        "tries": one.attempts + 1 if ending.error else 0,
        "to_cursor": ending.cursor,
        "to_facts": ending.facts_cursor,
    }
    return connection.execute(_END, given).rowcount == 1


def _run(one: Claim) -> dict[str, Any]:
    return {
        "in_tenant": one.tenant,
        "in_person": one.person,
        "in_system": one.recipient,
        "in_run": one.run,
    }


# Built once: a claim and its end run thousands of times, and building a statement costs more than running it.
_NOW = bindparam("now", type_=Instant())
_HERE = (lane.c.tenant == bindparam("in_tenant"), lane.c.recipient == bindparam("in_system"))
_OPEN_RUN = (
    *_HERE,
    lane.c.person == bindparam("in_person"),
    lane.c.run == bindparam("in_run"),
    lane.c.state == "running",
)
_RECIPIENTS_WAITING = (
    select(lane.c.tenant, lane.c.recipient)
    .where(lane.c.state == "waiting", lane.c.next_at <= _NOW)
    .distinct()
)
_RECIPIENT = (
    select(recipient)
    .where(recipient.c.tenant == bindparam("in_tenant"), recipient.c.system == bindparam("in_system"))
    .with_for_update(skip_locked=True)
)
_RUNNING = select(func.count()).where(*_HERE, lane.c.state == "running")
_LONGEST_WAITING = (
    select(lane.c.person)
    .where(*_HERE, lane.c.state == "waiting", lane.c.next_at <= _NOW)
    .order_by(lane.c.waiting_since, lane.c.person)
    .limit(bindparam("free", type_=Integer))
    .with_for_update(skip_locked=True)
)
_START = (
    update(lane)
    .where(*_HERE, lane.c.person.in_(bindparam("wanted", expanding=True)))
    .values(
        state="running",
        run=lane.c.run + 1,
        owner=bindparam("in_owner"),
        wake_seen=lane.c.wake,
        deadline=bindparam("in_deadline"),
    )
    .returning(lane)
)
_HELD = select(lane).where(*_OPEN_RUN)
_HELD_LOCKED = _HELD.with_for_update()
_WAITS = or_(bindparam("waits", type_=Boolean), lane.c.wake != lane.c.wake_seen)
_END = (
    update(lane)
    .where(*_OPEN_RUN)
    .values(
        state=case((_WAITS, "waiting"), else_="idle"),
        waiting_since=case((_WAITS, _NOW), else_=None),
        next_at=case((_WAITS, bindparam("at", type_=Instant())), else_=None),
        owner=None,
        deadline=None,
        last_error=bindparam("error", type_=String),
        attempts=bindparam("tries", type_=Integer),
        cursor=func.coalesce(bindparam("to_cursor", type_=BigInteger), lane.c.cursor),
        facts_cursor=func.coalesce(bindparam("to_facts", type_=BigInteger), lane.c.facts_cursor),
    )
)


def open_breaker(
    connection: Connection, system: System, now: datetime, error: str, wait: float | None, *, probe: bool
) -> None:
    """The recipient is down: only one probe per interval. The interval doubles with each probe that failed,
    up to its most; other runs that were under way when it went down do not add to it."""
    key = (recipient.c.tenant == system.tenant, recipient.c.system == system.id)
    row = connection.execute(select(recipient).where(*key).with_for_update()).one()
    if row.breaker == "open" and not probe:
        return
    seconds = min(system.probe_seconds * 2.0 ** min(row.failures, 20), system.probe_max_seconds)
    connection.execute(
        update(recipient)
        .where(*key)
        .values(
            breaker="open",
            failures=row.failures + 1,
            probe_at=now + timedelta(seconds=wait if wait is not None else seconds),
            last_error=error[:255],
        )
    )


def close_breaker(connection: Connection, system: System) -> None:
    """The recipient answers again; one statement frees all its lanes."""
    connection.execute(
        update(recipient)
        .where(
            recipient.c.tenant == system.tenant,
            recipient.c.system == system.id,
            recipient.c.breaker == "open",
        )
        .values(breaker="closed", failures=0, probe_at=None, last_error=None)
    )


def overdue(connection: Connection, now: datetime) -> list[Any]:
    """Running lanes whose deadline has passed, with their owners."""
    return list(
        connection.execute(select(lane).where(lane.c.state == "running", lane.c.deadline < now)).all()
    )


def release_dead(connection: Connection, row: Any, now: datetime) -> bool:
    """Set the lane of a dead owner waiting again. The caller has proof of the owner's death."""
    result = connection.execute(
        update(lane)
        .where(
            lane.c.tenant == row.tenant,
            lane.c.id == row.id,
            lane.c.run == row.run,
            lane.c.state == "running",
        )
        .values(
            state="waiting",
            waiting_since=now,
            next_at=now,
            owner=None,
            deadline=None,
            last_error="worker-died",
        )
    )
    return result.rowcount == 1


def sweep(connection: Connection, now: datetime) -> int:
    """Wake idle lanes that are behind their person's changes; returns how many (tests demand none)."""
    behind = exists().where(
        person.c.tenant == lane.c.tenant, person.c.id == lane.c.person, person.c.change_no > lane.c.cursor
    )
    result = connection.execute(
        update(lane)
        .where(lane.c.state == "idle", behind)
        .values(state="waiting", waiting_since=now, next_at=now, wake=lane.c.wake + 1)
    )
    return int(result.rowcount)


def hold(connection: Connection, tenant: str, lane_id: str, reason: str) -> bool:
    """An operator stops a lane that is not running; it keeps its place."""
    return _operate(connection, tenant, lane_id, ("idle", "waiting"), state="held", last_error=reason[:255])


def release(connection: Connection, tenant: str, lane_id: str, now: datetime) -> bool:
    """An operator lets a held or sleeping lane go on at once."""
    return _operate(
        connection, tenant, lane_id, ("held", "waiting", "idle"),
        state="waiting", waiting_since=now, next_at=now, attempts=0, last_error=None,
    )  # fmt: skip


def replay(connection: Connection, tenant: str, lane_id: str, now: datetime) -> bool:
    """Move the cursor to the start: everything the recipient may see is compared again with what it holds."""
    return _operate(
        connection, tenant, lane_id, ("held", "waiting", "idle"),
        state="waiting", waiting_since=now, next_at=now, cursor=0, facts_cursor=-1, attempts=0,
        last_error=None,
    )  # fmt: skip


def _operate(
    connection: Connection, tenant: str, lane_id: str, states: tuple[str, ...], **values: Any
) -> bool:
    result = connection.execute(
        update(lane)
        .where(lane.c.tenant == tenant, lane.c.id == lane_id, lane.c.state.in_(states))
        .values(wake=lane.c.wake + 1, **values)
    )
    return result.rowcount == 1


def reconsider(connection: Connection, tenant: str, person_id: str, now: datetime) -> None:
    """A date has passed that may change decisions: evaluate everything about the person anew."""
    idle = lane.c.state == "idle"
    at = literal(now, Instant)
    connection.execute(
        update(lane)
        .where(lane.c.tenant == tenant, lane.c.person == person_id)
        .values(
            facts_cursor=-1,
            wake=lane.c.wake + 1,
            state=case((idle, "waiting"), else_=lane.c.state),
            waiting_since=case((idle, at), else_=lane.c.waiting_since),
            next_at=case((idle, at), else_=lane.c.next_at),
        )
    )


def failed(one: Claim, now: datetime) -> Ending:
    """The end of a run that failed inside the gateway: tried again, later each time, up to an hour."""
    wait = min(2.0 ** min(one.attempts, 12), 3600.0)
    return Ending(retry_at=now + timedelta(seconds=wait), error="run-failed")
