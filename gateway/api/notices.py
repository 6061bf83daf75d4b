"""GET /notices: what coordinators and young people are to be told (consents, birthdays, deadlines, …), and
POST /notices/{id}/done. References, codes and times; nothing of what records say."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.consent_documents import NoticeAnswer, NoticeAnswers
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.consents.notice_words import NOTICES
from gateway.consents.reminding import Reminder, Reminders
from gateway.consents.words import REMINDERS
from gateway.errors import Unprocessable
from gateway.hub.audit import occasion
from gateway.hub.notices import Kind

router = APIRouter(tags=["consents"])
PARTICIPANT = r"^(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$"
NoticeId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
BY = asks(
    {
        "by": {
            "type": "string",
            "pattern": PARTICIPANT,
            "description": "The participant it is for, who says that it is done",
        }
    },
    {"by": "PractitionerRole/0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10"},
)


@router.get(
    "/notices",
    summary="What coordinators and young people are to be told",
    description="Due and not done, the longest due first: a consent that ends within 30 days, has ended, or "
    "has lacked a signature for too long; a birthday that moves who decides, 60 days before and on the day; "
    "a deadline that is near or has passed; a measure without anybody responsible; a log that nobody holds. "
    "A client that acts for a system gets those for people who take part in that system; an operator all.",
    responses={**ok(NoticeAnswers, "A page of notices"), **errors(400, 404)},
    response_class=Response,
)
def notices(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.NOTICES_READ))],
    participant: Annotated[
        str | None, Query(pattern=PARTICIPANT, description="Only those for this participant")
    ] = None,
    patient: Annotated[str | None, Query(pattern=r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$")] = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    held = _reminders(desk, caller)
    with desk.service.store.read(caller.tenant) as connection:
        own = patient.removeprefix("Patient/") if patient else None
        due = held.due(connection, after, of_person=own)
        wanted = (one for one in due if participant is None or participant in one.addressees)
        found = list(islice(wanted, limit + 1))
    page = found[:limit]
    occasion.about(*(one.person for one in page))
    new = [one.id for one in page if one.told is None]
    if new:
        with desk.service.store.write(caller.tenant) as connection:
            held.told(connection, new)
    following = page[-1].id if len(found) > limit else None
    return answer({"notices": [_plain(one) for one in page], "next": following})


@router.post(
    "/notices/{notice_id}/done",
    summary="Say that a notice is done",
    description="Saying it twice changes nothing. What lasts until it is mended (a deadline that has passed, "
    "a log that nobody holds, a measure without anybody responsible) cannot be said to be done.",
    responses={**ok(NoticeAnswer, "Done"), **errors(400, 404, 413, 415, 422)},
    openapi_extra=BY,
    response_class=Response,
)
async def done(
    request: Request,
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.NOTICES_WRITE))],
    notice_id: NoticeId,
) -> Response:
    demand(request, JSON)
    value = decoded(await body(request))
    by = value.get("by") if isinstance(value, dict) and value.keys() == {"by"} else None
    if not isinstance(by, str):
        raise Unprocessable("`by` names the participant the notice is for", field="by")
    return await run_in_threadpool(_finish, desk, caller, notice_id, by)


def _finish(desk: Desk, caller: Caller, notice_id: str, by: str) -> Response:
    with desk.service.store.write(caller.tenant) as connection:
        found = _reminders(desk, caller).finish(connection, notice_id, by)
    return answer(_plain(found))


def _reminders(desk: Desk, caller: Caller) -> Reminders:
    return Reminders(
        desk.service.settings, desk.service.facts, caller.tenant, caller.system, desk.service.clock()
    )


def _plain(one: Reminder) -> dict[str, Any]:
    words = (REMINDERS.get(one.kind) or NOTICES[Kind(one.kind)]).within(age=one.about)
    return {
        "id": one.id,
        "patient": f"Patient/{one.person}",
        "kind": one.kind,
        "about": one.about,
        **words.plain(),
        "at": one.at.isoformat(),
        "due": one.due.isoformat(),
        "told": one.told.isoformat() if one.told else None,
        "addressees": list(one.addressees),
        "done": one.done.isoformat() if one.done else None,
        "doneBy": one.done_by,
    }
