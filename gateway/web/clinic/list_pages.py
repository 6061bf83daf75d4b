"""The page "Delte planer": every log and plan that is shared with a clinician, what is new first."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.exchange.selection import by_item
from gateway.hub import plan_readings, versions
from gateway.web.clinic import news
from gateway.web.clinic.plan_pages import PATH, Side
from gateway.web.clinic.plan_shown import PlanShown
from gateway.web.clinic.reported import reported
from gateway.web.clinic.shared import SharedPlan, is_closed
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Here, handle
from gateway.web.insight import Insight, looking
from gateway.web.reader import kind, teller
from gateway.web.rendering import PageRoute, page
from gateway.web.seats import Office, seat, seats
from gateway.web.standing import Place

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
AT_ONCE: Final = 25


@router.get(PATH)
def plans(request: Request, desk: AtDesk, session: Here, side: Side = 1) -> Response:
    """Those with something new first; those that were closed as somebody else's last, without a name. A page
    beyond the last is the last. Raises NotFound for others than staff of the specialist health service."""
    desk.participants.catch_up(session.tenant)
    found = _mine(request, desk, session)
    pages = max(1, -(-len(found) // AT_ONCE))
    number = min(side, pages)
    upon = found[(number - 1) * AT_ONCE : number * AT_ONCE]
    shown = [one for here in upon if (one := _shown(request, desk, session, here)) is not None]
    shown.sort(key=_urgency)
    return page(request, "clinic/plans", session=session, plans=shown, side=number, pages=pages)


def _mine(request: Request, desk: WebDesk, session: Session) -> list[Place]:
    """All that there is something to say of, in the order they stand in where a page does not hold them all;
    that nobody is told of here, and nothing is written down of it. Raises NotFound for who has no seat."""
    settings = desk.service.settings
    with desk.service.store.read(session.tenant) as connection:
        now = desk.service.clock()
        found = {one.frame: one for one in seats(connection, desk, session, now, Office.CLINIC)}
        if not found:
            raise NotFound("Nothing here for this reader")
        if len(found) <= AT_ONCE:
            return list(found.values())
        ranked = []
        for here in found.values():
            parts = by_item(versions.of_person(connection, here.tenant, here.person))
            insight = Insight(here, now, parts, settings)
            insight.look()
            said = _listed(request, desk, session, connection, insight)
            ranked += [(_urgency(said), here)] if said is not None else []
    return [here for _, here in sorted(ranked, key=lambda one: one[0])]


def _urgency(said: dict[str, Any]) -> tuple[bool, bool, str]:
    return said["closed"], not (said["first"] or said["new"]), said["name"]


def _shown(request: Request, desk: WebDesk, session: Session, here: Place) -> dict[str, Any] | None:
    """One of them on the page, written as told; None where nothing is shared any more."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any] | None:
        return _listed(request, desk, session, connection, insight)

    find = seat(Office.CLINIC, here.me.id)
    try:
        return looking(desk, session, handle(session, here.frame), work, find=find)
    except NotFound:  # they left it meanwhile
        return None


def _listed(
    request: Request, desk: WebDesk, session: Session, connection: Connection, insight: Insight
) -> dict[str, Any] | None:
    """What the list says of it; None where nothing of it is shared."""
    frame = insight.here.frame
    if is_closed(insight):
        return {
            "closed": True,
            "first": False,
            "new": 0,
            "name": "",
            "reported": reported(connection, insight),
        }
    if frame not in insight.seen or not insight.here.me.organization:
        return None
    plan = SharedPlan(insight)
    read = plan_readings.find(connection, session.tenant, insight.here.me.id)
    waits = news.waiting(read, plan.marks)
    told = teller(request, desk, insight)
    holders = PlanShown(plan, told, waits, {}).coordinators
    insight.tell(ref for ref in (frame, f"Patient/{insight.here.person}") if ref in insight.seen)
    insight.tell(ref for ref in plan.seen if ref.startswith("PractitionerRole/"))
    return {
        "closed": False,
        "handle": handle(session, frame),
        "name": told.child(),
        "kind": kind(insight),
        "holders": holders,
        "first": waits.first,
        "new": waits.count,
        "newest": plan.newest,
    }
