"""One consent by itself, and taking it back: two steps, in plain words, by the same protocol as the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.web.closing import Arrival, standing, wait_for
from gateway.web.consents_shown import Shown, Teller
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Handle, Here, resolve
from gateway.web.insight import Insight, looking
from gateway.web.reader import teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.get("/barn/{given}/samtykke/{which}")
def one(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """One consent, and after a no how it stands with what was under way: 202 while something still is."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        shown = _shown(session, insight, told, which)
        insight.tell([shown.ref])
        version = insight.version(shown.ref)
        said_no = shown.withdrawn is not None or shown.refuses or shown.excepted or shown.items
        closed, arrived = True, list[Arrival]()
        if said_no and version is not None:
            closed, arrived = standing(connection, desk, session.tenant, shown.ref, version.stored)
        return {
            "consent": shown,
            "child": told.child(),
            "closed": closed,
            "arrived": [(told.recipient(a.recipient), a.started) for a in arrived],
            "no": said_no,
        }

    made = looking(desk, session, given, work)
    status = 200 if made["closed"] else 202
    return page(request, "consent", session=session, status=status, here=given, which=which, **made)


@router.get("/barn/{given}/samtykke/{which}/trekk")
def ask(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """What taking it back means, before it is done."""

    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        shown = _withdrawable(_shown(session, insight, told, which))
        insight.tell([shown.ref])
        return {"consent": shown, "child": told.child()}

    made = looking(desk, session, given, work)
    return page(request, "withdraw", session=session, here=given, which=which, **made)


@router.post("/barn/{given}/samtykke/{which}/trekk")
async def withdraw(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    which: Handle,
    fields: Form,  # noqa: ARG001
) -> Response:
    """Take it back. The page that follows says whether it is closed."""
    ref, stored = await run_in_threadpool(_withdraw, request, desk, session, given, which)
    await wait_for(desk, session.tenant, ref, stored)
    return onward(f"/barn/{given}/samtykke/{which}")


def _withdraw(
    request: Request, desk: WebDesk, session: Session, given: str, which: str
) -> tuple[str, datetime]:
    def work(_: Connection, insight: Insight) -> tuple[str, str, str]:
        told = teller(request, desk, insight)
        shown = _shown(session, insight, told, which)
        if shown.withdrawn is None:  # saying it twice does no harm
            _withdrawable(shown)
        version = insight.version(shown.ref)
        return shown.ref, insight.here.me.id, version.created_by if version else ""

    ref, by, source = looking(desk, session, given, work, shown=False)
    now = desk.service.clock()
    done = desk.service.withdrawer(session.tenant, source).withdraw(ref, by, now, now)
    if done.new:
        desk.service.woken()
    return ref, done.stored


def _shown(session: Session, insight: Insight, told: Teller, which: str) -> Shown:
    found = {one.ref: one for one in told.consents()}
    shown = found[resolve(session, which, found)]
    insight.tell(ref for ref in insight.seen if ref.startswith(("RelatedPerson/", "PractitionerRole/")))
    return shown


def _withdrawable(shown: Shown) -> Shown:
    if not shown.may_withdraw:
        raise NotFound("Nothing to take back")
    return shown
