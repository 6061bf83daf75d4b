"""What has to leave, kept until it has: each dispatch is written before it is tried, tried until it has an
end, and says at every moment how it stands. Sends nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from gateway.welfare.seal import Seal, SealBroken
from gateway.welfare.tables import dispatch

REPORT: Final = "report"
DISCUSSION: Final = "discussion"
_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=15)
_LONGEST_URGENT: Final = timedelta(minutes=1)
_TEXT_KEPT: Final = timedelta(days=3)  # an anonymous text that has not arrived by then is not sent any more
_MENDED: Final = timedelta(hours=1)  # a refused report is offered again: the recipient may have been mended


class State(StrEnum):
    """How it stands with a dispatch. unknown: it may or may not have arrived, and is tried again."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_TRIED: Final = (State.WAITING, State.UNKNOWN, State.REFUSED)


@dataclass(frozen=True, slots=True)
class Line:
    """What waits for one recipient: acute reports stand in a line of their own, so that nothing is before
    them."""

    tenant: str
    recipient: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt: what is to be sent to whom. A repeat carries the same id."""

    tenant: str
    id: str
    kind: str
    recipient: str
    urgent: bool
    run: int
    created: datetime
    record: dict[str, Any]

    @property
    def line(self) -> Line:
        """Where it stood."""
        return Line(self.tenant, self.recipient, self.urgent)


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended. wait: seconds that the recipient asked for."""

    state: State
    error: str | None = None
    wait: float | None = None


def add(connection: Connection, seal: Seal, claim: Claim) -> None:
    """Write what has to leave; it may leave as soon as this is committed."""
    connection.execute(
        insert(dispatch),
        {
            "tenant": claim.tenant,
            "id": claim.id,
            "kind": claim.kind,
            "recipient": claim.recipient,
            "state": State.WAITING,
            "urgent": claim.urgent,
            "run": 0,
            "created": claim.created,
            "next_at": claim.created,
            "content": seal.close(claim.record, *_place(claim.tenant, claim.id)),
        },
    )


def due(connection: Connection, now: datetime) -> list[Line]:
    """The lines in which something is to be sent now, acute ones first."""
    columns = dispatch.c
    lines = select(columns.tenant, columns.recipient, columns.urgent).where(_is_due(now)).distinct()
    found = [Line(row.tenant, row.recipient, row.urgent) for row in connection.execute(lines)]
    return sorted(found, key=lambda line: not line.urgent)


def _is_due(now: datetime) -> ColumnElement[bool]:
    columns = dispatch.c
    return or_(
        and_(columns.state.in_(_TRIED), columns.next_at <= now),
        and_(columns.state == State.SENDING, columns.until < now),  # whoever sent it has died
    )


def claim(
    connection: Connection, seal: Seal, line: Line, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """Take what is due in a line and note that it is being sent: until `lease` has passed it is ours."""
    columns = dispatch.c
    rows = connection.execute(
        select(dispatch)
        .where(
            _is_due(now),
            columns.tenant == line.tenant,
            columns.recipient == line.recipient,
            columns.urgent == line.urgent,
        )
        .order_by(columns.next_at, columns.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for row in rows:
        values: dict[str, Any] = {"state": State.SENDING, "run": row.run + 1, "until": now + lease}
        try:
            claimed.append(_claimed(row, seal))
        except SealBroken:  # one row that was tampered with must not hold up the others
            values = {"state": State.REFUSED, "error": "cannot be opened", "closed": now}
        connection.execute(
            update(dispatch)
            .where(columns.tenant == row.tenant, columns.id == row.id)
            .values({**values, "next_at": None})
        )
    return claimed


def close(connection: Connection, seal: Seal, one: Claim, end: End, now: datetime) -> bool:
    """Write how an attempt ended; False when a newer attempt has taken over. An anonymous text is kept no
    longer than it has to be."""
    if end.state is not State.DELIVERED and one.kind == DISCUSSION and now - one.created >= _TEXT_KEPT:
        end = End(State.REFUSED, end.error)
    values: dict[str, Any] = {"state": end.state, "error": end.error, "until": None}
    values["next_at"] = _again(one, end, now)
    if values["next_at"] is None:
        values["closed"] = now
        if one.kind == DISCUSSION:
            values["content"] = seal.close({}, *_place(one.tenant, one.id))
    columns = dispatch.c
    result = connection.execute(
        update(dispatch)
        .where(
            columns.tenant == one.tenant,
            columns.id == one.id,
            columns.run == one.run,
            columns.state == State.SENDING,
        )
        .values(values)
    )
    return result.rowcount == 1


def standing(connection: Connection, tenant: str, dispatch_id: str) -> tuple[str, str | None]:
    """State and last error of a dispatch."""
    row = connection.execute(
        select(dispatch.c.state, dispatch.c.error).where(
            dispatch.c.tenant == tenant, dispatch.c.id == dispatch_id
        )
    ).one()
    return row.state, row.error


def _again(one: Claim, end: End, now: datetime) -> datetime | None:
    """When to try again; None: never."""
    if end.state is State.DELIVERED or (end.state is State.REFUSED and one.kind == DISCUSSION):
        return None
    if end.state is State.REFUSED:
        return now + _MENDED
    longest = _LONGEST_URGENT if one.urgent else _LONGEST
    wait = min(_FIRST * (1 << min(one.run - 1, 10)), longest)
    asked = timedelta(seconds=min(end.wait or 0.0, longest.total_seconds()))
    return now + max(wait, asked)


def _claimed(row: Any, seal: Seal) -> Claim:
    record = seal.open(row.content, *_place(row.tenant, row.id))
    return Claim(row.tenant, row.id, row.kind, row.recipient, row.urgent, row.run + 1, row.created, record)


def _place(tenant: str, dispatch_id: str) -> tuple[str, ...]:
    return tenant, "dispatch", dispatch_id
