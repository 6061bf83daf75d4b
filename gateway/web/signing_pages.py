"""What a draft would mean, and the signature under it: taken in like any record, and in effect when the
answer is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict
from gateway.intake.signing import Signed, Signer
from gateway.web import consent_form, signature
from gateway.web.closing import wait_for
from gateway.web.consent_form import Draft
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Fields, Form, Handle, Here, demand_shown, handle, mark_of
from gateway.web.insight import Insight, looking
from gateway.web.outlook import outlook
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.get("/barn/{given}/se-over")
def preview(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    side: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Exactly what would be shared with whom. side: the page of what each would have."""

    def work(_: Connection, insight: Insight) -> tuple[dict[str, Any], Draft]:
        told, draft = teller(request, desk, insight), _draft(session, insight)
        tell_people(insight)
        return {
            "child": told.child(),
            "draft": draft.consent("draft"),
            "purpose": draft.purpose,
            "hidden": draft.hidden,
            "excepted": [told.recipient(r) for r in draft.excepted],
            "recipients": [told.recipient(r) for r in draft.recipients],
            "kept": [told.title(i) for i in draft.items],
            "categories": draft.categories,
            "outlook": outlook(insight, told, draft, side),
            "side": side,
        }, replace(draft, facts_no=insight.here.facts_no)

    made, shown = looking(desk, session, given, work)
    desk.sessions.keep(session, shown.plain())  # what is signed is what was shown here, or nothing
    return page(
        request, "preview", session=session, here=given, shown=mark_of(session, shown.plain()), **made
    )


@router.post("/barn/{given}/se-over")
async def sign(desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:
    """Sign what was shown: nothing else, and once."""
    draft, signed = await run_in_threadpool(_sign, desk, session, given, fields)
    if draft.refuses or draft.excepted or draft.items:
        await wait_for(desk, session.tenant, signed.ref, signed.stored)
    return onward(f"/barn/{given}/samtykke/{handle(session, signed.ref)}")


def _sign(desk: WebDesk, session: Session, given: str, fields: Fields) -> tuple[Draft, Signed]:
    here, draft = looking(
        desk, session, given, lambda _, insight: (insight.here, _draft(session, insight)), shown=False
    )
    demand_shown(session, fields, draft.plain())
    now: datetime = desk.service.clock()
    signer = Signer(desk.service.store, desk.service.journal, session.tenant, here.person)
    signed = signer.sign(
        draft.frame, draft.by, draft.facts_no, now, lambda own: signature.write(draft, own, here.person, now)
    )
    desk.sessions.keep(session, None)
    desk.service.woken()
    return draft, signed


def _draft(session: Session, insight: Insight) -> Draft:
    draft = consent_form.draft_of(session.draft)
    if draft is None or (draft.frame, draft.by) != (insight.here.frame, insight.here.me.id):
        raise Conflict("There is nothing to sign", code="changed-meanwhile")
    return draft
