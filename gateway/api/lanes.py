"""The lanes for an operator: what waits where, why, and who runs it; and the three things one can do about
it. Shows ids, states and codes, never content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import ColumnElement, Connection, Row

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.documents import LaneAnswer, LaneAnswers, errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.exchange import lane_listing, steering
from gateway.exchange.reasons import Reason
from gateway.hub.acquaintance import is_known
from gateway.hub.audit import occasion
from gateway.hub.schema.tables import lane

router = APIRouter(tags=["lanes"])
ID = r"^[0-9a-f-]{36}$"
NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
LaneId = Annotated[str, Path(pattern=ID)]
MayRead = Annotated[Caller, Depends(admitted(scopes.LANES_READ))]
MayWrite = Annotated[Caller, Depends(admitted(scopes.LANES_WRITE))]
ACTED = {**ok(LaneAnswer, "The lane as it is now"), **errors(400, 404, 409)}
REASON = asks(
    {"reason": {"type": "string", "enum": [*Reason]}},
    {"reason": "agreed-stop"},
)


@router.get(
    "/lanes",
    summary="Lanes: what waits for whom, and why",
    description="A client that acts for a system sees the lanes to it of those it knows: whom it has told "
    "something of here, or was told something of; an operator all of the tenant.",
    responses={**ok(LaneAnswers, "A page of lanes"), **errors(400)},
    response_class=Response,
)
def listed(
    desk: AtDesk,
    caller: MayRead,
    recipient: Annotated[str | None, Query(pattern=NAME)] = None,
    state: Literal["idle", "waiting", "running", "held"] | None = None,
    after: Annotated[str | None, Query(pattern=ID)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    where = [
        column == value
        for column, value in ((lane.c.recipient, recipient), (lane.c.state, state))
        if value is not None
    ]
    if after is not None:
        where.append(lane.c.id > after)
    with desk.service.store.read(caller.tenant) as connection:
        rows = _rows(connection, caller, *where, limit=limit + 1)
    occasion.about(*(row.person for row in rows[:limit]))
    shown = [lane_listing.told(row) for row in rows[:limit]]
    return answer({"lanes": shown, "next": shown[-1]["id"] if len(rows) > limit else None})


@router.post(
    "/lanes/{lane_id}/release", summary="Let a held or sleeping lane go on", responses=ACTED,
    response_class=Response,
)  # fmt: skip
def release(desk: AtDesk, caller: MayWrite, lane_id: LaneId) -> Response:
    return _act(desk, caller, lane_id, lambda c, now: steering.release(c, caller.tenant, lane_id, now))


@router.post(
    "/lanes/{lane_id}/replay",
    summary="Compare everything again with what the recipient holds",
    responses=ACTED,
    response_class=Response,
)
def replay(desk: AtDesk, caller: MayWrite, lane_id: LaneId) -> Response:
    return _act(desk, caller, lane_id, lambda c, now: steering.replay(c, caller.tenant, lane_id, now))


@router.post(
    "/lanes/{lane_id}/hold",
    summary="Stop a lane; it keeps its place",
    responses={**ACTED, **errors(400, 404, 409, 413, 415, 422)},
    openapi_extra=REASON,
    response_class=Response,
)
async def hold(request: Request, desk: AtDesk, caller: MayWrite, lane_id: LaneId) -> Response:
    demand(request, JSON)
    reason = _reason(decoded(await body(request)))
    return await run_in_threadpool(
        _act, desk, caller, lane_id, lambda c, now: steering.hold(c, caller.tenant, lane_id, now, reason)
    )


def _reason(value: Any) -> Reason:
    given = value.get("reason") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(given, str) or given not in [*Reason]:
        raise Unprocessable(f"The body must hold a reason: one of {', '.join(Reason)}", field="reason")
    return Reason(given)


def _act(
    desk: Desk, caller: Caller, lane_id: str, action: Callable[[Connection, datetime], bool]
) -> Response:
    with desk.service.store.write(caller.tenant) as connection:
        found = _rows(connection, caller, lane.c.id == lane_id, limit=1)
        if not found:
            raise NotFound("No such lane")
        if not action(connection, desk.service.clock()):
            state = found[0].state
            raise Conflict(f"The lane is {state}: this cannot be done now", code=f"lane-{state}")
        row = _rows(connection, caller, lane.c.id == lane_id, limit=1)[0]
    desk.service.woken()
    return answer(lane_listing.told(row))


def _rows(connection: Connection, caller: Caller, *where: Any, limit: int) -> list[Row[Any]]:
    own = () if caller.system is None else _own(caller.tenant, caller.system)
    return lane_listing.rows(connection, caller.tenant, *own, *where, limit=limit)


def _own(tenant: str, system: str) -> tuple[ColumnElement[bool], ...]:
    """Lanes to the system, of those it knows: that somebody has a lane to it who shares nothing with it would
    tell that they are here."""
    return lane.c.recipient == system, is_known(tenant, system, lane.c.person)
