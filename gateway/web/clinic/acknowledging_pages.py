"""A clinician acknowledges what the page has shown, on behalf of their organization: a receipt as systems
give it (gateway/hub/receipts.py). What no page has shown them, or was changed since, is not acknowledged."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict
from gateway.hub import persons, plan_readings, receipts
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.plan_readings import Reading
from gateway.hub.receipts import Saying
from gateway.web.clinic.plan_pages import CLINIC, PATH
from gateway.web.clinic.shared import SharedPlan, shared_plan
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Handle, Here
from gateway.web.insight import Insight, looking
from gateway.web.names import name_of
from gateway.web.rendering import PageRoute, onward

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.post(PATH + "/{given}/kvitter")
def acknowledge(
    request: Request,  # noqa: ARG001
    desk: AtDesk,
    session: Here,
    given: Handle,
    fields: Form,  # noqa: ARG001
) -> Response:
    """All that was shown and stands as it was shown. Raises Conflict where another may say so by now."""
    _acknowledge(desk, session, given)
    return onward(f"{PATH}/{given}")


def _acknowledge(desk: WebDesk, session: Session, given: str) -> None:
    def work(connection: Connection, insight: Insight) -> tuple[SharedPlan, Reading | None]:
        plan = shared_plan(insight)
        return plan, plan_readings.find(connection, session.tenant, insight.here.me.id)

    plan, read = looking(desk, session, given, work, shown=False, find=CLINIC)
    if read is None:
        return  # nothing was ever shown that could be acknowledged
    here, now = plan.insight.here, desk.service.clock()
    wanted = [item for item, mark in plan.marks.items() if read.now.get(item) == mark]
    name = name_of(plan.insight.seen.get(here.me.id, {}))
    with desk.service.store.write(session.tenant) as connection:
        row = persons.lock(connection, session.tenant, [here.person])[here.person]
        if row.facts_no != here.facts_no:  # who takes part, or what they may see, is another by now
            raise Conflict("What this rests on has changed since it was shown", code="changed-meanwhile")
        for item in wanted:
            version = plan.insight.version(item)
            recipient = receipts.at_pages(plan.organization)
            said = Saying(recipient, here.person, item, receipts.Kind.READ, now, name)
            receipts.keep_of(connection, session.tenant, said, version.version if version else 0, now)
        read = plan_readings.find(connection, session.tenant, here.me.id) or read  # a page came meanwhile
        plan_readings.keep(connection, session.tenant, here.person, here.me.id, read.settled(now))
        details = {"items": wanted}
        entry = Entry(
            Kind.DECISION, now, here.person, "receipt", client=here.me.id, subject=here.frame, details=details
        )
        entries.write(connection, session.tenant, [entry])
