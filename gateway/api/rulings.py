"""A decision of a conflict in one transaction: the person is locked, the caller's sight is looked at anew,
who decides and what is chosen is checked, and intake appends. All of it happens, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from gateway.access.tokens_in import Caller
from gateway.api.auth import Desk
from gateway.api.conflict_forms import Said
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.exchange.contested import Choice, Contested, Onlooker, rests_alike
from gateway.exchange.facts import RECORD, PersonFacts
from gateway.exchange.rendition import ids_at
from gateway.exchange.sight import Looking
from gateway.hub import conflicts, links, versions
from gateway.hub.conflicts import Kept, State
from gateway.hub.sameness import unmarked
from gateway.hub.schema.tables import person
from gateway.intake.deciding import Ruling, decide, ruled
from gateway.intake.fhir_faults import faults
from gateway.intake.workspace import Workspace
from mappings.model import NotExpressible, RecordRefused, Resource
from mappings.model import State as Held

EMPTY_HANDED = "No such conflict"


def rule(desk: Desk, caller: Caller, conflict_id: str, said: Said) -> None:
    """Decide. Raises NotFound, Conflict where it has moved on, Unprocessable for what may not be chosen."""
    service = desk.service
    with service.store.write(caller.tenant) as connection:
        first = conflicts.one_of(connection, caller.tenant, conflict_id)
        if first is None:
            raise NotFound(EMPTY_HANDED)
        ws = Workspace(connection, service.store, caller.tenant, first.system, service.clock())
        ws.lock([first.person])
        one = conflicts.one_of(connection, caller.tenant, conflict_id, lock=True)
        shown = _look(connection, desk, caller, one) if one is not None else None
        if one is None or shown is None:
            raise NotFound(EMPTY_HANDED)
        if _decided_so(one, said):
            return
        _demand(shown, said)
        _decide(ws, desk, caller, shown, said)
    service.woken()


def _look(connection: Connection, desk: Desk, caller: Caller, one: Kept) -> Contested | None:
    service = desk.service
    head = versions.current(connection, caller.tenant, one.ref)
    if caller.system is None:
        return Onlooker(_facts(connection, desk, caller, one), service.clock(), caller.tenant, None).look(
            one, head
        )
    looking = Looking(service.settings, service.facts, desk.system_of(caller), service.clock())
    sight = looking.whole(connection, one.person)
    return Onlooker(sight.facts, sight.now, caller.tenant, sight).look(one, head) if sight else None


def _facts(connection: Connection, desk: Desk, caller: Caller, one: Kept) -> PersonFacts:
    number = connection.execute(
        person.select()
        .with_only_columns(person.c.facts_no)
        .where(person.c.tenant == caller.tenant, person.c.id == one.person)
    ).scalar_one()
    return desk.service.facts.read(connection, caller.tenant, one.person, int(number))


def _decided_so(one: Kept, said: Said) -> bool:
    """Whether just this was decided before: a repeat."""
    closed: dict[str, Any] = one.content.get("closed") or {}
    again = {"choice": said.choice, "by": said.by, "reason": said.reason}
    return (
        one.state is State.DECIDED and closed.items() >= again.items() and closed.get("value") == said.value
    )


def _demand(shown: Contested, said: Said) -> None:
    if shown.kept.state is not State.OPEN:
        raise Conflict("The conflict is settled already", code="settled")
    if shown.head.version != said.version:
        raise Conflict("Another version is current: look again", code="moved-on")
    if said.by not in shown.deciders:
        raise Unprocessable("`by` is nobody who coordinates here", field="by")
    if said.choice not in shown.choices:
        raise Unprocessable(
            "This conflict may not be decided so; see `choices`", code="choice", field="choice"
        )


def _decide(ws: Workspace, desk: Desk, caller: Caller, shown: Contested, said: Said) -> None:
    one, service = shown.kept, desk.service
    facts = _facts(ws.connection, desk, caller, one)
    ruling = Ruling(
        said.choice, said.by, said.reason, caller.client_id[:255], _who(facts, said.by), said.value
    )
    value = ruled(one, shown.head.resource, ruling)
    if said.choice == Choice.VALUE:
        assert caller.system is not None  # an operator sees no content and may not choose so
        ws.system = caller.system
        _check(ws, desk, caller.system, facts, shown, value, said)
    ws.heads.update(versions.of_items(ws.connection, caller.tenant, [shown.head.item]))
    ws.heads[one.ref] = shown.head
    decide(ws, one, value, ruling, service.settings.system(one.system))


def _who(facts: PersonFacts, by: str) -> Resource:
    """The participant as records of their system name them."""
    known = next((name for name, ref in facts.authors.items() if ref == by), None)
    if known is None:
        return {"reference": by}
    return {"identifier": {"system": f"{RECORD}{known[0]}", "value": known[1]}}


def _check(
    ws: Workspace, desk: Desk, system: str, facts: PersonFacts, shown: Contested, value: Resource, said: Said
) -> None:
    """A value of one's own has the shape of FHIR, and of the caller's records where they have the item."""
    wrong = faults(value)
    if wrong or (said.value is not None and unmarked(said.value) != said.value):
        raise Unprocessable("The value does not fit there", code="not-fhir", field="value")
    if not rests_alike(shown.head.resource, value):
        raise Unprocessable(
            "What is shared by it is changed where it was made", code="choice", field="choice"
        )
    own, mapping = desk.service.settings.system(system), desk.service.mappings[system]
    assert own is not None
    parts = versions.of_items(ws.connection, ws.tenant, [shown.head.item])
    parts[shown.head.ref] = _with(parts[shown.head.ref], value)
    slots = mapping.slots(parts[shown.head.item].resource)
    if slots is None or own.adapter == "fhir":
        return
    names, _ = links.names_of_person(ws.connection, ws.tenant, system, shown.kept.person)
    ids = ids_at(own, facts, names, names.get(f"Patient/{shown.kept.person}"), own=shown.head.item)
    focus = {slot: parts[ref].resource for slot, ref in slots.items() if ref in parts}
    link = links.load(ws.connection, ws.tenant, system, [shown.head.item]).get(shown.head.item)
    try:
        mapping.describe(mapping.get(Held(focus, link.held.rest if link else None), ids))
    except (NotExpressible, RecordRefused) as error:
        raise Unprocessable(
            "The value has no form in the records of this system", code="no-form", field="value"
        ) from error


def _with(version: versions.Version, value: Resource) -> versions.Version:
    return replace(version, resource=value)
