"""GET /plans/{id}/completeness: which of the nine points an individuell plan lacks; POST /plans/continue: a
closed log goes on as a plan. Ids, rules and sentences, never content."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.documents import CompletenessAnswer, ContinuedAnswer, errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.config import System
from gateway.errors import Forbidden, NotFound, Unprocessable
from gateway.exchange.selection import Selection, by_item
from gateway.exchange.sight import Looking
from gateway.hub import versions
from gateway.hub.audit import occasion
from gateway.hub.schema.tables import person
from gateway.intake.continuing import Continued, Continuing
from mappings import reading
from mappings.completeness import CATEGORIES, Assessed, assess, is_plan
from mappings.model import Resource

router = APIRouter(tags=["plans"])
Members = list[Resource]
ASKED = asks(
    {
        "log": {"type": "string", "pattern": "^CarePlan/[A-Za-z0-9.-]{1,64}$"},
        "system": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
    },
    {"log": "CarePlan/6f0c1b52-6a1e-4f7e-9c39-0c7f7bb1c0de", "system": "individuell-plan"},
)


@router.get(
    "/plans/{plan}/completeness",
    summary="Which of the nine points a plan lacks",
    description="The points of forskrift om habilitering og rehabilitering § 19. A client that acts for a "
    "system is told of what this system may see; an operator of all. Never shows content.",
    responses={**ok(CompletenessAnswer, "All nine points"), **errors(400, 404)},
    response_class=Response,
)
def completeness(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.DECISIONS_READ))],
    plan: Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")],
) -> Response:
    ref = f"CarePlan/{plan}"
    with desk.service.store.read(caller.tenant) as connection:
        found = (
            _all(connection, caller, ref) if caller.system is None else _seen(connection, desk, caller, ref)
        )
    whole, members, seen = found
    if not is_plan(whole):
        raise NotFound("No such plan")
    points = assess(whole, members, seen)
    complete = all(one.seen and not one.gaps for one in points)
    return answer({"plan": ref, "complete": complete, "points": [_point(one) for one in points]})


def _all(connection: Connection, caller: Caller, ref: str) -> tuple[Resource, Members, frozenset[str]]:
    head = versions.current(connection, caller.tenant, ref)
    if head is None:
        raise NotFound("No such plan")
    occasion.about(head.person)
    of_person = versions.of_person(connection, caller.tenant, head.person).values()
    return head.resource, _members((v.resource for v in of_person), ref), CATEGORIES


def _seen(
    connection: Connection, desk: Desk, caller: Caller, ref: str
) -> tuple[Resource, Members, frozenset[str]]:
    head = versions.current(connection, caller.tenant, ref)
    service = desk.service
    looking = Looking(service.settings, service.facts, desk.system_of(caller), service.clock())
    sight = looking.whole(connection, head.person, hold=False) if head else None
    one = sight.seen.get(ref) if sight else None
    if sight is None or one is None:
        raise NotFound("No such plan")
    seen = CATEGORIES
    if one.view.decisions:  # not its own writing
        parts = by_item(versions.of_items(connection, caller.tenant, [one.item]))
        seen = sight.selection.permits(one.item, parts[one.item], CATEGORIES)
    return one.resource, _members((s.resource for s in sight.seen.values()), ref), seen


def _members(resources: Any, ref: str) -> Members:
    return [one for one in resources if reading.belongs_to(one) == ref]


def _point(one: Assessed) -> dict[str, Any]:
    return {
        "point": one.point.letter,
        "nb": one.point.nb,
        "nn": one.point.nn,
        "seen": one.seen,
        "missing": [
            {"field": gap.field, "resource": gap.resource, "nb": gap.nb, "nn": gap.nn} for gap in one.gaps
        ],
    }


@router.post(
    "/plans/continue",
    summary="A closed stafettlogg goes on as an individuell plan",
    description="What is not finished becomes the plan's, with where it comes from. Consents of the log do "
    "not hold for the plan, refusals do: how each recipient stands is decided anew and shown. Saying it "
    "twice changes nothing. A client that acts for the plan's system continues logs that it may see, "
    "or of whom it keeps a plan; an operator any.",
    responses={
        **ok(ContinuedAnswer, "What went along, and who may have it now"),
        **errors(400, 404, 409, 413, 415, 422),
    },
    openapi_extra=ASKED,
    response_class=Response,
)
async def go_on(
    request: Request, desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.RECORDS_WRITE))]
) -> Response:
    demand(request, JSON)
    log, system = _asked(decoded(await body(request)))
    return await run_in_threadpool(_go_on, desk, caller, log, system)


def _asked(value: Any) -> tuple[str, str]:
    fields = value if isinstance(value, dict) and value.keys() == {"log", "system"} else {}
    log, system = fields.get("log"), fields.get("system")
    if not (isinstance(log, str) and log.startswith("CarePlan/") and isinstance(system, str)):
        raise Unprocessable("The body must name a log (CarePlan/…) and the plan's system", field="log")
    return log, system


def _go_on(desk: Desk, caller: Caller, log: str, system_id: str) -> Response:
    system = desk.service.settings.system(system_id)
    if system is None or system.tenant != caller.tenant:
        raise NotFound("No such system")
    if caller.system not in (None, system_id):
        raise Forbidden("This client acts for another system", code="other-system")
    if caller.system is not None:
        _demand_own(desk, caller, log)
    done = Continuing(desk.service.store, system, desk.service.clock).go_on(log)
    desk.service.woken()
    return answer(
        {
            "log": log,
            "plan": done.plan,
            "state": "stands" if done.stood else "continued",
            "carried": [{"from": old, "to": new} for old, new in sorted(done.carried.items())],
            "recipients": _decided(desk, caller, done),
        }
    )


def _demand_own(desk: Desk, caller: Caller, log: str) -> None:
    """That the caller's system may see the log, or keeps a plan of whose it is. Raises NotFound: whether
    somebody has a log, and whether it is closed, is told to no other."""
    service = desk.service
    with service.store.read(caller.tenant) as connection:
        head = versions.current(connection, caller.tenant, log)
        looking = Looking(service.settings, service.facts, desk.system_of(caller), service.clock())
        sight = looking.whole(connection, head.person, hold=False) if head else None
    if sight is None or not (log in sight.seen or caller.system in sight.facts.frames.values()):
        raise NotFound("No such log")


def _decided(desk: Desk, caller: Caller, done: Continued) -> list[dict[str, Any]]:
    """How each recipient stands to what went along, decided now."""
    service, new = desk.service, sorted(done.carried.values())
    with service.store.read(caller.tenant) as connection:
        number = connection.execute(
            select(person.c.facts_no).where(person.c.tenant == caller.tenant, person.c.id == done.person)
        ).scalar_one()
        facts = service.facts.read(connection, caller.tenant, done.person, int(number))
        parts = by_item(versions.of_items(connection, caller.tenant, new))
    out = []
    for system in _recipients(desk, caller):
        mapping = service.mappings[system.id]
        channel = "pull" if system.deliver == "pull" else "push"
        selection = Selection(system, service.settings, mapping, facts, channel, service.clock())
        views = [selection.view(item, parts[item]) for item in new]
        permitted = sum(view is not None and view.permitted for view in views)
        out.append({"recipient": system.id, "permitted": permitted, "denied": len(new) - permitted})
    return out


def _recipients(desk: Desk, caller: Caller) -> list[System]:
    settings = desk.service.settings
    named = {r.recipient for r in settings.routes if r.open}
    return [s for s in settings.systems if s.tenant == caller.tenant and s.id in named]
