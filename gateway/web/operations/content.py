"""What a message says, to an operator with the right to see content: as the judge lets its recipient see it
now, never more, and never of anybody whose address is protected (B1). Written as told before it is given, so
that the family reads that it was looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, select

from gateway import jsontext
from gateway.consents.onlookers import OPERATIONS
from gateway.errors import NotFound, NotReady
from gateway.exchange import disclosures, leaving
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.exchange.judge import View
from gateway.exchange.reasons import Reason
from gateway.hub import links
from gateway.hub.audit import entries, occasion
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.schema.tables import person
from gateway.operating.judged import records_of, resources_of
from gateway.operating.trace import Ground, ground, selection_for
from gateway.service import Service
from gateway.web.names import OPEN
from gateway.web.operations.entrance import Operator

T = TypeVar("T")
GROUND: Final = "operations"
TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """protected: nothing of this person is shown to operators. fhir: each resource as text; native: each
    record as the recipient's own form has it, where it has one."""

    protected: bool
    fhir: tuple[str, ...] = ()
    native: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked(Generic[T]):
    """What a look makes of an item, and by whose eyes: the views of it that it shows, by recipient."""

    shown: T
    views: Mapping[str, View]


Look = Callable[[Connection, Ground, datetime], Looked[T]]


def text_of(value: Any) -> str:
    """JSON as people read it."""
    return msgspec.json.format(jsontext.encode(value), indent=2).decode()


def shown(service: Service, who: Operator, item: str, recipient: str, why: Reason) -> Shown:
    """What the item says to this recipient. Raises NotFound for what it may not have."""

    def look(connection: Connection, found: Ground, now: datetime) -> Looked[Shown]:
        if recipient not in [one.id for one in service.settings.systems if one.tenant == who.tenant]:
            raise NotFound("Not here")
        selection = selection_for(service.settings, service.mappings, found.facts, recipient, now)
        view = selection.view(item, found.parts)
        if view is None or not view.permitted:
            raise NotFound("The recipient may not have it")
        names, _ = links.names_of_person(connection, who.tenant, recipient, found.facts.person)
        fhir, native = resources_of(view), records_of(selection, view, names)
        made = Shown(False, tuple(map(text_of, fhir)), tuple(map(text_of, native)))
        return Looked(made, {recipient: view})

    return looked(service, who, item, why, look) or Shown(protected=True)


def looked(service: Service, who: Operator, item: str, why: Reason, look: Look[T]) -> T | None:
    """What a look at an item makes of it, once all that it shows is written down as told; None where nothing
    of this person is shown to operators. Raises NotFound where there is no such item."""
    for _ in range(TRIES):
        now = service.clock()
        with service.store.read(who.tenant) as connection:
            found = ground(connection, service.facts, who.tenant, item)
            if found is None:
                raise NotFound("Not here")
            occasion.about(found.facts.person)
            if found.facts.facts.address_protection not in OPEN:
                return None
            made = look(connection, found, now)
        if not made.views:
            return made.shown
        with service.store.write(who.tenant) as connection:
            if _written(connection, service, who, found, made.views, why):
                return made.shown
    raise NotReady("The child's records change all the time")


def _written(
    connection: Connection,
    service: Service,
    who: Operator,
    found: Ground,
    views: Mapping[str, View],
    why: Reason,
) -> bool:
    """Write what is told; False where something of the child has changed since it was looked at."""
    facts, now = found.facts, service.clock()
    row = connection.execute(
        select(person.c.change_no, person.c.facts_no)
        .where(person.c.tenant == who.tenant, person.c.id == facts.person)
        .with_for_update(read=True)
    ).one()
    if (int(row.change_no), int(row.facts_no)) != (found.change_no, found.facts_no):
        return False
    told = tuple(_told(views, found).values())
    attempt = Attempt(disclosures.new_id(), facts.person, told)
    state, deadline = leaving.begin(who.tenant, attempt.id, now, service.settings.answer_deadline_seconds)
    disclosures.begin(
        connection,
        who.tenant,
        [attempt],
        recipient=OPERATIONS,
        channel="page",
        run=0,
        epoch=found.facts_no,
        owner=None,
        now=now,
        deadline=deadline,
        client=who.client,
        state=state,
    )
    said = [
        Entry(
            Kind.OPERATION, now, facts.person, "content shown",
            subject=view.item, details={"as": recipient, "why": why},
        )
        for recipient, view in views.items()
    ]  # fmt: skip
    entries.write(connection, who.tenant, said)
    return True


def _told(views: Mapping[str, View], found: Ground) -> dict[str, Disclosed]:
    """What these views tell together, each resource once."""
    told: dict[str, Disclosed] = {}
    for view in views.values():
        for ref in view.resources:
            one = replace(view.disclosed(ref, found.parts[ref].version, GROUND), ground=GROUND)
            before = told.get(ref, one)
            told[ref] = replace(
                before,
                categories=tuple(sorted({*before.categories, *one.categories})),
                rules=tuple(dict.fromkeys((*before.rules, *one.rules))),
                consents=tuple(sorted({*before.consents, *one.consents})),
                redacted=before.redacted and one.redacted,
            )
    return told
