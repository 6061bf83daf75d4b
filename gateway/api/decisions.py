"""GET /decisions: why a recipient does or does not get each item; GET /disclosures: what left. Ids, rules and
codes, never content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime
from sqlalchemy import Connection, and_, or_, select

from consent import Decision
from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import DecisionAnswers, DisclosureAnswers, errors, ok
from gateway.config import System
from gateway.errors import InvalidRequest, Moved, NotFound
from gateway.exchange import outcomes
from gateway.exchange.facts import PersonFacts
from gateway.exchange.selection import Selection, by_item
from gateway.exchange.sight import Looking
from gateway.hub import links, persons, versions
from gateway.hub.audit import occasion
from gateway.hub.content import unpack
from gateway.hub.schema.tables import disclosure, person
from gateway.hub.versions import Version
from mappings import reading

router = APIRouter(tags=["decisions"])
MayRead = Annotated[Caller, Depends(admitted(scopes.DECISIONS_READ))]
Patient = Annotated[str, Query(pattern=r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$")]
NO_ROUTE = {
    "rule": "route",
    "source": "stafettbro.toml",
    "nb": "Det er ingen åpen rute fra systemet der dette er skrevet.",
    "nn": "Det er ingen open rute frå systemet der dette er skrive.",
}


@router.get(
    "/decisions",
    summary="Why a recipient gets an item, or does not",
    description="Decided now, exactly as a delivery or a read would be; or, with `at`, as it was earlier: by "
    "what was known here then and the rules in force. A client that acts for a system is told of the items "
    "that this system may see; an operator of all. Never shows content.",
    responses={**ok(DecisionAnswers, "One entry per item"), **errors(400, 404)},
    response_class=Response,
)
def decisions(
    desk: AtDesk,
    caller: MayRead,
    patient: Patient,
    recipient: Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")],
    item: Annotated[str | None, Query(pattern=r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}$")] = None,
    at: Annotated[AwareDatetime | None, Query(description="A time that has passed; absent: now")] = None,
) -> Response:
    service, now = desk.service, desk.service.clock()
    if at is not None and at > now:
        raise InvalidRequest("`at` is a time that has passed", field="at")
    system = service.settings.system(recipient)
    if system is None or system.tenant != caller.tenant:
        raise NotFound("No such recipient")
    own = patient.removeprefix("Patient/")
    with service.store.read(caller.tenant) as connection:
        facts = _facts(connection, desk, caller, own, past=at is not None)
        visible = _visible(connection, desk, caller, persons.resolve(connection, caller.tenant, own))
        if at is None:
            everything = versions.of_person(connection, caller.tenant, own)
        else:
            facts, everything = service.facts.at(connection, caller.tenant, own, at)
        parts = by_item(everything)
        chosen = {
            i: p
            for i, p in parts.items()
            if i in p and item in (None, i) and (visible is None or i in visible)
        }
        if not chosen:
            raise NotFound("No such item")
        held = {} if at is not None else links.load(connection, caller.tenant, system.id, list(chosen))
    mapping = service.mappings[system.id]
    channel = "pull" if system.deliver == "pull" else "push" if system.deliver == "push" else "read"
    selection = Selection(system, service.settings, mapping, facts, channel, at or now)
    shown = [_item(selection, i, own_parts, held) for i, own_parts in sorted(chosen.items())]
    body = {
        "patient": f"Patient/{own}",
        "recipient": system.id,
        "time": (at or now).isoformat(),
        "items": shown,
    }
    return answer(body)


def _facts(
    connection: Connection, desk: Desk, caller: Caller, own: str, *, past: bool = False
) -> PersonFacts:
    """past: who was merged into another since is still looked for under the id of then."""
    row = connection.execute(
        select(person.c.facts_no, person.c.merged_into).where(
            person.c.tenant == caller.tenant, person.c.id == own
        )
    ).first()
    if row is None:
        raise NotFound("No such person here")
    if row.merged_into is not None and not past:
        now = persons.resolve(connection, caller.tenant, row.merged_into)
        _visible(connection, desk, caller, now)
        raise Moved(own, now)
    occasion.about(own)
    return desk.service.facts.read(connection, caller.tenant, own, row.facts_no)


def _visible(connection: Connection, desk: Desk, caller: Caller, own: str) -> set[str] | None:
    """The items the caller's system may see; None for an operator, who is told of all."""
    system: System | None = desk.service.settings.system(caller.system) if caller.system else None
    if system is None:
        return None
    service = desk.service
    looking = Looking(service.settings, service.facts, system, service.clock())
    sight = looking.whole(connection, own, hold=False)
    if sight is None or not sight.seen:
        raise NotFound("No such person here")
    return {one.item for one in sight.seen.values()}


