"""What a route would send if it were open, person by person, with the selection and the comparison that a
delivery uses. Reads only; ids, categories and rules come out, never content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from consent.model import Decision
from gateway.config import Route, Settings, System
from gateway.exchange.differences import differences
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.judge import View
from gateway.exchange.rendition import ids_at
from gateway.exchange.selection import Selection, Shown, by_item
from gateway.hub import links, versions
from gateway.hub.schema.tables import person
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.operating.faults import Impossible
from mappings import reading
from mappings.model import Ids, RecordMapping

SEND, THERE, NO_FORM, NOT_OURS, WITHHELD = (
    "send",
    "there already",
    "no form there",
    "its own to make",
    "withheld",
)
WAITS = "waits: no log or plan there"
OWNED = frozenset({"Patient", "Provenance"})  # they go with what they belong to


@dataclass(frozen=True, slots=True)
class Line:
    """One resource: what would become of it. rule: what withholds it, or ""."""

    ref: str
    categories: str
    outcome: str
    rule: str = ""
    sentence: str = ""


@dataclass(slots=True)
class Sum:
    """What is counted over all persons. records: how many would be written."""

    persons: int = 0
    reached: int = 0
    waiting: int = 0
    unmatched: int = 0  # not yet found at the recipient, which is asked first
    records: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)


def as_if_open(settings: Settings, source: System, recipient: System) -> tuple[Settings, bool]:
    """The settings with this one route, open; and whether it is so already. Raises Impossible."""
    if source.id == recipient.id:
        raise Impossible("A route leads from one system to another.", "same-system")
    if source.tenant != recipient.tenant:
        raise Impossible("The two systems belong to different tenants; no route may lead between them.")
    if recipient.deliver == "none":
        raise Impossible(
            f'{recipient.id} has deliver = "none": nothing can ever reach it.', "nothing-delivered"
        )
    ends = (source.id, recipient.id)
    known = next((r for r in settings.routes if (r.source, r.recipient) == ends), None)
    route = (known or Route(source=source.id, recipient=recipient.id)).model_copy(update={"open": True})
    return settings.model_copy(update={"routes": (route,)}), known is not None and known.open


@dataclass(frozen=True, slots=True)
class Forecast:
    """Evaluates persons for one recipient, one after the other, each in a transaction of its own."""

    store: Store
    facts: FactsReader
    settings: Settings
    source: str
    system: System
    mapping: RecordMapping
    now: datetime

    def add(self, person_id: str, total: Sum) -> list[Line]:
        """Count one person in; what would become of each of their resources."""
        with self.store.read(self.system.tenant) as connection:
            lines = list(self._lines(connection, person_id, total))
        total.persons += 1
        total.reached += any(line.outcome == SEND for line in lines)
        for line in lines:
            total.outcomes[line.categories, line.outcome] += 1
            if line.rule:
                total.rules[line.rule, line.sentence] += 1
        return lines

    def _lines(self, connection: Connection, own: str, total: Sum) -> Iterator[Line]:
        facts = self._facts(connection, own)
        channel = "pull" if self.system.deliver == "pull" else "push"
        selection = Selection(self.system, self.settings, self.mapping, facts, channel, self.now)
        parts = by_item(versions.of_person(connection, self.system.tenant, own))
        if self.system.adapter != "fhir" and facts.frame_in(self.system.id) is None:
            given = [item for item, mine in parts.items() if self._given(item, mine) and _counts(item)]
            total.waiting += bool(given)
            yield from (line for item in given for line in _waiting(parts[item]))
            return
        views = {
            item: view
            for item, mine in parts.items()
            if self._given(item, mine) and (view := selection.view(item, mine)) is not None
        }
        shown = selection.shown(connection, views)
        outcomes = self._outcomes(connection, facts, shown, total)
        for item, view in views.items():
            if _counts(item):
                yield from _of_item(view, parts[item], outcomes)

    def _facts(self, connection: Connection, own: str) -> PersonFacts:
        number = connection.execute(
            select(person.c.facts_no).where(person.c.tenant == self.system.tenant, person.c.id == own)
        ).scalar_one()
        return self.facts.read(connection, self.system.tenant, own, int(number))

    def _given(self, item: str, own: dict[str, Version]) -> bool:
        """Whether the item was made or last changed in the source."""
        return item in own and self.source in (own[item].source, own[item].created_by)

    def _outcomes(
        self, connection: Connection, facts: PersonFacts, shown: list[Shown], total: Sum
    ) -> dict[str, str]:
        """What becomes of each permitted item."""
        if not shown:
            return {}
        tenant, own = facts.tenant, facts.person
        names, _ = links.names_of_person(connection, tenant, self.system.id, own)
        subject = names.get(f"Patient/{own}")
        total.unmatched += self.system.adapter == "fhir" and subject is None

        def ids(ref: str) -> Ids:
            return ids_at(self.system, facts, names, subject or f"Patient/{own}", own=ref)

        known = links.load(connection, tenant, self.system.id, [one.unit.ref for one in shown])
        held = {ref for ref, link in known.items() if link.native_id is not None}
        found = differences(self.system, self.mapping, shown, known, own, ids)
        total.records += len(found)
        outcomes = {one.unit.item: THERE if one.unit.ref in held else NOT_OURS for one in shown}
        outcomes |= {one.shown.unit.item: SEND for one in found}
        for one in shown:  # what stands inside a record goes with it
            outcomes |= {part.unit.item: outcomes[one.unit.item] for part in one.within}
        return outcomes


def _counts(ref: str) -> bool:
    return ref.partition("/")[0] not in OWNED


def _named(categories: frozenset[str]) -> str:
    return "+".join(sorted(categories)) or "unknown"


def _waiting(own: dict[str, Version]) -> Iterator[Line]:
    for ref, version in own.items():
        if _counts(ref):
            yield Line(ref, _named(reading.category_of(version.resource)), WAITS)


def _of_item(view: View, own: dict[str, Version], outcomes: dict[str, str]) -> Iterator[Line]:
    for ref, version in own.items():
        if not _counts(ref):
            continue
        categories = reading.category_of(version.resource)
        named = _named(categories)
        if ref in view.resources:
            yield Line(ref, named, outcomes.get(view.item, NO_FORM))
            continue
        decision = _withholding(view, own, categories)
        reason = decision.reasons[-1] if decision else None
        yield Line(ref, named, WITHHELD, reason.rule if reason else "", reason.nb if reason else "")


def _withholding(view: View, own: dict[str, Version], categories: frozenset[str]) -> Decision | None:
    """The decision that keeps a resource back: its own, or that of the item it belongs to."""
    focal = view.decisions.get(reading.category_of(own[view.item].resource))
    return focal if focal is not None and not focal.goes else view.decisions.get(categories)


def every_id(store: Store, tenant: str, page: int = 500) -> Iterator[str]:
    """All persons of a tenant, page by page."""
    last = ""
    while True:
        with store.read(tenant) as connection:
            rows = connection.execute(
                select(person.c.id)
                .where(person.c.tenant == tenant, person.c.id > last)
                .order_by(person.c.id)
                .limit(page)
            ).all()
        if not rows:
            return
        yield from (row.id for row in rows)
        last = rows[-1].id
