"""POST /people/{person}/recall: "wrong patient" in one call; and the deviations it opens, with who had the
item and who has acknowledged. References, codes, times and the names of those who acted; never content."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import and_, or_

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.api.recall_documents import DeviationAnswer, DeviationAnswers, RecallAnswer
from gateway.api.said import fields_of, text_of
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.exchange import deviations
from gateway.exchange.deviations import Deviation
from gateway.exchange.holders import Holder
from gateway.exchange.recall import REASONS, Recall, Recalled
from gateway.hub.audit import occasion
from gateway.hub.schema.deviations import deviation

router = APIRouter(tags=["deviations"])
MOST_ITEMS = 100
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
DeviationId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
MayRead = Annotated[Caller, Depends(admitted(scopes.DEVIATIONS_READ))]
MayWrite = Annotated[Caller, Depends(admitted(scopes.RECALL_WRITE))]
NAME = {"type": "string", "minLength": 1, "maxLength": 120, "description": "The full name of who does it"}


ITEM = {"type": "string", "pattern": r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}$"}
RECALL = asks(
    {
        "items": {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": ITEM},
        "by": NAME,
        "reason": {"type": "string", "enum": sorted(REASONS)},
    },
    {
        "items": ["Goal/0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10"],
        "by": "Kari Nordmann",
        "reason": "feil-person",
    },
    ["by", "items", "reason"],
)
CLOSE = asks(
    {"by": NAME, "reason": {"type": "string", "minLength": 1, "maxLength": 500}},
    {"by": "Kari Nordmann", "reason": "Legekontoret er ringt og har slettet sin utskrift"},
)


@router.post(
    "/people/{person_id}/recall",
    summary="Wrong patient: recall items from everyone who got them",
    description="Each item is registered in error here, everyone who holds it is told so, whatever they may "
    "still see, and a deviation is opened that says who had it and who has acknowledged. Nothing is deleted. "
    "A repeat gives the same deviations. A client that acts for a system recalls what was made in "
    "that system; an operator anything of the tenant's.",
    responses={
        **ok(RecallAnswer, "Recalled before"),
        **ok(RecallAnswer, "Recalled", 201),
        **errors(400, 404, 413, 415, 422),
    },
    openapi_extra=RECALL,
    response_class=Response,
)
async def recall(request: Request, desk: AtDesk, caller: MayWrite, person_id: PersonId) -> Response:
    demand(request, JSON)
    given = fields_of(decoded(await body(request)), "items", "by", "reason")
    asked = Recall(
        person=person_id,
        items=_items(given["items"]),
        by=text_of(given["by"], "by", 120),
        reason=_reason(given["reason"]),
        client=caller.client_id[:255],
        system=caller.system,
    )
    done = await run_in_threadpool(_recall, desk, caller, asked)
    status = 201 if any(one.new for one in done) else 200
    return answer({"deviations": [_plain(one.deviation) for one in done]}, status)


def _recall(desk: Desk, caller: Caller, asked: Recall) -> list[Recalled]:
    service = desk.service
    done = service.recaller(caller.tenant).recall(asked, service.clock())
    if any(one.new for one in done):
        service.woken()
    return done


@router.get(
    "/deviations",
    summary="Recalled items, and whether everyone who had them knows",
    description="Oldest first. A client that acts for a system sees those about items made in that system.",
    responses={**ok(DeviationAnswers, "A page of deviations"), **errors(400, 404)},
    response_class=Response,
)
def listed(
    desk: AtDesk,
    caller: MayRead,
    state: Literal["open", "closed"] | None = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    columns = deviation.c
    where = [] if state is None else [columns.state == state]
    if caller.system is not None:
        where.append(columns.source == caller.system)
    with desk.service.store.read(caller.tenant) as connection:
        if after is not None:
            last = _find(desk, caller, after)
            same = and_(columns.opened == last.opened, columns.id > last.id)
            where.append(or_(columns.opened > last.opened, same))
        found = deviations.listed(connection, caller.tenant, *where, limit=limit + 1)
    occasion.about(*(one.person for one in found[:limit]))
    page = [_plain(one) for one in found[:limit]]
    return answer({"deviations": page, "next": page[-1]["id"] if len(found) > limit else None})


@router.get(
    "/deviations/{deviation_id}",
    summary="One deviation",
    responses={**ok(DeviationAnswer, "As it stands"), **errors(400, 404)},
    response_class=Response,
)
def one(desk: AtDesk, caller: MayRead, deviation_id: DeviationId) -> Response:
    return answer(_plain(_find(desk, caller, deviation_id)))


@router.post(
    "/deviations/{deviation_id}/close",
    summary="Close a deviation by hand",
    description="For those who could only be told in another way: a named person says what was done.",
    responses={**ok(DeviationAnswer, "Closed"), **errors(400, 404, 409, 413, 415, 422)},
    openapi_extra=CLOSE,
    response_class=Response,
)
async def close(request: Request, desk: AtDesk, caller: MayWrite, deviation_id: DeviationId) -> Response:
    demand(request, JSON)
    given = fields_of(decoded(await body(request)), "by", "reason")
    by, note = text_of(given["by"], "by", 120), text_of(given["reason"], "reason", 500)
    return await run_in_threadpool(_close, desk, caller, deviation_id, by, note)


def _close(desk: Desk, caller: Caller, own: str, by: str, note: str) -> Response:
    found = _find(desk, caller, own)
    with desk.service.store.write(caller.tenant) as connection:
        if not deviations.close(connection, caller.tenant, found, by, note, desk.service.clock()):
            raise Conflict("The deviation is closed already", code="deviation-closed")
    return answer(_plain(_find(desk, caller, own)))


def _find(desk: Desk, caller: Caller, own: str) -> Deviation:
    with desk.service.store.read(caller.tenant) as connection:
        found = deviations.listed(connection, caller.tenant, deviation.c.id == own, limit=1)
    if not found or caller.system not in (None, found[0].source):
        raise NotFound("No such deviation")
    return found[0]


def _items(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    if not 1 <= len(listed) <= MOST_ITEMS or not all(isinstance(one, str) and one for one in listed):
        raise Unprocessable(f"`items` names 1 to {MOST_ITEMS} items", field="items")
    return tuple(dict.fromkeys(listed))


def _reason(value: Any) -> str:
    if not isinstance(value, str) or value not in REASONS:
        raise Unprocessable("`reason` is one of " + ", ".join(sorted(REASONS)), field="reason")
    return value


def _plain(one: Deviation) -> dict[str, Any]:
    return {
        "id": one.id,
        "patient": f"Patient/{one.person}",
        "item": one.item,
        "source": one.source,
        "reason": one.reason,
        "state": one.state,
        "by": one.by,
        "opened": one.opened.isoformat(),
        "closed": one.closed.isoformat() if one.closed else None,
        "closedBy": one.closed_by,
        "note": one.note,
        "holders": [_holder(held) for held in one.holders],
    }


def _holder(held: Holder) -> dict[str, Any]:
    return {
        "system": held.system,
        "resource": held.ref,
        "how": held.how.value,
        "state": held.state.value,
        "closed": held.closed.isoformat() if held.closed else None,
    }
