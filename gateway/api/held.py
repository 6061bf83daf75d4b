"""GET /people/{person}/held: who holds what about a person, for one participant. Each row has been decided
for that reader; the answer is a disclosure to them, written before it is given."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.consent_documents import HeldAnswers
from gateway.api.consent_life import PersonId
from gateway.api.documents import errors, ok
from gateway.consents.held import Looked
from gateway.consents.holdings import Look
from gateway.consents.receipts import PAGE
from gateway.consents.telling import plain
from gateway.errors import NotFound
from gateway.exchange import disclosures, leaving
from gateway.exchange.sight import Looking
from gateway.hub.schema.tables import person

router = APIRouter(tags=["consents"])
TRIES = 3  # after that the writers wait for us
OPERATOR = "~operator"  # no system can be called that
Stands = tuple[int, int]


@router.get(
    "/people/{person_id}/held",
    summary="Who holds what about a person, as one participant may see it",
    description="Per organization and system: what it has received, when, on which ground, whether it is "
    "still shared, and what was registered in error there. What the reader may not see leaves no trace. A "
    "client that acts for a system is told of the items that this system may see too, for readers of its own "
    "log or plan; an operator for any reader. Noted as a disclosure.",
    responses={**ok(HeldAnswers, "Everything that is held"), **errors(400, 404)},
    response_class=Response,
)
def held(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.TIMELINE_READ))],
    person_id: PersonId,
    reader: Annotated[str, Query(pattern=r"^(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$")],
) -> Response:
    found = _told(desk, caller, person_id, reader)
    return answer(
        {
            "patient": f"Patient/{person_id}",
            "reader": reader,
            "time": desk.service.clock().isoformat(),
            "holders": [plain(one) for one in found.holdings],
        }
    )


def _told(desk: Desk, caller: Caller, person_id: str, reader: str) -> Looked:
    """Looked up in a transaction that only reads; given only if nothing has changed once it is written."""
    store = desk.service.store
    for _ in range(TRIES):
        with store.read(caller.tenant) as connection:
            before = _stands(connection, caller, person_id, hold=False)
            found = _look(connection, desk, caller, person_id, reader, before)
        with store.write(caller.tenant) as connection:
            if _stands(connection, caller, person_id, hold=True) == before:
                _write(connection, desk, caller, reader, found, before)
                return found
    with store.write(caller.tenant) as connection:
        stands = _stands(connection, caller, person_id, hold=True)
        found = _look(connection, desk, caller, person_id, reader, stands)
        _write(connection, desk, caller, reader, found, stands)
        return found


def _stands(connection: Connection, caller: Caller, person_id: str, *, hold: bool) -> Stands:
    """Numbers of the newest change and the newest fact. Raises NotFound."""
    about = select(person.c.change_no, person.c.facts_no).where(
        person.c.tenant == caller.tenant, person.c.id == person_id
    )
    row = connection.execute(about.with_for_update(read=True) if hold else about).first()
    if row is None:
        raise absent()
    return int(row.change_no), int(row.facts_no)


def _look(
    connection: Connection, desk: Desk, caller: Caller, person_id: str, reader: str, stands: Stands
) -> Looked:
    service = desk.service
    facts = service.facts.read(connection, caller.tenant, person_id, stands[1])
    own = {p.id for p in facts.facts.participants if caller.system in (None, facts.frames.get(p.frame))}
    within = _within(connection, desk, caller, person_id)
    look = Look(service.settings, facts, reader, service.clock(), within)
    if reader not in own or not look.may:
        raise absent()
    return look.look(connection)


def absent() -> NotFound:
    """The one answer: that somebody is there tells of them too."""
    return NotFound("No such person or reader here")


def _within(connection: Connection, desk: Desk, caller: Caller, person_id: str) -> frozenset[str] | None:
    """The items that the caller's system may see; None for an operator."""
    if caller.system is None:
        return None
    service = desk.service
    looking = Looking(service.settings, service.facts, desk.system_of(caller), service.clock())
    sight = looking.whole(connection, person_id, hold=False)
    return frozenset(one.item for one in sight.seen.values()) if sight is not None else frozenset()


def _write(
    connection: Connection, desk: Desk, caller: Caller, reader: str, found: Looked, stands: Stands
) -> None:
    if found.attempt is None:
        return
    now, seconds = desk.service.clock(), desk.service.settings.answer_deadline_seconds
    state, deadline = leaving.begin(caller.tenant, found.attempt.id, now, seconds)
    disclosures.begin(
        connection,
        caller.tenant,
        [found.attempt],
        recipient=caller.system or OPERATOR,
        channel=PAGE,
        run=0,
        epoch=stands[1],
        owner=None,
        now=now,
        deadline=deadline,
        client=f"{caller.client_id} {reader}"[:255],
        state=state,
    )
