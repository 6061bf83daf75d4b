"""Reports to child welfare: POST and GET /welfare/reports, what child welfare answers, and its deadlines.
Reads bodies and shows answers; gateway.welfare does the work. No hub table, log line or figure knows of a
request here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, PROBLEM, answer, problem
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.api.welfare_documents import DeadlineAnswers, FeedbackReceipt, ReportReceipt, ReportStanding
from gateway.api.welfare_requests import FAULTY, FEEDBACK, MOST_ANSWER, REPORT
from gateway.config import Tenant
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.welfare import answers, record
from gateway.welfare.answers import Due
from gateway.welfare.office import Office
from gateway.welfare.readings import Reader
from gateway.welfare.reports import Feedback, Receipt, Recipient, Whole

router = APIRouter(tags=["welfare"])
ReportId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The receipt's id")]


@router.post(
    "/welfare/reports",
    summary="Report a concern to child welfare",
    description="Consent is not asked. The report is kept apart from everything else and sent to the "
    "municipality's child welfare service, acute ones first. The same record again gets the same receipt.",
    responses={**ok(ReportReceipt, "Kept, and on its way"), **FAULTY, **errors(400, 409, 413, 415)},
    openapi_extra=REPORT,
    response_class=Response,
)
async def report(
    request: Request, desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.WELFARE_WRITE))]
) -> Response:
    demand(request, JSON)
    reader, tenant = reader_of(desk, caller), _tenant(desk, caller)
    office, recipient = _office(desk, tenant), _recipient(desk, tenant)
    given = decoded(await body(request))
    wrong = record.problems(given, desk.service.clock())
    if wrong:
        error = Unprocessable("Meldingen kan ikke sendes.", code="faulty-report", field=wrong[0].field)
        shown = [{"field": one.field, "code": one.code, "text": one.text} for one in wrong]
        return answer(problem(error, problems=shown), 422, media_type=PROBLEM)
    receipt = await run_in_threadpool(office.reports.take, reader, recipient, given)
    office.woken()
    return answer(_receipt(receipt))


@router.get(
    "/welfare/reports/{report_id}",
    summary="How it stands with a report",
    description="For the system that reported and the one that received the report. Never shows the report.",
    responses={**ok(ReportStanding, "Receipt, delivery and feedback"), **errors(400, 404)},
    response_class=Response,
)
def standing(
    desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.WELFARE_READ))], report_id: ReportId
) -> Response:
    reader = reader_of(desk, caller)
    return answer(_whole(_known_office(desk).reports.read(reader, report_id)))


@router.post(
    "/welfare/reports/{report_id}/feedback",
    summary="Answer the one who reported",
    description="For the child welfare service that received the report. `undersoekes` and `henlagt` end the "
    "deadlines for assessing and answering; `henlagt` and `tiltak` that for investigating too.",
    responses={**ok(FeedbackReceipt, "Kept"), **errors(400, 404, 413, 415, 422)},
    openapi_extra=FEEDBACK,
    response_class=Response,
)
async def feedback(
    request: Request,
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.WELFARE_ANSWER))],
    report_id: ReportId,
) -> Response:
    demand(request, JSON)
    reader = reader_of(desk, caller)
    said = _said(decoded(await body(request)))
    office = _known_office(desk)
    number = await run_in_threadpool(office.answers.give, reader, report_id, said)
    return answer({"report": report_id, "number": number})


@router.get(
    "/welfare/deadlines",
    summary="What child welfare has to do, and by when",
    description="For the receiving service: its reports with a deadline still open, oldest first.",
    responses={**ok(DeadlineAnswers, "A page of reports"), **errors(400, 404)},
    response_class=Response,
)
def deadlines(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.WELFARE_READ))],
    only: Annotated[Literal["overdue"] | None, Query(description="Only where a deadline has passed")] = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    reader = reader_of(desk, caller)
    found = _known_office(desk).answers.due(reader, after=after, limit=limit + 1, overdue=only is not None)
    if not found and reader.system != _tenant(desk, caller).child_welfare:
        raise NotFound("Dette systemet mottar ikke bekymringsmeldinger.")
    page, now = found[:limit], desk.service.clock()
    following = page[-1].report if len(found) > limit else None
    return answer({"reports": [_due(one, now) for one in page], "next": following})


def reader_of(desk: Desk, caller: Caller) -> Reader:
    """Who comes. Raises Forbidden for one that acts for no system."""
    system = desk.system_of(caller)
    return Reader(caller.tenant, caller.client_id, system.id, system.organization)


def _tenant(desk: Desk, caller: Caller) -> Tenant:
    return next(one for one in desk.service.settings.tenants if one.id == caller.tenant)


def _office(desk: Desk, tenant: Tenant) -> Office:
    office = desk.service.welfare
    if office is None or tenant.child_welfare is None:
        raise Conflict("Kommunen har ikke koblet til barneverntjenesten sin.", code="no-child-welfare")
    return office


def _known_office(desk: Desk) -> Office:
    if desk.service.welfare is None:
        raise NotFound("Meldingen finnes ikke her.")
    return desk.service.welfare


def _recipient(desk: Desk, tenant: Tenant) -> Recipient:
    settings = desk.service.settings
    system = next(one for one in settings.systems if one.id == tenant.child_welfare)
    name = next(one.name for one in settings.organizations if one.number == system.organization)
    return Recipient(system.id, system.organization, name)


def _said(value: Any) -> Feedback:
    if not isinstance(value, dict) or not {"state", "time"} <= set(value) <= {"state", "time", "text"}:
        raise Unprocessable("`state` og `time` må være med, og `text` kan være med.")
    state, time, text = value["state"], record.time_of(value["time"]), value.get("text")
    if not isinstance(state, str) or state not in answers.STATES:
        raise Unprocessable(f"`state` er en av {', '.join(answers.STATES)}.", field="state")
    if time is None:
        raise Unprocessable("`time` er et tidspunkt med tidssone.", field="time")
    if "text" in value and (not isinstance(text, str) or not 0 < len(text) <= MOST_ANSWER):
        raise Unprocessable(f"`text` er tekst på inntil {MOST_ANSWER} tegn.", field="text")
    return Feedback(state, time, text)


def _receipt(one: Receipt) -> dict[str, Any]:
    ends = one.deadlines
    return {
        "id": one.id,
        "received": one.received.isoformat(),
        "acute": one.urgent,
        "recipient": {
            "system": one.recipient.system,
            "organization": one.recipient.organization,
            "name": one.recipient.name,
        },
        "deadlines": {
            "assess": ends.assess.isoformat(),
            "answer": ends.answer.isoformat(),
            "investigate": ends.investigate.isoformat(),
        },
        "guardians": one.guardians,
    }


def _whole(one: Whole) -> dict[str, Any]:
    said = [{"state": f.state, "time": f.said.isoformat(), "text": f.text} for f in one.feedback]
    return {
        "receipt": _receipt(one.receipt),
        "delivery": {"state": one.state, "error": one.error},
        "feedback": said,
    }


def _due(one: Due, now: datetime) -> dict[str, Any]:
    shown = [
        {
            "name": d.name,
            "by": d.by.isoformat(),
            "met": d.met.isoformat() if d.met else None,
            "state": d.state(now),
        }
        for d in one.deadlines
    ]
    return {"report": one.report, "received": one.received.isoformat(), "deadlines": shown}
