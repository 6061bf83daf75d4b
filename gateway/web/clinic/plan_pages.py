"""One of "Delte planer", page by page, with what is new since last time before all else. What a page shows is
remembered, and that alone: what comes later, or stands on a page not opened, is new the next time."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.hub import answer_drafts, persons, plan_readings, receipts
from gateway.hub.plan_readings import Marks, Reading
from gateway.hub.receipts import Receipt
from gateway.web.clinic import news
from gateway.web.clinic.plan_shown import Contact, PlanShown
from gateway.web.clinic.reported import reported
from gateway.web.clinic.shared import SharedPlan, is_closed, shared_plan
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Handle, Here, handle
from gateway.web.insight import Insight, looking
from gateway.web.navigation import PLANS
from gateway.web.reader import kind, tell_people, teller
from gateway.web.rendering import PageRoute, page
from gateway.web.seats import Office, seat

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
CLINIC: Final = seat(Office.CLINIC)
PATH: Final = PLANS.path
VISIT: Final = "visit"
Side = Annotated[int, Query(ge=1, le=10_000)]


@router.get(PATH + "/{given}")
def one(request: Request, desk: AtDesk, session: Here, given: Handle, side: Side = 1) -> Response:
    """One plan, a page of it; one beyond the last is the last. One that was closed as somebody else's says
    that, and nothing of it."""

    def work(connection: Connection, insight: Insight) -> tuple[dict[str, Any], SharedPlan | None, Marks]:
        if is_closed(insight):
            return {"reported": reported(connection, insight)}, None, {}
        plan = shared_plan(insight)
        before = plan_readings.find(connection, session.tenant, insight.here.me.id)
        new = news.within(_read(session, plan, before, {}), plan.marks)
        made = PlanShown(plan, teller(request, desk, insight), new, known(connection, plan))
        number = min(side, made.pages)
        groups = made.page(number)
        upon = {item.ref: plan.marks[item.ref] for items in groups.values() for item in items}
        draft = answer_drafts.find(connection, session.tenant, insight.here.me.id)
        insight.tell(upon)
        tell_people(insight)
        more = {
            "side": number,
            "groups": groups,
            "draft": draft is not None,
            "reported": reported(connection, insight),
        }
        return {**_told(insight, made, _read(session, plan, before, upon)), **more}, plan, upon

    values, plan, upon = looking(desk, session, given, work, find=CLINIC)
    if plan is None:
        return page(request, "clinic/closed", session=session, **values)
    _remember(desk, session, plan, upon)
    return page(request, "clinic/plan", session=session, here=given, **values)


def _told(insight: Insight, made: PlanShown, read: Reading) -> dict[str, Any]:
    contacts: list[Contact] = made.people
    marks = made.plan.marks
    shown = {item for item, mark in marks.items() if read.now.get(item) == mark}
    return {
        "child": made.names.child(),
        "kind": kind(insight),
        "now": insight.now,
        "newest": made.plan.newest,
        "coordinators": [one for one in contacts if one.coordinates],
        "people": contacts,
        "levels": made.levels,
        "pages": made.pages,
        "counts": {name: len(found) for name, found in made.order.items()},
        "begins": made.begins,
        "first": made.news.first,
        "since": made.news.since,
        "open": len(made.open & shown),
        "shown": len(shown),
        "everything": len(marks),
        "writes": open_here(insight),
    }


def _read(session: Session, plan: SharedPlan, before: Reading | None, upon: Marks) -> Reading:
    """How far the reader has read once a page with these is shown."""
    visit, now = handle(session, VISIT), plan.insight.now
    return Reading(visit, now, upon) if before is None else before.shown(visit, upon, plan.marks, now)


def _remember(desk: WebDesk, session: Session, plan: SharedPlan, upon: Marks) -> None:
    """That these were shown. The child is locked: of two pages at once both are remembered."""
    here, tenant = plan.insight.here, session.tenant
    with desk.service.store.write(tenant) as connection:
        persons.lock(connection, tenant, [here.person])
        before = plan_readings.find(connection, tenant, here.me.id)
        read = _read(session, plan, before, upon)
        plan_readings.keep(connection, tenant, here.person, here.me.id, read)


def known(connection: Connection, plan: SharedPlan) -> dict[str, Receipt]:
    """What the reader's organization has acknowledged of it, at pages: the newest of each item."""
    here, recipient = plan.insight.here, receipts.at_pages(plan.organization)
    found = receipts.of_person(connection, here.tenant, here.person)
    return {
        one.said.ref: one
        for one in sorted(found, key=lambda one: one.stored)
        if one.said.recipient == recipient and one.said.ref in plan.marks
    }
