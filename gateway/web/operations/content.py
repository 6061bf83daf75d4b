"""What a message says, to an operator with the right to see content: as the judge lets its recipient see it
now, never more, and never of anybody whose address is protected (B1). Written as told before it is given, so
that the family reads that it was looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from gateway import jsontext
from gateway.consents.onlookers import OPERATIONS
from gateway.errors import NotFound, NotReady
from gateway.exchange import disclosures, leaving
from gateway.exchange.disclosures import Attempt
from gateway.exchange.judge import View
from gateway.exchange.rendition import ids_at, subject_at, units
from gateway.exchange.selection import Selection
from gateway.hub import links
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.schema.tables import person
from gateway.operating.trace import Ground, ground, selection_for
from gateway.service import Service
from gateway.web.names import OPEN
from gateway.web.operations.entrance import Operator
from mappings.model import NotExpressible

GROUND: Final = "operations"
TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """protected: nothing of this person is shown to operators. fhir: each resource as text; native: each
    record as the recipient's own form has it, where it has one."""

    protected: bool
    fhir: tuple[str, ...] = ()
    native: tuple[str, ...] = ()


def shown(service: Service, who: Operator, item: str, recipient: str, why: str) -> Shown:
    """What the item says to this recipient. why: a code. Raises NotFound for what it may not have."""
    for _ in range(TRIES):
        now = service.clock()
        with service.store.read(who.tenant) as connection:
            found = ground(connection, service.facts, who.tenant, item)
            system = service.settings.system(recipient)
            if found is None or system is None or system.tenant != who.tenant:
                raise NotFound("Not here")
            if found.facts.facts.address_protection not in OPEN:
                return Shown(protected=True)
            selection = selection_for(service.settings, service.mappings, found.facts, recipient, now)
            view = selection.view(item, found.parts)
            if view is None or not view.permitted:
                raise NotFound("The recipient may not have it")
            made = Shown(False, _fhir(view), _native(connection, selection, view))
        with service.store.write(who.tenant) as connection:
            if _written(connection, service, who, found, view, recipient, why):
                return made
    raise NotReady("The child's records change all the time")


def _fhir(view: View) -> tuple[str, ...]:
    return tuple(_text(one) for ref, one in view.resources.items() if not ref.startswith("Provenance/"))


def _native(connection: Connection, selection: Selection, view: View) -> tuple[str, ...]:
    """The records as they stand in the recipient's own form; none for a FHIR server."""
    system, facts = selection.system, selection.facts
    if system.adapter == "fhir":
        return ()
    names, _ = links.names_of_person(connection, facts.tenant, system.id, facts.person)
    subject = subject_at(facts, names)
    out = []
    for unit in units(system, selection.mapping, view):
        try:
            ids = ids_at(system, facts, names, subject, own=unit.ref)
            out.append(_text(selection.mapping.get(unit.state, ids)))
        except NotExpressible:
            continue
    return tuple(out)


def _text(value: Any) -> str:
    return msgspec.json.format(jsontext.encode(value), indent=2).decode()


def _written(
    connection: Connection,
    service: Service,
    who: Operator,
    found: Ground,
    view: View,
    recipient: str,
    why: str,
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
    told = tuple(
        replace(view.disclosed(ref, found.parts[ref].version, GROUND), ground=GROUND)
        for ref in view.resources
    )
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
    details = {"as": recipient, "why": why}
    said = Entry(Kind.OPERATION, now, facts.person, "content shown", subject=view.item, details=details)
    entries.write(connection, who.tenant, [said])
    return True
