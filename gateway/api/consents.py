"""POST /consents/{id}/withdraw: a consent is taken back, and the answer says whether everything that was
under way has ended. Any record that changes a consent is answered the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.documents import WithdrawalAnswer, errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.errors import NotFound, Unprocessable
from gateway.exchange.closing import Closing, await_closed, epochs
from gateway.hub import versions
from gateway.intake import Answer, Status
from gateway.intake.withdraw import Withdrawal

router = APIRouter(tags=["consents"])
PATIENCE = 15.0  # seconds: longer than a send may last
ConsentId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
BY = r"^(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$"
TAKEN_BACK = asks(
    {"by": {"type": "string", "pattern": BY, "description": "The participant who takes it back"}},
    {"by": "RelatedPerson/0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10"},
)


@router.post(
    "/consents/{consent_id}/withdraw",
    summary="Take a consent back",
    description="Nothing that rests on the consent begins after a 200; what was under way and may have "
    "arrived is listed. A 202 says that something is still under way: the consent is withdrawn, ask again. "
    "A client that acts for a system withdraws consents of that system; an operator any of the tenant.",
    responses={
        **ok(WithdrawalAnswer, "Withdrawn, and closed"),
        **ok(WithdrawalAnswer, "Withdrawn; something decided before is still under way", 202),
        **errors(400, 404, 409, 413, 415, 422),
    },
    openapi_extra=TAKEN_BACK,
    response_class=Response,
)
async def withdraw(
    request: Request,
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.CONSENTS_WRITE))],
    consent_id: ConsentId,
) -> Response:
    demand(request, JSON)
    by = _by(decoded(await body(request)))
    done = await run_in_threadpool(_withdraw, desk, caller, f"Consent/{consent_id}", by)
    closing = await _closing(desk, caller.tenant, [done.ref], done.stored)
    shown = {
        "consent": done.ref,
        "withdrawn": done.stored.isoformat(),
        "closed": closing.closed,
        "mayHaveArrived": list(closing.may_have_arrived),
    }
    return answer(shown, 200 if closing.closed else 202)


def _by(value: Any) -> str:
    by = value.get("by") if isinstance(value, dict) and set(value) <= {"by"} else None
    kind, _, own = by.partition("/") if isinstance(by, str) else ("", "", "")
    if kind not in ("RelatedPerson", "PractitionerRole") or not own or len(own) > 64:
        raise Unprocessable("`by` names the participant who takes the consent back", field="by")
    return f"{kind}/{own}"


def _withdraw(desk: Desk, caller: Caller, ref: str, by: str) -> Withdrawal:
    service = desk.service
    with service.store.read(caller.tenant) as connection:
        head = versions.current(connection, caller.tenant, ref)
    if head is None or caller.system not in (None, head.created_by):
        raise NotFound("No such consent")
    now = service.clock()
    done = service.withdrawer(caller.tenant, caller.system or head.created_by).withdraw(ref, by, now, now)
    if done.new:
        service.woken()
    return done


async def _closing(desk: Desk, tenant: str, consents: Sequence[str], since: datetime) -> Closing:
    """How it stands with everything decided before these consents were as they are."""
    store = desk.service.store

    def begun() -> Any:
        with store.read(tenant) as connection:
            return epochs(connection, tenant, consents, since)

    clock = desk.service.clock
    found = [await await_closed(store, one, clock, PATIENCE) for one in await run_in_threadpool(begun)]
    arrived = [attempt for one in found for attempt in one.may_have_arrived]
    return Closing(all(one.closed for one in found), tuple(arrived))


async def closed(desk: Desk, tenant: str, answers: Sequence[Answer], since: datetime) -> list[Answer]:
    """The answers to records; those to consents that were changed say whether older decisions have ended. One
    that only took issue with what another system decided changed nothing, and closes nothing."""
    named = {a.ref for a in answers if a.ref and a.ref.startswith("Consent/") and _took_effect(a)}
    changed = await run_in_threadpool(_newer, desk, tenant, named, since) if named else set()
    if not changed:
        return list(answers)
    closing = await _closing(desk, tenant, sorted(changed), since)
    return [replace(a, closed=closing.closed) if a.ref in changed else a for a in answers]


def _newer(desk: Desk, tenant: str, refs: set[str], since: datetime) -> set[str]:
    """Which of these have a version since then."""
    with desk.service.store.read(tenant) as connection:
        found = versions.of_refs(connection, tenant, sorted(refs))
    return {ref for ref, version in found.items() if version.stored >= since}


def _took_effect(one: Answer) -> bool:
    """Whether the consent may be another now. An older edition that is kept as history changes nothing, and
    so closes nothing; one that takes something back does, and is answered as a conflict."""
    return one.status is Status.CONFLICT or (one.status is Status.STORED and not one.late)