def _item(
    selection: Selection, item: str, parts: dict[str, Version], held: Mapping[str, links.Link]
) -> dict[str, Any]:
    view = selection.view(item, parts)
    link = held.get(item)
    if view is None:
        denied = {
            "categories": [], "outcome": "deny", "ground": None, "consents": [], "reasons": [NO_ROUTE],
            "turns": [], "ruleSet": "",
        }  # fmt: skip
        told = [denied]
    else:
        whole = reading.category_of(parts[item].resource)
        first = sorted(view.decisions.items(), key=lambda one: (one[0] != whole, sorted(one[0])))
        told = [_decision(asked, made) for asked, made in first]
    ground = told[0]["ground"] if view is not None and view.permitted else None
    return {
        "item": item,
        "source": parts[item].created_by,
        "outcome": outcomes.outcome_of(view),
        "ground": ground,
        "decisions": told,
        "held": link.hold if link else None,
        "note": outcomes.note(selection, parts[item], known=link is not None and link.native_id is not None),
    }


def _decision(asked: frozenset[str], made: Decision) -> dict[str, Any]:
    return {
        "categories": sorted(asked),
        "outcome": made.outcome.value,
        "ground": made.ground,
        "consents": list(made.consents),
        "reasons": [{"rule": r.rule, "source": r.source, "nb": r.nb, "nn": r.nn} for r in made.reasons],
        "turns": list(made.turns()),
        "ruleSet": made.rule_set,
    }


@router.get(
    "/disclosures",
    summary="What was told about a person, to whom, and on which ground",
    description="Oldest first. Every attempt is here, and every read.",
    responses={**ok(DisclosureAnswers, "A page of disclosures"), **errors(400, 404)},
    response_class=Response,
)
def disclosed(
    desk: AtDesk,
    caller: MayRead,
    patient: Patient,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    own = patient.removeprefix("Patient/")
    columns = disclosure.c
    where = [columns.tenant == caller.tenant, columns.person == own]
    if caller.system is not None:
        where.append(columns.recipient == caller.system)
    with desk.service.store.read(caller.tenant) as connection:
        _facts(connection, desk, caller, own)
        _visible(connection, desk, caller, own)
        if after is not None:
            last = connection.execute(
                select(columns.started, columns.id).where(*where, columns.id == after)
            ).first()
            if last is None:
                raise NotFound("No such page")
            same = and_(columns.started == last.started, columns.id > last.id)
            where.append(or_(columns.started > last.started, same))
        rows = connection.execute(
            select(disclosure).where(*where).order_by(columns.started, columns.id).limit(limit + 1)
        ).all()
    page = [_told(connection, row) for row in rows[:limit]]
    return answer({"disclosures": page, "next": page[-1]["id"] if len(rows) > limit else None})


def _told(connection: Connection, row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "recipient": row.recipient,
        "channel": row.channel,
        "state": row.state,
        "client": row.client,
        "started": row.started.isoformat(),
        "closed": _time(row.closed),
        "error": row.error,
        "items": unpack(connection, row.items, disclosure, row.tenant, row.id),
    }


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
