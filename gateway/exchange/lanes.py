"""The lane row is the whole state of a delivery: claim, close and take over, each in one transaction.

A claim holds the recipient's row, so that slots, breaker and rate are read by the claim itself. Live lanes go
before those of the backfill. The functions know no network and no clock; the simulator and the workers drive
the same ones.
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
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql import ColumnElement

from gateway.config import System
from gateway.exchange import rate
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
    backfill: bool = False  # behind live traffic
    allowance: int | None = None  # records it may send, drawn from the recipient's bucket; None: no limit


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
    running, behind = connection.execute(_RUNNING, here).one()
    probe = row.breaker == "open"
    if probe and (running or (row.probe_at is not None and row.probe_at > now)):
        return []
    full = rate.bucket(system, row, now)
    free = int(min(limit, 1 if probe else system.slots - running, full.whole))
    if free <= 0:
        return []
    room = int(min(rate.lanes_of_backfill(system) - behind, full.backfill))
    turn = row.backfill_at is None or now - row.backfill_at >= rate.TURN
    live, waiting = _longest_waiting(connection, {**here, "now": now}, free=free, room=room, turn=turn)
    shares = full.shares(len(live), len(waiting))
    claims = [
        one
        for persons, share in ((live, shares[0]), (waiting, shares[1]))
        for one in _start(connection, system, persons, owner=owner, now=now, probe=probe, share=share)
    ]
    drawn = [(one.backfill, one.allowance or 1) for one in claims]
    if claims:
        sums = (sum(n for b, n in drawn if not b), sum(n for b, n in drawn if b))
        rate.draw(connection, system, full, sums, now)
    return claims


def _longest_waiting(
    connection: Connection, given: dict[str, Any], *, free: int, room: int, turn: bool
) -> tuple[list[str], list[str]]:
    """Persons whose lanes may run: live ones, and behind them those of the backfill, at most `room`. turn:
    one of the backfill goes even if live lanes could take every slot, so that it ends some day."""
    live = _persons(connection, given, free, backfill=False)
    left = min(room, free - len(live))
    if left > 0:
        return live, _persons(connection, given, left, backfill=True)
    if turn and room > 0 and live and (first := _persons(connection, given, 1, backfill=True)):
        return live[:-1], first
    return live, []


def _persons(connection: Connection, given: dict[str, Any], count: int, *, backfill: bool) -> list[str]:
    found = connection.execute(_LONGEST_WAITING, {**given, "free": count, "behind": backfill})
    return [r.person for r in found]


def _start(
    connection: Connection,
    system: System,
    persons: list[str],
    *,
    owner: str,
    now: datetime,
    probe: bool,
    share: int | None,
) -> list[Claim]:
    if not persons:
        return []
    deadline = now + timedelta(seconds=system.send_deadline_seconds) + GRACE
    given = {"in_tenant": system.tenant, "in_system": system.id, "wanted": persons}
    rows = connection.execute(_START, {**given, "in_owner": owner, "in_deadline": deadline}).all()
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
            backfill=r.backfill,
            allowance=share,
        )
        for r in rows
    ]


def holds(connection: Connection, one: Claim, *, lock: bool = False) -> Any | None:
    """The lane's row if this run still holds it."""
    return connection.execute(_HELD_LOCKED if lock else _HELD, _run(one)).first()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends. cursor and facts_cursor None: not moved. again: there is more to do at once.
    retry_at: not before this time. sent: records that were sent; None: nobody knows, so all it might."""

    cursor: int | None = None
    facts_cursor: int | None = None
    again: bool = False
    retry_at: datetime | None = None
    error: str | None = None
    sent: int | None = None


def end(connection: Connection, one: Claim, ending: Ending, now: datetime) -> str | None:
    """End a run; the lane waits again if it was woken meanwhile. The lane's new state, waiting or idle; None
    if a newer run holds it."""
    given = {
        **_run(one),
        "waits": ending.again or ending.retry_at is not None,
        "now": now,
        "at": ending.retry_at or now,
        "error": ending.error[:255] if ending.error else None,
        "tries": _tries(one, ending),
        "to_cursor": ending.cursor,
        "to_facts": ending.facts_cursor,
    }
    state: str | None = connection.execute(_END, given).scalar()
    if state is not None and one.allowance is not None and ending.sent is not None:
        unsent = one.allowance - ending.sent
        rate.give_back(connection, one.tenant, one.recipient, unsent, backfill=one.backfill)
    return state


def _tries(one: Claim, ending: Ending) -> int:
    """Runs in a row after which the lane has to wait by itself, longer each time. That its recipient was down
    is no word about the lane, and neither is one record that is held back while the rest goes on."""
    if ending.retry_at is not None:
        return one.attempts + 1
    return one.attempts if ending.again and ending.error else 0


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
_WAITS_IN_LINE = lane.c.state == literal_column("'waiting'")  # as the index of these says it


def _waits_at(behind: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether one is due. LIMIT: so that it is asked per recipient, and never of all that wait."""
    own = (lane.c.tenant == recipient.c.tenant, lane.c.recipient == recipient.c.system)
    due = select(lane.c.next_at).where(
        *own, _WAITS_IN_LINE, lane.c.backfill == behind, lane.c.next_at <= _NOW
    )
    return due.limit(1).scalar_subquery().is_not(None)


_RECIPIENTS_WAITING = select(recipient.c.tenant, recipient.c.system.label("recipient")).where(
    or_(_waits_at(false()), _waits_at(true()))
)
_RECIPIENT = (
    select(recipient)
    .where(recipient.c.tenant == bindparam("in_tenant"), recipient.c.system == bindparam("in_system"))
    .with_for_update(skip_locked=True)
)
_RUNNING = select(func.count(), func.coalesce(func.sum(case((lane.c.backfill, 1), else_=0)), 0)).where(
    *_HERE, lane.c.state == "running"
)
_LONGEST_WAITING = (
    select(lane.c.person)
    .where(*_HERE, _WAITS_IN_LINE, lane.c.backfill == bindparam("behind"), lane.c.next_at <= _NOW)
    .order_by(lane.c.next_at, lane.c.person)
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
_ANEW = and_(lane.c.wake != lane.c.wake_seen, lane.c.facts_cursor == -1)  # asked for while it ran, maybe
_END = (
    update(lane)
    .where(*_OPEN_RUN)
    .values(
        state=case((_WAITS, "waiting"), else_="idle"),
        waiting_since=case((_WAITS, _NOW), else_=None),
        next_at=case((_WAITS, bindparam("at", type_=Instant())), else_=None),
        backfill=case((_WAITS, lane.c.backfill), else_=false()),  # once it has everything, it is live
        owner=None,
        deadline=None,
        last_error=bindparam("error", type_=String),
        attempts=bindparam("tries", type_=Integer),
        cursor=func.coalesce(bindparam("to_cursor", type_=BigInteger), lane.c.cursor),
        facts_cursor=case(
            (_ANEW, -1), else_=func.coalesce(bindparam("to_facts", type_=BigInteger), lane.c.facts_cursor)
        ),
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
