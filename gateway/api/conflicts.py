"""Conflicts, for those who coordinate: GET /people/{person}/conflicts, GET /conflicts/{id}, its attachments,
and POST /conflicts/{id}/decide. What is shown has been judged, and is a disclosure."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api import rulings
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.conflict_documents import ConflictAnswer, ConflictAnswers
from gateway.api.conflict_forms import attachment, plain, ruling_of
from gateway.api.consent_life import PersonId, facts_of
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.api.visit import Visit, visiting
from gateway.errors import NotFound
from gateway.exchange.contested import Contested, Onlooker
from gateway.hub import conflicts as kept
from gateway.hub import versions
from gateway.hub.conflicts import Kept, State

router = APIRouter(tags=["conflicts"])
MayRead = Annotated[Caller, Depends(admitted(scopes.CONFLICTS_READ))]
MayWrite = Annotated[Caller, Depends(admitted(scopes.CONFLICTS_WRITE))]
ConflictId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
OCTETS = "application/octet-stream"
DECISION = asks(
    {
        "choice": {"type": "string", "enum": ["current", "theirs", "value"]},
        "value": {"description": "With the choice `value`: what is to stand there; null for nothing"},
        "version": {"type": "integer", "minimum": 1, "description": "Of the resource, as it was shown"},
        "by": {
            "type": "string",
            "pattern": r"^(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$",
            "description": "The participant who decides: one of `deciders`",
        },
        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
    },
    {
        "choice": "theirs",
        "version": 3,
        "by": "PractitionerRole/0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10",
        "reason": "BUP har snakket med familien sist",
    },
    ["choice", "version", "by", "reason"],
)


@router.get(
    "/people/{person_id}/conflicts",
    summary="What systems disagree about, with both values",
    description="The oldest first. For a system in whose log or plan somebody coordinates: conflicts on "
    "items it may see, each value as far as it may see that. An operator is told of all, without the values. "
    "Noted as a disclosure.",
    responses={**ok(ConflictAnswers, "Conflicts"), **errors(400, 404)},
    response_class=Response,
)
def listed(
    desk: AtDesk,
    caller: MayRead,
    person_id: PersonId,
    state: Annotated[State, Query(description="How they stand")] = State.OPEN,
) -> Response:
    found = looked_at(desk, caller, person_id, [state])
    return answer({"patient": f"Patient/{person_id}", "conflicts": [plain(one) for one in found]})


@router.get(
    "/conflicts/{conflict_id}",
    summary="One conflict, with both values",
    description="Attachments stand in it by size and SHA-256.",
    responses={**ok(ConflictAnswer, "The conflict"), **errors(400, 404)},
    response_class=Response,
)
def one(desk: AtDesk, caller: MayRead, conflict_id: ConflictId) -> Response:
    return answer(plain(_one(desk, caller, conflict_id)))


@router.get(
    "/conflicts/{conflict_id}/attachments/{sha256}",
    summary="An attachment that a conflict is about",
    responses={200: {"description": "Its bytes", "content": {OCTETS: {}}}, **errors(400, 404)},
    response_class=Response,
)
def content(
    desk: AtDesk,
    caller: MayRead,
    conflict_id: ConflictId,
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
) -> Response:
    found = attachment(_one(desk, caller, conflict_id), sha256)
    if found is None:
        raise NotFound("No such attachment")
    kind = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(found, media_type=OCTETS, headers=kind)


@router.post(
    "/conflicts/{conflict_id}/decide",
    summary="Decide a conflict",
    description="`current`: what stands here stays. `theirs`: what the other system said is put there. "
    "`value`: something else. The decision is a new version that goes to all who may see it, and every "
    "system that holds something else gets it. `choices` says what may be chosen: what consents, roles, "
    "circumstances and marks say is changed where they are made, never here. The same decision again changes "
    "nothing; 409 when the resource or the conflict has moved on.",
    responses={**ok(ConflictAnswer, "Decided"), **errors(400, 404, 409, 413, 415, 422)},
    openapi_extra=DECISION,
    response_class=Response,
)
async def decide(request: Request, desk: AtDesk, caller: MayWrite, conflict_id: ConflictId) -> Response:
    demand(request, JSON)
    said = ruling_of(decoded(await body(request)))
    await run_in_threadpool(rulings.rule, desk, caller, conflict_id, said)
    found = await run_in_threadpool(_one, desk, caller, conflict_id)
    return answer(plain(found))


def _one(desk: Desk, caller: Caller, conflict_id: str) -> Contested:
    with desk.service.store.read(caller.tenant) as connection:
        found = kept.one_of(connection, caller.tenant, conflict_id)
    told = _told(desk, caller, found.person, conflict_id, list(State)) if found is not None else None
    if not told:
        raise absent()
    return told[0]


def looked_at(desk: Desk, caller: Caller, person_id: str, states: list[State]) -> list[Contested]:
    """A person's conflicts as the caller may see them. Raises NotFound."""
    found = _told(desk, caller, person_id, None, states)
    if found is None:
        raise NotFound("No such person here")
    return found


def _told(
    desk: Desk, caller: Caller, person_id: str, wanted: str | None, states: list[State]
) -> list[Contested] | None:
    """The same, or the one that is wanted; None for a person of whom the caller's system sees nothing."""
    if caller.system is None:
        with desk.service.store.read(caller.tenant) as connection:
            facts = facts_of(connection, desk, caller, person_id)
            looker = Onlooker(facts, desk.service.clock(), caller.tenant, None)
            rows = _rows(kept.of_person(connection, caller.tenant, person_id, states), wanted)
            heads = versions.of_refs(connection, caller.tenant, {row.ref for row in rows})
            seen = [looker.look(row, heads.get(row.ref)) for row in rows]
        return [one for one in seen if one is not None]

    def work(here: Visit) -> list[Contested] | None:
        sight = here.looking.whole(here.connection, person_id, hold=False)
        if sight is None or not sight.seen:
            return None
        looker = Onlooker(sight.facts, sight.now, caller.tenant, sight)
        rows = _rows(kept.of_person(here.connection, caller.tenant, person_id, states), wanted)
        heads = versions.of_refs(here.connection, caller.tenant, {row.ref for row in rows})
        seen = [looker.look(row, heads.get(row.ref)) for row in rows]
        found = [one for one in seen if one is not None]
        here.tell(sight, [one.head.ref for one in found])
        return found

    return visiting(desk, caller, work)


def _rows(found: list[Kept], wanted: str | None) -> list[Kept]:
    return [one for one in found if wanted in (None, one.id)]


def absent() -> NotFound:
    """The answer is the same for one that is not there and one that is not for the caller."""
    return NotFound("No such conflict")
