"""GET /people/{person}/consents: how each consent about a person stands, who must sign and who has, and its
history. References, codes and times; nothing of what the person's records say."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.consent_documents import ConsentStandings
from gateway.api.documents import errors, ok
from gateway.consents.history import Step, history
from gateway.consents.state import Signer, Standing, plain_time, standings
from gateway.consents.words import HEAR, STATES, WEIGH
from gateway.errors import Moved, NotFound
from gateway.exchange.facts import PersonFacts
from gateway.hub import persons, versions
from gateway.hub.schema.tables import person, resource

router = APIRouter(tags=["consents"])
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]


@router.get(
    "/people/{person_id}/consents",
    summary="Each consent about a person: how it stands, who is missing, what it was",
    description="The one that changed last first, each with every version it has had. A client that acts for "
    "a system is told of the consents made in that system; an operator of all. Never shows content.",
    responses={**ok(ConsentStandings, "Every consent"), **errors(400, 404)},
    response_class=Response,
)
def consents(
    desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.DECISIONS_READ))], person_id: PersonId
) -> Response:
    now = desk.service.clock()
    with desk.service.store.read(caller.tenant) as connection:
        facts = facts_of(connection, desk, caller, person_id)
        found = versions.of_types(connection, caller.tenant, person_id, ["Consent"]).values()
        own = [v for v in found if caller.system in (None, v.created_by)]
        told = [plain(one, history(connection, facts, one.ref)) for one in standings(facts, own, now)]
    return answer({"patient": f"Patient/{person_id}", "time": now.isoformat(), "consents": told})


def facts_of(connection: Connection, desk: Desk, caller: Caller, person_id: str) -> PersonFacts:
    """What is known of a person of the caller's tenant; for a system, of one it has written about. Raises
    NotFound, and Moved for the id of one who was merged into another."""
    columns = person.c
    row = connection.execute(
        select(columns.facts_no, columns.merged_into).where(
            columns.tenant == caller.tenant, columns.id == person_id
        )
    ).first()
    if row is not None and row.merged_into is not None:
        now = persons.resolve(connection, caller.tenant, row.merged_into)
        if _known(connection, caller, now):
            raise Moved(person_id, now)
    if row is None or not _known(connection, caller, person_id):
        raise NotFound("No such person here")
    return desk.service.facts.read(connection, caller.tenant, person_id, row.facts_no)


def _known(connection: Connection, caller: Caller, person_id: str) -> bool:
    if caller.system is None:
        return True
    columns = resource.c
    found = connection.execute(
        select(columns.ref)
        .where(
            columns.tenant == caller.tenant, columns.person == person_id, columns.created_by == caller.system
        )
        .limit(1)
    ).first()
    return found is not None


def plain(one: Standing, steps: list[Step]) -> dict[str, Any]:
    """One consent as JSON."""
    said = one.said
    words = STATES[one.state]
    return {
        "consent": one.ref,
        "frame": said.frame or None if said else None,
        "system": one.version.created_by,
        "state": one.state,
        "nb": words.nb,
        "nn": words.nn,
        "signers": [_signer(s) for s in one.signers],
        "missing": [_signer(s) for s in one.signers if not s.signed and _awaited(s, one)],
        "hearing": _hearing(one),
        **_told(one),
        "history": [_step(step) for step in steps],
    }


def _awaited(signer: Signer, one: Standing) -> bool:
    """Whether this signature is still needed: of those of whom one suffices only while none has signed."""
    return signer.asked == "must" or not any(s.signed for s in one.signers if s.asked == "one-of")


def _told(one: Standing) -> dict[str, Any]:
    """What the consent says."""
    said = one.said
    sets = ("givers", "recipients", "categories", "labels", "except_recipients", "except_items", "items")
    names = ("about", "purpose", "form", "withdrawn_by")
    times = ("start", "end", "applies_from", "withdrawn")
    return {
        **{_camel(name): sorted(getattr(said, name)) if said else [] for name in sets},
        **{_camel(name): getattr(said, name) if said else None for name in names},
        **{_camel(name): plain_time(getattr(said, name)) if said else None for name in times},
        "refusals": [
            {"recipients": sorted(act.recipients), "categories": sorted(act.categories)}
            for act in one.acts[1:]
        ],
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _signer(one: Signer) -> dict[str, Any]:
    return {
        "participants": list(one.participants),
        "role": one.role,
        "asked": one.asked,
        "signed": one.signed,
    }


def _hearing(one: Standing) -> dict[str, Any]:
    words = WEIGH if one.weigh else HEAR if one.hear else None
    return {
        "due": one.hear,
        "greatWeight": one.weigh,
        "nb": words.nb if words else None,
        "nn": words.nn if words else None,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "stored": step.stored.isoformat(),
        "recorded": plain_time(step.recorded),
        "source": step.source,
        "by": step.by,
        "changes": [
            {
                "what": _camel(change.what),
                "before": list(change.before),
                "after": list(change.after),
                **change.said.plain(),
            }
            for change in step.changes
        ],
    }
