"""A decision of a conflict in one transaction: the person is locked, what the one who decides may see is
looked at anew, who decides and what is chosen is checked, and intake appends. All of it, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.config import Settings
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.exchange.contested import Choice, Contested, rests_alike
from gateway.exchange.facts import RECORD, FactsReader, PersonFacts
from gateway.exchange.rendition import ids_at
from gateway.hub import conflicts, links, versions
from gateway.hub.conflicts import Kept, State
from gateway.hub.sameness import unmarked
from gateway.hub.schema.tables import person
from gateway.hub.store import Store
from gateway.intake.deciding import Ruling, decide, ruled
from gateway.intake.fhir_faults import faults
from gateway.intake.workspace import Workspace
from mappings.model import Json, NotExpressible, RecordMapping, RecordRefused, Resource
from mappings.model import State as Held

EMPTY_HANDED = "No such conflict"


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as it was said. value None: nothing is to stand there."""

    choice: str
    version: int
    by: str
    reason: str
    value: Json = None


Look = Callable[[Connection, Kept], Contested | None]  # the conflict as the one who decides may see it


@dataclass(frozen=True, slots=True)
class Bench:
    """Where conflicts of one tenant are decided. client: who asks, for the conflict's own record. system: for
    which system a value of one's own is written; None for an operator, who may write none."""

    store: Store
    settings: Settings
    facts: FactsReader
    mappings: Mapping[str, RecordMapping]
    clock: Callable[[], datetime]
    tenant: str
    client: str
    system: str | None

    def rule(self, conflict_id: str, said: Said, look: Look) -> None:
        """Decide. Raises NotFound, Conflict where it has moved on, Unprocessable for what may not be
        chosen."""
        with self.store.write(self.tenant) as connection:
            first = conflicts.one_of(connection, self.tenant, conflict_id)
            if first is None:
                raise NotFound(EMPTY_HANDED)
            ws = Workspace(connection, self.store, self.tenant, first.system, self.clock())
            ws.lock([first.person])
            one = conflicts.one_of(connection, self.tenant, conflict_id, lock=True)
            shown = look(connection, one) if one is not None else None
            if one is None or shown is None:
                raise NotFound(EMPTY_HANDED)
            if _decided_so(one, said):
                return
            _demand(shown, said)
            _decide(ws, self, shown, said)

    def facts_of(self, connection: Connection, one: Kept) -> PersonFacts:
        """What is known of whom the conflict is about."""
        number = connection.execute(
            person.select()
            .with_only_columns(person.c.facts_no)
            .where(person.c.tenant == self.tenant, person.c.id == one.person)
        ).scalar_one()
        return self.facts.read(connection, self.tenant, one.person, int(number))


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


def _decide(ws: Workspace, bench: Bench, shown: Contested, said: Said) -> None:
    one = shown.kept
    facts = bench.facts_of(ws.connection, one)
    ruling = Ruling(said.choice, said.by, said.reason, bench.client, _who(facts, said.by), said.value)
    value = ruled(one, shown.head.resource, ruling)
    if said.choice == Choice.VALUE:
        assert bench.system is not None  # an operator sees no content and may not choose so
        ws.system = bench.system
        _check(ws, bench, bench.system, facts, shown, value, said)
    ws.heads.update(versions.of_items(ws.connection, bench.tenant, [shown.head.item]))
    ws.heads[one.ref] = shown.head
    decide(ws, one, value, ruling, bench.settings.system(one.system))


def _who(facts: PersonFacts, by: str) -> Resource:
    """The participant as records of their system name them."""
    known = next((name for name, ref in facts.authors.items() if ref == by), None)
    if known is None:
        return {"reference": by}
    return {"identifier": {"system": f"{RECORD}{known[0]}", "value": known[1]}}


def _check(
    ws: Workspace,
    bench: Bench,
    system: str,
    facts: PersonFacts,
    shown: Contested,
    value: Resource,
    said: Said,
) -> None:
    """A value of one's own has the shape of FHIR, and of the caller's records where they have the item."""
    wrong = faults(value)
    if wrong or (said.value is not None and unmarked(said.value) != said.value):
        raise Unprocessable("The value does not fit there", code="not-fhir", field="value")
    if not rests_alike(shown.head.resource, value):
        raise Unprocessable(
            "What is shared by it is changed where it was made", code="choice", field="choice"
        )
    own, mapping = bench.settings.system(system), bench.mappings[system]
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
