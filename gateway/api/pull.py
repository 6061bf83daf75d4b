"""GET /systems/{system}/records: what a system that pulls should take in, in its own format."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, admitted
from gateway.api.documents import Handout, errors, ok
from gateway.api.limits import MOST_RECORDS
from gateway.api.records import SystemPath
from gateway.errors import Conflict
from gateway.exchange.pull import Puller
from mappings.installation import outward

router = APIRouter(tags=["records"])


@router.get(
    "/systems/{system}/records",
    summary="Take in what is meant for this system",
    description="For systems that cannot be called. Store every record under the id it has here, then call "
    "again with `after` set to the cursor: that confirms the records. A call with another `after`, or none, "
    "says that they did not arrive; they are then handed out again, as they are by then.",
    responses={**ok(Handout, "Records to take in; none when all is taken in"), **errors(400, 404, 409)},
    response_class=Response,
)
def take_out(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.RECORDS_READ))],
    system: SystemPath,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-z]{1,40}$")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS)] = 100,
) -> Response:
    own = desk.own_system(caller, system)
    if own.deliver != "pull":
        raise Conflict("This system is not configured to pull", code="not-pulling")
    service = desk.service
    puller = Puller(
        own, service.store, service.settings, service.mappings[own.id], service.facts, service.clock
    )
    given = puller.hand_out(after, limit)
    name = service.settings.installation if own.adapter == "fhir" else None
    records = [
        {"record": outward(one.record, name, one.item.partition("/")[2]), "item": one.item}
        for one in given.records
    ]
    return answer({"records": records, "cursor": given.cursor, "more": given.more})
