"""What named persons decide about a person beside consents: POST and GET /people/{person}/acts, ending one,
noting that those concerned were told; and GET /people/{person}/awaiting-release, what protection holds.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.act_documents import ActAnswer, ActAnswers, AwaitingAnswers
from gateway.api.act_forms import ACT, read
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.consent_life import facts_of
from gateway.api.consents import PATIENCE
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.errors import Conflict, Forbidden, NotFound, Unprocessable
from gateway.exchange.awaiting import Awaiting, awaiting
from gateway.exchange.closing import Closing, Epoch, await_closed
from gateway.hub import acts, review
from gateway.hub.acts import NARROWING, Act, Kind
from gateway.hub.schema.tables import person

router = APIRouter(tags=["acts"])
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
ActId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
MayAct = Annotated[Caller, Depends(admitted(scopes.ACTS_WRITE))]
MayRead = Annotated[Caller, Depends(admitted(scopes.DECISIONS_READ))]
EMERGENCY = timedelta(hours=24)  # how long an act in danger carries an item at most

ABOUT = """release: parts that address protection holds may go (law.md B1). objection: the person objects
to health care sharing among itself (B2); override sets one aside for weighty reasons. finding: a qualified
professional finds care necessary, so one guardian suffices (W3). withholding: items are withheld from
guardians (B3). emergency: one item goes to one system because of danger to life or health (G4), for 24 hours
at most; it needs the scope emergency.write too, and those concerned are to be told afterwards. A client that
acts for a system decides about items made there; an operator about any. Objections and withholdings are
answered with 202 while something decided before is still under way."""


@router.post(
    "/people/{person_id}/acts",
    summary="A named person lets something go, objects, withholds, finds care necessary, or sees danger",
    description=ABOUT,
    responses={
        **ok(ActAnswer, "Kept before", 200),
        **ok(ActAnswer, "Kept, and it counts from now on", 201),
        **ok(ActAnswer, "Kept; something decided before is still under way", 202),
        **errors(400, 404, 413, 415, 422),
    },
    openapi_extra=ACT,
    response_class=Response,
)
async def act(request: Request, desk: AtDesk, caller: MayAct, person_id: PersonId) -> Response:
    demand(request, JSON)
    now = desk.service.clock()
    said = read(decoded(await body(request)))
    made = Act(
        id=said.pop("id", None) or str(uuid.uuid4()), person=person_id, client=caller.client_id[:255],
        created=now, **said,
    )  # fmt: skip
    if made.ends is not None and made.ends <= now:
        raise Unprocessable("It would have ended already", field="ends")
    made = await run_in_threadpool(_in_danger, desk, caller, made) if made.kind is Kind.EMERGENCY else made
    kept = await run_in_threadpool(_make, desk, caller, made)
    if kept.kind not in NARROWING or kept is not made:
        return answer(_plain(kept), 201 if kept is made else 200)
    closing = await _closing(desk, caller.tenant, kept)
    return answer(_plain(kept, closing), 201 if closing.closed else 202)


def _in_danger(desk: Desk, caller: Caller, made: Act) -> Act:
    if scopes.EMERGENCY_WRITE not in caller.scopes:
        raise Forbidden("This token may not share in an emergency", code="no-emergency")
    (recipient,) = made.recipients
    system = desk.service.settings.system(recipient)
    if system is None or system.tenant != caller.tenant:
        raise Unprocessable("No such system", field="recipients")
    latest = made.created + EMERGENCY
    return acts.ending(made, min(made.ends or latest, latest))


def _make(desk: Desk, caller: Caller, made: Act) -> Act:
    with desk.service.store.read(caller.tenant) as connection:
        facts_of(connection, desk, caller, made.person)
    kept = desk.service.acting(caller.tenant, caller.system).make(made, made.created)
    if kept is made:
        desk.service.woken()
    return kept


async def _closing(desk: Desk, tenant: str, made: Act) -> Closing:
    service = desk.service

    def begun() -> Epoch:
        with service.store.read(tenant) as connection:
            row = connection.execute(
                select(person.c.facts_no).where(person.c.tenant == tenant, person.c.id == made.person)
            ).one()
        return Epoch(tenant, made.person, row.facts_no, made.created)

    return await await_closed(service.store, await run_in_threadpool(begun), service.clock, PATIENCE)


@router.get(
    "/people/{person_id}/acts",
    summary="What named persons have decided about a person",
    description="Oldest first, those that have ended too. A client that acts for a system is told of those "
    "it made itself, and ends those alone; an operator of all.",
    responses={**ok(ActAnswers, "Every act"), **errors(400, 404)},
    response_class=Response,
)
def listed(desk: AtDesk, caller: MayRead, person_id: PersonId) -> Response:
    with desk.service.store.read(caller.tenant) as connection:
        facts_of(connection, desk, caller, person_id)
        found = acts.of_person(connection, caller.tenant, person_id)
    own = [_plain(one) for one in found if _is_own(caller, one)]
    return answer({"patient": f"Patient/{person_id}", "acts": own})


def _is_own(caller: Caller, one: Act) -> bool:
    """Whether the caller has to do with an act at all: who acts for a system with those it made itself."""
    return caller.system is None or one.client == caller.client_id[:255]


def _demand(connection: Connection, desk: Desk, caller: Caller, person_id: str, act_id: str) -> None:
    """That the act is there for the caller. Raises NotFound."""
    facts_of(connection, desk, caller, person_id)
    found = acts.one_of(connection, caller.tenant, person_id, act_id)
    if found is None or not _is_own(caller, found):
        raise NotFound("No such act")


@router.post(
    "/people/{person_id}/acts/{act_id}/end",
    summary="End an act",
    responses={**ok(ActAnswer, "Ended"), **errors(400, 404, 409, 422)},
    response_class=Response,
)
def end(desk: AtDesk, caller: MayAct, person_id: PersonId, act_id: ActId) -> Response:
    service = desk.service
    with service.store.read(caller.tenant) as connection:
        _demand(connection, desk, caller, person_id, act_id)
    done = service.acting(caller.tenant, caller.system).end(person_id, act_id, service.clock())
    service.woken()
    return answer(_plain(done))


@router.post(
    "/people/{person_id}/acts/{act_id}/told",
    summary="Note that those concerned were told of an act in danger",
    responses={**ok(ActAnswer, "Noted"), **errors(400, 404, 409)},
    response_class=Response,
)
def told(desk: AtDesk, caller: MayAct, person_id: PersonId, act_id: ActId) -> Response:
    with desk.service.store.write(caller.tenant) as connection:
        _demand(connection, desk, caller, person_id, act_id)
        now = desk.service.clock()
        noted = acts.tell(connection, caller.tenant, person_id, act_id, now)
        review.ask(connection, caller.tenant, [person_id] if noted else [], now)
        found = acts.one_of(connection, caller.tenant, person_id, act_id)
    if found is None:
        raise NotFound("No such act")
    if not noted:
        raise Conflict("That they were told had been noted already", code="told-already")
    return answer(_plain(found))


@router.get(
    "/people/{person_id}/awaiting-release",
    summary="What address protection keeps back until the stafettholder releases it",
    description="Each part of a protected person's records that may be let go, with its key for an act of "
    "kind release. What is never let go (addresses, units, practitioners' numbers) is not listed. What "
    "stands there is told only to the system the item was made in.",
    responses={**ok(AwaitingAnswers, "Everything that waits"), **errors(400, 404)},
    response_class=Response,
)
def waiting(desk: AtDesk, caller: MayRead, person_id: PersonId) -> Response:
    with desk.service.store.read(caller.tenant) as connection:
        known = facts_of(connection, desk, caller, person_id)
        found = [one for one in awaiting(connection, known) if caller.system in (None, one.made_in)]
    shown = [_part(one, whole=caller.system is not None) for one in found]
    return answer({"patient": f"Patient/{person_id}", "awaiting": shown})


def _part(one: Awaiting, *, whole: bool) -> dict[str, Any]:
    text = one.value if whole and isinstance(one.value, str) else None
    return {"item": one.item, "resource": one.resource, "path": one.path, "key": one.key, "text": text}


def _plain(one: Act, closing: Closing | None = None) -> dict[str, Any]:
    times = {"ends": one.ends, "ended": one.ended, "told": one.told}
    return {
        "id": one.id,
        "kind": one.kind.value,
        **acts.content(one),
        "created": one.created.isoformat(),
        **{name: at.isoformat() if at else None for name, at in times.items()},
        "closed": closing.closed if closing else None,
        "mayHaveArrived": list(closing.may_have_arrived) if closing else [],
    }
