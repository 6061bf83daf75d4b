"""What of one person a calling system may read now: the way out of FHIR reads and the timeline. Decided item
by item by the same judge as deliveries; what the system alone wrote it may always read back.

Everything of one Sight happens in one transaction, its disclosure included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.config import Settings, System
from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.judge import View
from gateway.exchange.rendition import Unit, with_members
from gateway.exchange.selection import Selection, by_item
from gateway.hub import versions
from gateway.hub.schema.tables import lane, person, resource_version
from gateway.hub.versions import Version
from mappings import reading
from mappings.fhir import FhirMapping
from mappings.model import ITEM, Resource, State

CHANNEL = "read"
OWN = "own"  # ground: the system's own writing, read back


@dataclass(frozen=True, slots=True)
class Seen:
    """One resource as the reader may have it, in the hub's references. members: what a log or plan, or its
    team, was derived from, the log or plan itself included."""

    ref: str
    item: str
    resource: Resource
    version: Version
    view: View
    members: tuple[Seen, ...] = ()

    @property
    def derived(self) -> bool:
        """Whether its content follows from other items."""
        return bool(self.members)

    @property
    def own(self) -> bool:
        """Whether the reader alone wrote it: no decision was needed."""
        return not self.view.decisions

    @property
    def whole(self) -> bool:
        """Whether nothing was taken away from what the hub has."""
        return self.resource is self.version.resource


@dataclass(slots=True)
class Sight:
    """One person as one system may see them."""

    connection: Connection
    system: System
    facts: PersonFacts
    now: datetime
    epoch: int
    selection: Selection
    seen: dict[str, Seen] = field(default_factory=dict)
    provenances: dict[str, Resource] = field(default_factory=dict)  # by what they tell about

    @property
    def person(self) -> str:
        """The person's id."""
        return self.facts.person

    def tell(self, refs: Iterable[str], client: str) -> None:
        """Write the one disclosure of a response that carries these resources. Nothing for none."""
        items = tuple(_disclosed(self.seen[ref]) for ref in dict.fromkeys(refs))
        if items:
            disclosures.begin(
                self.connection,
                self.facts.tenant,
                [Attempt(disclosures.new_id(), self.person, items)],
                recipient=self.system.id,
                channel=CHANNEL,
                run=0,
                epoch=self.epoch,
                owner=None,
                now=self.now,
                deadline=None,
                client=client,
                state=disclosures.DELIVERED,
            )

    def editions(self, one: Seen) -> Iterator[tuple[Resource, Version]]:
        """All versions of a resource, newest first, as this reader may see them; only the current one where
        any older one is hidden or nobody could say what it would have looked like."""
        if one.derived or one.version.version == 1:
            yield one.resource, one.version
            return
        found = versions.history(self.connection, self.facts.tenant, one.ref)
        views = [(self._once(one, old), old) for old in found]
        if any(resource is None for resource, _ in views):
            views = [(one.resource, one.version)]
        for resource, old in views:
            if resource is not None:
                yield resource, old

    def _once(self, one: Seen, old: Version) -> Resource | None:
        """An older version under the decisions of now, those on its own labels included."""
        if one.own:
            return old.resource
        parts = versions.of_items(self.connection, self.facts.tenant, [one.item])
        view = self.selection.view(one.item, {**parts, one.ref: old})
        return view.resources.get(one.ref) if view else None


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks at persons for one system within one transaction."""

    settings: Settings
    facts: FactsReader
    system: System
    now: datetime

    def at(self, connection: Connection, person_id: str) -> Sight | None:
        """The person as the system may see them; None where there is no such person in its tenant."""
        row = connection.execute(
            select(person.c.facts_no)
            .where(person.c.tenant == self.system.tenant, person.c.id == person_id)
            .with_for_update(read=True)
        ).first()
        if row is None:
            return None
        facts = self.facts.read(connection, self.system.tenant, person_id, row.facts_no)
        selection = Selection(self.system, self.settings, FhirMapping(), facts, CHANNEL, self.now)
        epoch = self._epoch(connection, person_id)
        sight = Sight(connection, self.system, facts, self.now, epoch, selection)
        self._fill(sight, versions.of_person(connection, self.system.tenant, person_id))
        return sight

    def person_of(self, connection: Connection, ref: str) -> str | None:
        """Whose resource this is. A team is its log's or plan's."""
        kind, _, own = ref.partition("/")
        head = versions.current(connection, self.system.tenant, ref)
        if head is None and kind == "CareTeam":
            head = versions.current(connection, self.system.tenant, f"CarePlan/{own}")
        return head.person if head else None

    def _epoch(self, connection: Connection, person_id: str) -> int:
        """The recipient's consent epoch, held until the transaction ends."""
        found = connection.execute(
            select(lane.c.epoch)
            .where(
                lane.c.tenant == self.system.tenant,
                lane.c.person == person_id,
                lane.c.recipient == self.system.id,
            )
            .with_for_update(read=True)
        ).scalar()
        return int(found or 0)

    def _fill(self, sight: Sight, current: dict[str, Version]) -> None:
        own = _own(sight, current)
        for item, parts in by_item(current).items():
            view = sight.selection.view(item, parts)
            for ref, version in parts.items():
                if ref.startswith("Provenance/"):
                    continue
                if ref in own:
                    sight.seen[ref] = Seen(ref, item, version.resource, version, _by_right(item, version))
                elif view is not None and ref in view.resources:
                    sight.seen[ref] = Seen(ref, item, view.resources[ref], version, view)
            _keep_provenances(sight, parts)
        self._derive(sight)

    def _derive(self, sight: Sight) -> None:
        """Logs and plans of record systems list what of them may be seen, and have a team beside them."""
        for frame in sight.facts.frames:
            one = sight.seen.get(frame)
            maker = self.settings.system(one.version.created_by) if one else None
            if one is None or (maker is not None and maker.adapter == "fhir"):
                continue
            members = [m for m in list(sight.seen.values()) if reading.belongs_to(m.resource) == frame]
            unit = Unit(frame, one.item, State({ITEM: one.resource}))
            for made in with_members(unit, [m.resource for m in members]):
                value = made.state.focus[ITEM]
                sight.seen[made.ref] = Seen(made.ref, one.item, value, one.version, one.view, (one, *members))


