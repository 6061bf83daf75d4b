"""A clinician answers whoever coordinates a plan: written, read through and corrected for as long as it takes
and sent when they say so. The draft is kept here until then; once sent it is a message like any entry."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import Conflict, NotFound
from gateway.hub import answer_drafts
from gateway.hub.answer_drafts import Draft, Kept
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.web.clinic import answer
from gateway.web.clinic.plan_pages import CLINIC, PATH
from gateway.web.clinic.shared import SharedPlan, shared_plan
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import (
    Fields,
    Form,
    Handle,
    Here,
    Sent,
    Typed,
    demand_shown,
    handle,
    lasting,
    mark_of,
    resolve,
)
from gateway.web.insight import Insight, looking
from gateway.web.kept_pages import Text, entered, kept, of_clinicians
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
Message = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{24}$")]
OWN: Final = PATH + "/{given}/svar"
Fill = Callable[[SharedPlan, Draft | None], Draft]


@router.get(OWN)
def form(request: Request, desk: AtDesk, session: Here, given: Handle, til: Message = None) -> Response:
    """The form, with the draft as it stands; til: the message that is to be answered."""

    def fill(plan: SharedPlan, kept: Draft | None) -> Draft:
        if til is None:
            return kept or Draft("", "", "")
        to = resolve(session, til, answer.answerable(plan))
        return Draft("", answer.subject_of(plan, to), kept.text if kept else "", to)

    return _form(request, desk, session, given, fill, {})


@router.post(OWN)
async def written(request: Request, desk: AtDesk, sent: Typed, given: Handle) -> Response:
    """The draft is kept, and shown to be read through; or the form comes back with what is wrong."""
    return await run_in_threadpool(_written, request, desk, sent, given)


def _written(request: Request, desk: WebDesk, sent: Sent, given: str) -> Response:
    if sent.session is None or not sent.proven:
        return _unproven(request, desk, sent)
    session, fields = entered(request, sent.session), sent.fields
    to = fields.get("til", [""])[0]

    def work(connection: Connection, insight: Insight) -> tuple[SharedPlan, Draft]:
        plan = shared_plan(insight)
        before = answer_drafts.find(connection, session.tenant, insight.here.me.id)
        answers = resolve(session, to, answer.answerable(plan)) if to else None
        draft = _typed(fields, answers)
        same = before is not None and replace(before.draft, key="") == draft  # else: another message
        return plan, replace(draft, key=before.draft.key if before and same else str(uuid.uuid4()))

    plan, draft = looking(desk, session, given, work, shown=False, find=CLINIC)
    closed = not open_here(plan.insight)
    faults = {"": "write.fault.closed-log"} if closed else answer.faults_of(draft)
    if faults:
        return _form(request, desk, session, given, lambda *_: draft, faults)
    here, now = plan.insight.here, desk.service.clock()
    with desk.service.store.write(session.tenant) as connection:
        answer_drafts.keep(connection, session.tenant, here.person, here.me.id, draft, now)
    return onward(f"{PATH}/{given}/svar/se-over")


def _typed(fields: Fields, answers: str | None) -> Draft:
    """What stands in the form; answers: the message it answers."""
    subject = " ".join(answer.words_of(fields.get("emne", [""])[0]).split())
    return Draft("", subject, answer.words_of(fields.get("tekst", [""])[0]), answers)


def _unproven(request: Request, desk: WebDesk, sent: Sent) -> Response:
    """The form once more after a new login, with what was typed before it; the draft is as it was."""
    typed = _typed(sent.fields, None)
    message = sent.fields.get("melding", [""])[0]

    def again(session: Session, given: str) -> Response:
        def fill(plan: SharedPlan, _: Draft | None) -> Draft:
            with suppress(NotFound):  # it answers nothing, or nothing that is there any more
                found = resolve(session, message, answer.answerable(plan), new_login=True)
                return replace(typed, answers=found)
            return typed

        return _form(request, desk, session, given, fill, {"": "write.fault.session"})

    texts = [
        Text("emne", "clinic.answer.subject", typed.subject),
        Text("tekst", "clinic.answer.text", typed.text),
    ]
    return kept(request, desk, sent, texts, again, of_clinicians)


@router.get(OWN + "/se-over")
def review(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """The answer as it will be sent, and to whom. Raises Conflict where there is none."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        plan = shared_plan(insight)
        kept = _kept(connection, session, plan)
        told = teller(request, desk, insight)
        tell_people(insight)
        to = answer.recipients(plan, kept.draft.answers)
        return {
            "child": told.child(),
            "draft": kept.draft,
            "at": kept.at,
            "writes": open_here(insight),
            "to": [told.name(ref) for ref in to],
            "shown": mark_of(session, _shown(plan, kept)),
        }

    made = looking(desk, session, given, work, find=CLINIC)
    status = 200 if made["writes"] else 409
    return page(request, "clinic/answer_review", session=session, status=status, here=given, **made)


