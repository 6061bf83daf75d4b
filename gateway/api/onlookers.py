"""GET /people/{person}/audit: who has looked at what about a person, in plain words, for one participant.
Each row has been decided for that reader; it tells of items by reference, never what they say."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, admitted
from gateway.api.consent_documents import OnlookerAnswers
from gateway.api.consent_life import PersonId
from gateway.api.documents import errors, ok
from gateway.api.held import absent
from gateway.consents.onlookers import Onlookers
from gateway.exchange.sight import Looking
from gateway.hub.schema.tables import person

router = APIRouter(tags=["consents"])


@router.get(
    "/people/{person_id}/audit",
    summary="Who has looked at what about a person, as one participant may see it",
    description="Newest first, in plain words. What the reader may not see leaves no trace. A client that "
    "acts for a system is told of the items that this system may see too, for readers of its own log or "
    "plan; an operator for any reader.",
    responses={**ok(OnlookerAnswers, "A page"), **errors(400, 404)},
    response_class=Response,
)
def looked(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.TIMELINE_READ))],
    person_id: PersonId,
    reader: Annotated[str, Query(pattern=r"^(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$")],
    before: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    service, now = desk.service, desk.service.clock()
    with service.store.read(caller.tenant) as connection:
        about = select(person.c.facts_no).where(person.c.tenant == caller.tenant, person.c.id == person_id)
        number = connection.execute(about).scalar()
        if number is None:
            raise absent()
        facts = service.facts.read(connection, caller.tenant, person_id, number)
        own = {p.id for p in facts.facts.participants if caller.system in (None, facts.frames.get(p.frame))}
        within = None
        if caller.system is not None:
            looking = Looking(service.settings, service.facts, desk.system_of(caller), now)
            sight = looking.whole(connection, person_id, hold=False)
            within = frozenset(sight.seen) if sight is not None else frozenset()
        held = Onlookers(service.settings, facts, reader, now, within)
        if reader not in own or not held.may:
            raise absent()
        found = held.page(connection, int(before) if before else None, limit + 1)
    page = found[:limit]
    return answer(
        {
            "patient": f"Patient/{person_id}",
            "reader": reader,
            "looked": [
                {
                    "at": one.at.isoformat(),
                    "kind": one.kind.value,
                    "who": one.who.plain(),
                    "said": one.sentence.plain(),
                    "items": list(one.refs),
                }
                for one in page
            ],
            "next": str(page[-1].number) if len(found) > limit else None,
        }
    )
