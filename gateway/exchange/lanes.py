"""The lane row is the whole state of a delivery: claim, close and take over, each in one transaction.

A claim holds the recipient's row, so that slots and breaker are read by the claim itself. The functions
know no network and no clock; the simulator and the workers drive the same ones.
"""

from __future__ import annotations

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
    func,
    literal,
    or_,
    select,
    update,
)

from gateway.config import System
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import lane, recipient

WAITING = "waiting"
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


def end(connection: Connection, one: Claim, ending: Ending, now: datetime) -> str | None:
    """End a run; the lane waits again if it was woken meanwhile. The lane's new state, waiting or idle; None
    if a newer run holds it."""
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
    return connection.execute(_END, given).scalar()


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
    .returning(lane.c.state)
)


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
