"""Who is who: POST /people/{person}/merge and its undoing, GET /people/{person}/merges, and the questions
that wait for a person to decide. References, ids, times and the names of those who decided; never content."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, admitted
from gateway.api.bodies import asks
from gateway.api.consent_life import facts_of
from gateway.api.documents import errors, ok
from gateway.api.identity_documents import MergeAnswer, MergesAnswer, QuestionAnswer, UndoneAnswer
from gateway.api.limits import body, decoded, demand
from gateway.api.said import fields_of, text_of
from gateway.errors import Conflict
from gateway.exchange.merging import Asked, Crossed, Undone
from gateway.hub import claims, joining
from gateway.hub.claims import Claim
from gateway.hub.joining import Merge

router = APIRouter(tags=["people"])
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
OwnId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
MayWrite = Annotated[Caller, Depends(admitted(scopes.PEOPLE_WRITE))]
TRIES, PAUSE = 40, 0.05  # a delivery that is under way is waited for, at most two seconds
T = TypeVar("T")

NAME = {"type": "string", "minLength": 1, "maxLength": 120, "description": "The full name of who decides"}
WHY = {"type": "string", "minLength": 1, "maxLength": 500}
OTHER = {"type": "string", "pattern": r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$", "description": "Who it is too"}
SAYS = {"by": "Kari Nordmann", "reason": "Folkeregisteret: D-nummeret er erstattet av fødselsnummeret"}
MERGE = asks(
    {"other": OTHER, "by": NAME, "reason": WHY},
    {"other": "0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10", **SAYS},
    ["by", "other", "reason"],
)
DECIDE = asks({"by": NAME, "reason": WHY}, SAYS, ["by", "reason"])


@router.post(
    "/people/{person_id}/merge",
    summary="A named person says that two persons here are one",
    description="Everything of `other` becomes this person's, and its id leads here from now on. Nothing is "
    "changed or made twice. What each had agreed to before permits nothing of the other's, while refusals of "
    "both count for both at once. Questions whether the two are one are answered by it. A client that acts "
    "for a system merges persons whose logs or plans it keeps; an operator any of the tenant's.",
    responses={**ok(MergeAnswer, "Merged", 201), **errors(308, 400, 404, 409, 413, 415, 422)},
    openapi_extra=MERGE,
    response_class=Response,
)
async def merge(request: Request, desk: AtDesk, caller: MayWrite, person_id: PersonId) -> Response:
    demand(request, JSON)
    given = fields_of(decoded(await body(request)), "other", "by", "reason")
    other = text_of(given["other"], "other", 72).removeprefix("Patient/")
    asked = _asked(caller, given)
    merging, now = desk.service.merging(caller.tenant), desk.service.clock()
    done = await _at_rest(lambda: merging.merge(person_id, other, asked, now))
    desk.service.woken()
    return answer(_merge(done), 201)


@router.post(
    "/people/{person_id}/merge/{merge_id}/undo",
    summary="A named person says that the two are not one after all",
    description="What was the other's, and what has been written about it since, goes back. What systems "
    "were told of one while they had nothing but the other is listed; a deviation is opened for each item. A "
    "client that acts for a system parts persons of each of whom it keeps a log or plan; an operator any.",
    responses={**ok(UndoneAnswer, "Two again"), **errors(400, 404, 409, 413, 415, 422)},
    openapi_extra=DECIDE,
    response_class=Response,
)
async def undo(
    request: Request, desk: AtDesk, caller: MayWrite, person_id: PersonId, merge_id: OwnId
) -> Response:
    demand(request, JSON)
    asked = _asked(caller, fields_of(decoded(await body(request)), "by", "reason"))
    merging, now = desk.service.merging(caller.tenant), desk.service.clock()
    done = await _at_rest(lambda: merging.undo(person_id, merge_id, asked, now))
    desk.service.woken()
    return answer(_undone(done))


@router.get(
    "/people/{person_id}/merges",
    summary="Merges that a person took part in, and questions of who is who",
    description="Merges, undone ones too, and questions, answered ones too, the oldest first.",
    responses={**ok(MergesAnswer, "All of them"), **errors(308, 400, 404)},
    response_class=Response,
)
def listed(desk: AtDesk, caller: MayWrite, person_id: PersonId) -> Response:
    with desk.service.store.read(caller.tenant) as connection:
        facts_of(connection, desk, caller, person_id)
        merges = joining.of_person(connection, caller.tenant, person_id)
        asked = claims.of_persons(connection, caller.tenant, [person_id])
    return answer(
        {
            "patient": f"Patient/{person_id}",
            "merges": [_merge(one) for one in merges],
            "questions": [_question(one, caller) for one in asked],
        }
    )


@router.post(
    "/people/{person_id}/questions/{question_id}/{answered}",
    summary="A named person answers whether a number leads to this person",
    description="`same`: a number that was given up leads to this person still; the record that waited is "
    "taken in. `different`: it does not, and the record is refused until its number is mended. Where the "
    "question is about two people who are one, they are merged instead.",
    responses={**ok(QuestionAnswer, "Answered"), **errors(400, 404, 409, 413, 415, 422)},
    openapi_extra=DECIDE,
    response_class=Response,
)
async def decide(
    request: Request,
    desk: AtDesk,
    caller: MayWrite,
    person_id: PersonId,
    question_id: OwnId,
    answered: Literal["same", "different"],
) -> Response:
    demand(request, JSON)
    asked = _asked(caller, fields_of(decoded(await body(request)), "by", "reason"))
    merging, now = desk.service.merging(caller.tenant), desk.service.clock()
    call = merging.accept if answered == "same" else merging.refuse
    done = await run_in_threadpool(call, person_id, question_id, asked, now)
    desk.service.woken()
    return answer(_question(done, caller))


async def _at_rest(call: Callable[[], T]) -> T:
    """Do it once no delivery about either is under way. Raises Conflict where one does not end."""
    for tried in range(TRIES):
        try:
            return await run_in_threadpool(call)
        except Conflict as refused:
            if refused.code != "under-way" or tried == TRIES - 1:
                raise
        await asyncio.sleep(PAUSE)
    raise AssertionError("unreachable")


def _asked(caller: Caller, given: dict[str, Any]) -> Asked:
    by, reason = text_of(given["by"], "by", 120), text_of(given["reason"], "reason", 500)
    return Asked(by, reason, caller.client_id[:255], caller.system)


def _merge(one: Merge) -> dict[str, Any]:
    return {
        "id": one.id,
        "patient": f"Patient/{one.kept}",
        "other": f"Patient/{one.joined}",
        "state": one.state.value,
        "by": one.by,
        "reason": one.reason,
        "created": one.created.isoformat(),
        "undone": one.undone.isoformat() if one.undone else None,
        "undoneBy": one.undone_by,
        "undoneReason": one.undone_reason,
    }


def _undone(one: Undone) -> dict[str, Any]:
    return {
        "merge": _merge(one.merge),
        "told": [_crossed(each) for each in one.crossed],
        "deviations": list(one.opened),
    }


def _crossed(one: Crossed) -> dict[str, Any]:
    told = {"item": one.item, "system": one.system, "state": one.state, "disclosure": one.disclosure}
    return {**told, "told": one.told.isoformat()}


def _question(one: Claim, caller: Caller) -> dict[str, Any]:
    """Which system has the record in question, and what it calls it, only that system and operators learn."""
    told = caller.system in (None, one.system)
    return {
        "id": one.id,
        "patient": f"Patient/{one.person}",
        "other": f"Patient/{one.other}" if one.other else None,
        "system": one.system if told else None,
        "record": one.native_id if told else None,
        "reason": one.reason.value,
        "state": one.state.value,
        "created": one.created.isoformat(),
        "decided": one.decided.isoformat() if one.decided else None,
        "by": one.by,
        "note": one.note,
    }