def _keep_provenances(sight: Sight, parts: Mapping[str, Version]) -> None:
    for ref, version in parts.items():
        target = reading.target_of(version.resource) if ref.startswith("Provenance/") else None
        if target in sight.seen:
            sight.provenances[str(target)] = version.resource


def _own(sight: Sight, current: Mapping[str, Version]) -> frozenset[str]:
    """Resources that no other system ever wrote a version of."""
    mine = [r for r, v in current.items() if v.created_by == v.source == sight.system.id]
    if not mine:
        return frozenset()
    columns = resource_version.c
    rows = sight.connection.execute(
        select(columns.ref)
        .where(
            columns.tenant == sight.facts.tenant,
            columns.person == sight.person,
            columns.source != sight.system.id,
        )
        .distinct()
    )
    return frozenset(mine) - {r.ref for r in rows}


def _by_right(item: str, version: Version) -> View:
    """The view of what a system wrote itself: no decision was needed."""
    return View(item, {version.ref: version.resource}, {}, reading.category_of(version.resource))


def _disclosed(one: Seen) -> Disclosed:
    granted = [d for d in one.view.decisions.values() if d.permitted]
    categories = {c for asked, d in one.view.decisions.items() if d.permitted for c in asked}
    return Disclosed(
        ref=one.ref,
        version=one.version.version,
        categories=tuple(sorted(categories or one.view.categories)),
        ground=next((d.ground for d in granted if d.ground), OWN),
        rules=tuple(dict.fromkeys(r.rule for d in granted for r in d.reasons)),
        consents=tuple(sorted({c for d in granted for c in d.consents})),
    )
