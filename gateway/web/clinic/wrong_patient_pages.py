"""A clinician says that a plan is about none of their patients: from then on nobody at their organization
sees anything of the child, here or by a system, until somebody has resolved it. The coordinator is told."""

from __future__ import annotations

import uuid
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.hub.acts import Act, Kind
from gateway.web.clinic.plan_pages import CLINIC, PATH
from gateway.web.clinic.shared import SharedPlan, shared_plan
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Handle, Here
from gateway.web.insight import Insight, looking
from gateway.web.names import name_of
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
LONGEST: Final = 500
UNSAID: Final = "wrong patient"  # the reason, where none was written


@router.get(PATH + "/{given}/feil-pasient")
def ask(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """What it means, before it is done."""
    return _ask(request, desk, session, given, too_long=False)


@router.post(PATH + "/{given}/feil-pasient")
def close(request: Request, desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:
    """It is closed before the answer is given."""
    reason = fields.get("grunn", [""])[0].strip()
    if len(reason) > LONGEST:
        return _ask(request, desk, session, given, too_long=True)

    def work(_: Connection, insight: Insight) -> SharedPlan:
        return shared_plan(insight)

    plan = looking(desk, session, given, work, shown=False, find=CLINIC)
    here, now = plan.insight.here, desk.service.clock()
    act = Act(
        id=str(uuid.uuid4()),
        person=here.person,
        kind=Kind.WRONG_PERSON,
        by=name_of(plan.insight.seen.get(here.me.id, {})) or here.me.id,
        reason=reason or UNSAID,
        client=here.me.id,
        created=now,
        items=frozenset({here.frame}),
        recipients=frozenset({plan.organization}),
    )
    desk.service.acting(session.tenant, None).make(act, now)
    desk.service.woken()
    return onward(f"{PATH}/{given}")


def _ask(request: Request, desk: WebDesk, session: Session, given: str, *, too_long: bool) -> Response:
    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        plan = shared_plan(insight)
        tell_people(plan.insight)
        return {"child": teller(request, desk, insight).child()}

    made = looking(desk, session, given, work, find=CLINIC)
    status = 422 if too_long else 200
    return page(
        request, "clinic/wrong_patient", session=session, status=status, here=given, too_long=too_long,
        longest=LONGEST, **made,
    )  # fmt: skip