@router.post(OWN + "/send")
def send(request: Request, desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:
    """It is sent as it was read through, once; from now on it is corrected by writing another."""

    def work(connection: Connection, insight: Insight) -> tuple[SharedPlan, Kept]:
        plan = shared_plan(insight)
        return plan, _meant(connection, session, plan, fields)

    plan, kept = looking(desk, session, given, work, shown=False, find=CLINIC)
    if not open_here(plan.insight):
        return review(request, desk, session, given)  # which says that it is closed
    here, now = plan.insight.here, desk.service.clock()
    ref = answer.send(desk.service, plan, kept.draft, now)
    with desk.service.store.write(session.tenant) as connection:
        answer_drafts.forget(connection, session.tenant, here.me.id, kept.at)
        said = Entry(Kind.DECISION, now, here.person, "answer sent", client=here.me.id, subject=ref)
        entries.write(connection, session.tenant, [said])
    return onward(f"{PATH}/{given}")


@router.post(OWN + "/slett")
def throw_away(desk: AtDesk, session: Here, given: Handle, fields: Form) -> Response:
    """The draft goes, and nothing was sent."""

    def work(connection: Connection, insight: Insight) -> tuple[str, Kept]:
        plan = shared_plan(insight)
        return plan.insight.here.me.id, _meant(connection, session, plan, fields)

    author, kept = looking(desk, session, given, work, shown=False, find=CLINIC)
    with desk.service.store.write(session.tenant) as connection:
        answer_drafts.forget(connection, session.tenant, author, kept.at)
    return onward(f"{PATH}/{given}")


def _form(
    request: Request, desk: WebDesk, session: Session, given: str, fill: Fill, faults: dict[str, str]
) -> Response:
    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        plan = shared_plan(insight)
        kept = answer_drafts.find(connection, session.tenant, insight.here.me.id)
        draft = fill(plan, kept.draft if kept is not None else None)
        to = draft.answers if draft.answers in plan.seen else None
        told = teller(request, desk, insight)
        tell_people(insight)
        insight.tell([to] if to else [])
        entry = next((one for one in plan.entries if one.resource == to), None)
        return {
            "child": told.child(),
            "draft": draft,
            "kept": kept is not None,
            "writes": open_here(insight),
            "answered": entry,
            "til": handle(session, to) if to else "",
            "message": lasting(session, to) if to else "",
            "hvor": lasting(session, plan.frame),
            "to": sorted(told.name(ref) for ref in answer.recipients(plan, to)),
        }

    made = looking(desk, session, given, work, find=CLINIC)
    limits: dict[str, Any] = {"longest": answer.LONGEST, "subject": answer.SUBJECT}
    status = (409 if "" in faults else 422) if faults else 200
    return page(
        request, "clinic/answer", session=session, status=status, here=given, faults=faults, **limits, **made
    )


def _kept(connection: Connection, session: Session, plan: SharedPlan) -> Kept:
    kept = answer_drafts.find(connection, session.tenant, plan.insight.here.me.id)
    if kept is None:
        raise Conflict("There is nothing to send", code="changed-meanwhile")
    return kept


def _meant(connection: Connection, session: Session, plan: SharedPlan, fields: Form) -> Kept:
    """The draft that was read through. Raises Conflict for another, and where it goes to others."""
    kept = _kept(connection, session, plan)
    demand_shown(session, fields, _shown(plan, kept))
    return kept


def _shown(plan: SharedPlan, kept: Kept) -> list[Any]:
    """What is read through: the answer, and to whom it goes."""
    return [asdict(kept.draft), answer.recipients(plan, kept.draft.answers)]
