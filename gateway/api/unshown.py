"""GET /systems/{system}/unshown: what a system may have of a person and cannot show, and why. Ids, element
names and reasons, never content."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import UnshownAnswers, errors, ok
from gateway.api.records import SystemPath
from gateway.config import System
from gateway.errors import NotFound
from gateway.exchange.selection import Selection
from gateway.exchange.unshown import missing
from gateway.hub import acquaintance
from gateway.hub.audit import occasion
from gateway.hub.schema.tables import person

router = APIRouter(tags=["decisions"])


@router.get(
    "/systems/{system}/unshown",
    summary="What a system may have of a person and cannot show",
    description="Items the system has no form for, and elements that its record of an item leaves out. They "
    "are kept and not lost. For the system itself, or an operator.",
    responses={**ok(UnshownAnswers, "One entry per item"), **errors(400, 404)},
    response_class=Response,
)
def unshown(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.DECISIONS_READ))],
    system: SystemPath,
    patient: Annotated[str, Query(pattern=r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$")],
    after: Annotated[str | None, Query(pattern=r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    asked, own = _asked(desk, caller, system), patient.removeprefix("Patient/")
    service = desk.service
    with service.store.read(caller.tenant) as connection:
        row = connection.execute(
            select(person.c.facts_no).where(person.c.tenant == caller.tenant, person.c.id == own)
        ).first()
        if row is None:
            raise NotFound("No such person here")
        occasion.about(own)
        facts = service.facts.read(connection, caller.tenant, own, row.facts_no)
        channel = asked.deliver if asked.deliver != "none" else "read"
        mapping = service.mappings[asked.id]
        selection = Selection(asked, service.settings, mapping, facts, channel, service.clock())
        every = list(missing(connection, selection))
        if caller.system is not None and not every and not _knows(connection, caller, own):
            raise NotFound("No such person here")
        found = [one for one in every if after is None or one.item > after]
    page = found[:limit]
    items = [
        {"item": m.item, "source": m.source, "code": m.code, "reason": m.reason, "elements": list(m.elements)}
        for m in page
    ]
    following = page[-1].item if len(found) > limit else None
    return answer({"patient": f"Patient/{own}", "system": asked.id, "items": items, "next": following})


def _knows(connection: Connection, caller: Caller, person_id: str) -> bool:
    system = caller.system or ""
    return bool(acquaintance.known(connection, caller.tenant, system, [person_id]))


def _asked(desk: Desk, caller: Caller, system_id: str) -> System:
    """The system, for itself or for an operator of its tenant. Raises NotFound, Forbidden."""
    found = desk.service.settings.system(system_id)
    if caller.system is None and found is not None and found.tenant == caller.tenant:
        return found
    return desk.own_system(caller, system_id)
