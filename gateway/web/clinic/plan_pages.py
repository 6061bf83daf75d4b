"""The pages "Delte planer": every log and plan that is shared with a clinician, what is new first, and one of
them, with what is new since last time. What is shown is remembered, to tell apart what comes after it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.hub import answer_drafts, plan_readings, receipts
from gateway.hub.plan_readings import Reading
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
from gateway.web.seats import Office, kinds, seat, seats

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
CLINIC: Final = seat(Office.CLINIC)
PATH: Final = PLANS.path
VISIT: Final = "visit"


@router.get(PATH)
def plans(request: Request, desk: AtDesk, session: Here) -> Response:
    """Those with something new first; those that were closed as somebody else's last, without a name. Raises
    NotFound for others than staff of the specialist health service."""
    desk.participants.catch_up(session.tenant)
    if Office.CLINIC.value not in kinds(desk, session):
        raise NotFound("Nothing here for this reader")
    with desk.service.store.read(session.tenant) as connection:
        found = seats(connection, desk, session, desk.service.clock(), Office.CLINIC)
    frames = dict.fromkeys(one.frame for one in found)
    shown = [one for frame in frames if (one := _listed(request, desk, session, frame)) is not None]
    shown.sort(key=lambda one: (one["closed"], not one["new"], one["name"]))
    return page(request, "clinic/plans", session=session, plans=shown)


def _listed(request: Request, desk: WebDesk, session: Session, frame: str) -> dict[str, Any] | None:
    own = handle(session, frame)

    def work(connection: Connection, insight: Insight) -> dict[str, Any] | None:
        if is_closed(insight):
            return {"closed": True, "new": 0, "name": "", "reported": reported(connection, insight)}
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
            "handle": own,
            "name": told.child(),
            "kind": kind(insight),
            "holders": holders,
            "first": waits.first,
            "new": waits.count,
            "newest": plan.newest,
        }

    return looking(desk, session, own, work, find=CLINIC)


@router.get(PATH + "/{given}")
def one(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """One plan. One that was closed as somebody else's says that, and nothing of it."""

    def work(connection: Connection, insight: Insight) -> tuple[dict[str, Any], Reading | None]:
        if is_closed(insight):
            return {"reported": reported(connection, insight)}, None
        plan = shared_plan(insight)
        read = _reading(connection, session, plan)
        new = news.within(read, plan.marks)
        made = PlanShown(plan, teller(request, desk, insight), new, known(connection, plan))
        draft = answer_drafts.find(connection, session.tenant, insight.here.me.id)
        insight.tell(plan.marks)
        tell_people(insight)
        more = {"draft": draft is not None, "reported": reported(connection, insight)}
        return {**_told(insight, made), **more}, read

    values, read = looking(desk, session, given, work, find=CLINIC)
    if read is None:
        return page(request, "clinic/closed", session=session, **values)
    with desk.service.store.read(session.tenant) as connection:
        here = CLINIC(connection, desk, session, given, desk.service.clock())
    with desk.service.store.write(session.tenant) as connection:
        plan_readings.keep(connection, session.tenant, here.person, here.me.id, read)
    return page(request, "clinic/plan", session=session, here=given, **values)


def _told(insight: Insight, made: PlanShown) -> dict[str, Any]:
    contacts: list[Contact] = made.people
    return {
        "child": made.names.child(),
        "kind": kind(insight),
        "now": insight.now,
        "newest": made.plan.newest,
        "coordinators": [one for one in contacts if one.coordinates],
        "people": contacts,
        "levels": made.levels,
        "groups": made.groups,
        "news": made.new,
        "first": made.news.first,
        "since": made.news.since,
        "open": len(made.open),
        "writes": open_here(insight),
    }


def _reading(connection: Connection, session: Session, plan: SharedPlan) -> Reading:
    """How far the reader has read once this page is shown."""
    visit, now = handle(session, VISIT), plan.insight.now
    read = plan_readings.find(connection, session.tenant, plan.insight.here.me.id)
    return Reading(visit, now, plan.marks) if read is None else read.shown(visit, plan.marks, now)


def known(connection: Connection, plan: SharedPlan) -> dict[str, Receipt]:
    """What the reader's organization has acknowledged of it, at pages: the newest of each item."""
    here, recipient = plan.insight.here, receipts.at_pages(plan.organization)
    found = receipts.of_person(connection, here.tenant, here.person)
    return {
        one.said.ref: one
        for one in sorted(found, key=lambda one: one.stored)
        if one.said.recipient == recipient and one.said.ref in plan.marks
    }
