"""The pages of lanes: what waits for whom and why, and what an operator can do about it, by the same
functions as the API. Ids, states and codes, never content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection, Row, select

from gateway.config import System
from gateway.errors import NotFound
from gateway.exchange import lane_listing, steering
from gateway.exchange.reasons import Reason
from gateway.hub.audit import occasion
from gateway.hub.schema.tables import lane, link
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.door import Form
from gateway.web.operations import message_list
from gateway.web.operations.chosen import reason_of
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.operations.naming import Sealed, opened, sealed
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
AT_ONCE: Final = 100
OPEN: Final = ("held", "waiting", "running")
Action = Callable[[Connection, str, str, datetime, Reason], bool]
ACTIONS: Final[dict[str, Action]] = {
    "slipp": lambda c, tenant, own, now, why: steering.release(c, tenant, own, now, why),
    "paa-nytt": lambda c, tenant, own, now, why: steering.replay(c, tenant, own, now, why),
    "stopp": lambda c, tenant, own, now, why: steering.hold(c, tenant, own, now, why),
}
FITTING: Final = {  # what can be done, by the lane's state
    "held": ("slipp", "paa-nytt"),
    "waiting": ("slipp", "paa-nytt", "stopp"),
    "idle": ("paa-nytt", "stopp"),
    "running": (),
}
Doing = Annotated[str, Path(pattern="^(slipp|paa-nytt|stopp)$")]
State = Literal["alle", "held", "waiting", "running", "idle"]


@router.get("/koer")
def lanes(
    request: Request,
    desk: AtDesk,
    who: Operating,
    mottaker: Annotated[str, Query(pattern="^[a-z0-9-]{0,40}$")] = "",
    tilstand: State | Literal[""] = "",
    side: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """Lanes that are not at rest, those that have waited longest first; or as they are asked for."""
    states = {"": OPEN, "alle": (*OPEN, "idle")}.get(tilstand, (tilstand,))
    where = [lane.c.state.in_(states), *([lane.c.recipient == mottaker] if mottaker else [])]
    if tilstand != "alle":  # nothing runs the lanes of who gets nothing: they are woken, and stand so
        where.append(lane.c.recipient.not_in([one.id for one in _mine(desk, who) if one.deliver == "none"]))
    with desk.service.store.read(who.tenant) as connection:
        rows = lane_listing.rows(
            connection, who.tenant, *where, limit=AT_ONCE + 1, oldest_first=True, skip=side * AT_ONCE
        )
    shown = rows[:AT_ONCE]
    occasion.at_hand().searching = True
    occasion.about(*(row.person for row in shown))
    return page(
        request,
        "operations/lanes",
        session=who.session,
        lanes=[{**_plain(desk, row), "sealed": sealed(who.session, "lane", row.id)} for row in shown],
        systems=_systems(desk, who),
        chosen={"mottaker": mottaker, "tilstand": tilstand},
        side=side,
        more=len(rows) > AT_ONCE,
    )


@router.get("/koer/{lane}")
def one(
    request: Request,
    desk: AtDesk,
    who: Operating,
    lane: Sealed,
    gjort: Annotated[str, Query(pattern="^(slipp|paa-nytt|stopp)?$")] = "",
) -> Response:
    """One lane, what is held on it, and its last messages."""
    return _one(request, desk, who, opened(who.session, "lane", lane), done=gjort)


@router.post("/koer/{lane}/{doing}")
def act(request: Request, desk: AtDesk, who: Operating, fields: Form, lane: Sealed, doing: Doing) -> Response:
    """Release, replay or hold it."""
    own, why = opened(who.session, "lane", lane), reason_of(fields)
    if why is None:
        return _one(request, desk, who, own, status=422, wrong=doing)
    with desk.service.store.write(who.tenant) as connection:
        _row(connection, who, own)
        done = ACTIONS[doing](connection, who.tenant, own, desk.service.clock(), why)
    if not done:
        return _one(request, desk, who, own, status=409, too_late=True)
    desk.service.woken()
    return onward(f"/drift/koer/{lane}?gjort={doing}")


def _one(
    request: Request,
    desk: WebDesk,
    who: Operator,
    own: str,
    *,
    status: int = 200,
    done: str = "",
    wrong: str = "",
    too_late: bool = False,
) -> Response:
    with desk.service.store.read(who.tenant) as connection:
        row = _row(connection, who, own)
        held = connection.execute(_held(row)).all()
        messages = message_list.of_lane(connection, who, row.person, row.recipient)
    occasion.about(row.person)
    return page(
        request,
        "operations/lane",
        session=who.session,
        status=status,
        lane=_plain(desk, row),
        sealed=sealed(who.session, "lane", own),
        held=[{"type": one.ref.partition("/")[0], "ref": one.ref, "hold": one.hold} for one in held],
        messages=messages,
        actions=FITTING[row.state] if _standing(desk, row) != "none" else (),
        reasons=[*Reason],
        done=done,
        wrong=wrong,
        too_late=too_late,
    )


def _row(connection: Connection, who: Operator, own: str) -> Row[Any]:
    found = lane_listing.rows(connection, who.tenant, lane.c.id == own, limit=1)
    if not found:
        raise NotFound("No such lane")
    return found[0]


def _held(row: Row[Any]) -> Any:
    return (
        select(link.c.ref, link.c.hold)
        .where(
            link.c.tenant == row.tenant,
            link.c.person == row.person,
            link.c.system == row.recipient,
            link.c.hold.is_not(None),
        )
        .order_by(link.c.ref)
    )


def _standing(desk: WebDesk, row: Row[Any]) -> str:
    """How a lane stands. none: nothing is delivered there; to-fetch: the system asks for it itself."""
    system = desk.service.settings.system(row.recipient)
    deliver = system.deliver if system is not None else "push"
    if deliver == "none":
        return "none"
    return "to-fetch" if deliver == "pull" and row.state == "waiting" else str(row.state)


def _plain(desk: WebDesk, row: Row[Any]) -> dict[str, Any]:
    return {
        "standing": _standing(desk, row),
        "person": row.person,
        "recipient": row.recipient,
        "state": row.state,
        "behind": lane_listing.behind(row),
        "attempts": row.attempts,
        "since": row.waiting_since,
        "next_at": row.next_at,
        "error": row.last_error,
        "down": row.breaker == "open",
        "down_error": row.breaker_error,
        "probe_at": row.probe_at,
        "process": lane_listing.process(row) if row.owner else None,
        "backfill": row.backfill,
    }


def _systems(desk: WebDesk, who: Operator) -> list[str]:
    return [one.id for one in _mine(desk, who)]


def _mine(desk: WebDesk, who: Operator) -> list[System]:
    return [one for one in desk.service.settings.systems if one.tenant == who.tenant]
