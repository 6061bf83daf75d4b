"""The pages beside a child's timeline, for coordinators: goals and measures, people, messages and documents,
and what is not shared. Each is judged and written as told like the timeline."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from gateway.web.consents_shown import Teller
from gateway.web.coordinator.child_head import seen_by_staff
from gateway.web.coordinator.goals import goals, measures
from gateway.web.coordinator.people import people
from gateway.web.coordinator.talks import talks
from gateway.web.coordinator.unshared import kept_from, recipients
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here, handle, resolve
from gateway.web.insight import Insight
from gateway.web.navigation import CHILDREN
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
CHILD = f"{CHILDREN.path}/{{given}}"


@router.get(f"{CHILD}/maal")
def aims(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """Goals with progress and deadlines, measures by responsible service."""

    def work(_: Connection, insight: Insight, told: Teller) -> dict[str, Any]:
        return {"goals": goals(insight, told), "measures": measures(insight, told)}

    shown = seen_by_staff(request, desk, session, given, "/maal", work)
    return page(request, "coordinator/goals", session=session, **shown)


@router.get(f"{CHILD}/deltakere")
def taking_part(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """People and their roles, now and before."""

    def work(_: Connection, insight: Insight, told: Teller) -> dict[str, Any]:
        now, before = people(insight, told)
        return {"now": now, "before": before}

    shown = seen_by_staff(request, desk, session, given, "/deltakere", work)
    return page(request, "coordinator/people", session=session, **shown)


@router.get(f"{CHILD}/meldinger")
def said(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """Messages by thread, and documents."""

    def work(connection: Connection, insight: Insight, told: Teller) -> dict[str, Any]:
        return {"talks": talks(connection, insight, told)}

    shown = seen_by_staff(request, desk, session, given, "/meldinger", work)
    return page(request, "coordinator/talks", session=session, **shown)


@router.get(f"{CHILD}/deles-ikke")
def not_shared(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    mottaker: Annotated[str, Query(pattern=r"^([A-Za-z0-9_-]{24})?$")] = "",
) -> Response:
    """What one of the other services does not get, and why. mottaker: a handle; none: the first."""

    def work(_: Connection, insight: Insight, told: Teller) -> dict[str, Any]:
        named = recipients(insight, told)
        chosen = resolve(session, mottaker, named) if mottaker else next(iter(named), None)
        groups, count, looked = kept_from(insight, told, chosen) if chosen is not None else ([], 0, 0)
        return {
            "recipients": {handle(session, number): name for number, name in named.items()},
            "chosen": named.get(chosen or "", ""),
            "groups": groups,
            "count": count,
            "looked": looked,
        }

    shown = seen_by_staff(request, desk, session, given, "/deles-ikke", work)
    return page(request, "coordinator/unshared", session=session, **shown)
