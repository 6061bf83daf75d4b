"""What of one person a calling system may read now: the way out of FHIR reads and the timeline. Decided item
by item by the same judge as deliveries; what the system alone wrote it may always read back.

A sight grows by what is asked of it: `types`, `follow` or `everything`. It reads in one transaction; what is
told is written in a short one of its own, and only if the person has not changed since (`unchanged`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.sql import ColumnElement

from gateway.config import Settings, System
from gateway.exchange import disclosures, leaving
from gateway.exchange.disclosures import Attempt
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.seen import Seen, listing, own_writing
from gateway.exchange.selection import MEMBERS, Selection, by_item
from gateway.hub import persons, versions
from gateway.hub.audit import occasion
from gateway.hub.schema.tables import person, resource, resource_version
from gateway.hub.versions import Version
from mappings import reading
from mappings.fhir import FhirMapping
from mappings.model import Resource

CHANNEL = "read"
LISTS = frozenset({"CarePlan", "CareTeam"})  # their content follows from other items


@dataclass(frozen=True, slots=True)
class Moment:
    """What decisions about a person rest on: the number of their newest change, and the consent epoch (the
    newest change of facts). moved: who they were merged into."""

    change_no: int
    epoch: int
    moved: str | None = None


@dataclass(slots=True)
class Sight:
    """One person as one system may see them."""

    connection: Connection
    system: System
    facts: PersonFacts
    now: datetime
    moment: Moment
    selection: Selection
    seen: dict[str, Seen] = field(default_factory=dict)
    provenances: dict[str, Resource] = field(default_factory=dict)  # by what they tell about
    _items: set[str] = field(default_factory=set)  # that have been judged
    _followed: set[str] = field(default_factory=set)
    _listed: bool = False

    @property
    def person(self) -> str:
        """The person's id."""
        return self.facts.person

    # --- what is looked at --------------------------------------------------------------------------------

    def everything(self) -> None:
        """Look at all items of the person."""
        self._judge(versions.of_person(self.connection, self.facts.tenant, self.person))
        self._list()

    def types(self, *kinds: str) -> None:
        """Look at all resources of these types, with what decisions about them and their form rest on."""
        lists = LISTS & set(kinds)
        if not kinds or (lists and self._listed and lists == set(kinds)):
            return
        wanted = {*kinds, *(MEMBERS if lists else ())}
        self._look(resource.c.type.in_(sorted(wanted)))
        if lists:
            self._list()

    def follow(self, refs: Iterable[str]) -> None:
        """Look at these resources, where they are this person's. For what a log or plan lists: `types`."""
        missing = [ref for ref in dict.fromkeys(refs) if ref not in self._followed and ref not in self.seen]
        self._followed.update(missing)
        if missing:
            self._look(resource.c.ref.in_(missing))

    def _look(self, which: ColumnElement[bool]) -> None:
        rows = self.connection.execute(
            select(resource.c.item)
            .where(resource.c.tenant == self.facts.tenant, resource.c.person == self.person, which)
            .distinct()
        )
        missing = sorted({r.item for r in rows} - self._items)
        self._judge(versions.of_items(self.connection, self.facts.tenant, missing))

    def _judge(self, current: dict[str, Version]) -> None:
        own = self._own(current)
        for item, parts in by_item(current).items():
            if item in self._items:
                continue
            self._items.add(item)
            view = self.selection.view(item, parts)
            for ref, version in parts.items():
                if ref.startswith("Provenance/"):
                    continue
                if ref in own:
                    self.seen[ref] = own_writing(ref, item, version)
                elif view is not None and ref in view.resources:
                    self.seen[ref] = Seen(ref, item, view.resources[ref], version, view)
            self._keep_provenances(parts, view.resources if view else {})

    def _keep_provenances(self, parts: dict[str, Version], shown: Mapping[str, Resource]) -> None:
        """Who wrote what is seen: all of it of one's own writing, else what the view leaves of it."""
        for ref, version in parts.items():
            target = reading.target_of(version.resource) if ref.startswith("Provenance/") else None
            one = self.seen.get(target or "")
            if one is not None and (one.own or ref in shown):
                self.provenances[one.ref] = version.resource if one.own else shown[ref]

    def _own(self, current: dict[str, Version]) -> frozenset[str]:
        """Resources that no other system ever wrote a version of."""
        mine = [r for r, v in current.items() if v.created_by == v.source == self.system.id]
        if not mine:
            return frozenset()
        columns = resource_version.c
        made = select(resource.c.ref).where(
            resource.c.tenant == self.facts.tenant,
            resource.c.person == self.person,
            resource.c.created_by == self.system.id,
        )  # whoever their versions were about when they were written
        rows = self.connection.execute(
            select(columns.ref)
            .where(
                columns.tenant == self.facts.tenant,
                columns.ref.in_(made),
                columns.source != self.system.id,
            )
            .distinct()
        )
        return frozenset(mine) - {r.ref for r in rows}

    def _list(self) -> None:
        """Logs and plans of record systems list what of them may be seen, and have a team beside them."""
        if self._listed:
            return
        self._listed = True
        for frame in self.facts.frames:
            one = self.seen.get(frame)
            maker = self.selection.settings.system(one.version.created_by) if one else None
            if one is not None and (maker is None or maker.adapter != "fhir"):
                members = [m for m in self.seen.values() if m.ref.partition("/")[0] in MEMBERS]
                self.seen.update((made.ref, made) for made in listing(one, members))

    # --- what of it is told -------------------------------------------------------------------------------

    def attempt(self, refs: Iterable[str]) -> Attempt | None:
        """The one disclosure of a response that carries these resources; None for none."""
        items = tuple(self.seen[ref].disclosed() for ref in dict.fromkeys(refs))
        return Attempt(disclosures.new_id(), self.person, items) if items else None

    def tell(self, refs: Iterable[str], client: str) -> None:
        """Write that disclosure at once: for a sight within a transaction that writes."""
        self.write(self.connection, self.attempt(refs), client)

    def write(self, connection: Connection, attempt: Attempt | None, client: str) -> None:
        """Write a disclosure of what was seen."""
        if attempt is not None:
            seconds = self.selection.settings.answer_deadline_seconds
            state, deadline = leaving.begin(self.facts.tenant, attempt.id, self.now, seconds)
            disclosures.begin(
                connection,
                self.facts.tenant,
                [attempt],
                recipient=self.system.id,
                channel=CHANNEL,
                run=0,
                epoch=self.moment.epoch,
                owner=None,
                now=self.now,
                deadline=deadline,
                client=client,
                state=state,
            )

    def unchanged(self, connection: Connection) -> bool:
        """Whether decisions would be the same: nothing of the person has changed since. Holds it so until the
        transaction ends."""
        return moment(connection, self.system, self.person, hold=True) == self.moment

    def editions(self, one: Seen) -> Iterator[tuple[Resource, Version]]:
        """All versions of a resource, newest first, as this reader may see them; only the current one where
        any older one is hidden or nobody could say what it would have looked like."""
        if one.derived or one.version.version == 1:
            yield one.resource, one.version
            return
        found = versions.history(self.connection, self.facts.tenant, one.ref)
        views = [(self._once(one, old), old) for old in found]
        if any(value is None for value, _ in views):
            views = [(one.resource, one.version)]
        for value, old in views:
            if value is not None:
                yield value, old

    def _once(self, one: Seen, old: Version) -> Resource | None:
        """An older version under the decisions of now, those on its own labels included."""
        if one.own:
            return old.resource
        parts = versions.of_items(self.connection, self.facts.tenant, [one.item])
        view = self.selection.view(one.item, {**parts, one.ref: old})
        return view.resources.get(one.ref) if view else None


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks at persons for one system."""

    settings: Settings
    facts: FactsReader
    system: System
    now: datetime

    def at(self, connection: Connection, person_id: str, *, hold: bool = True) -> Sight | None:
        """The person as the system may see them, nothing looked at yet; None where there is no such person in
        its tenant. hold: nothing of them changes until the transaction, one that writes, ends. The id of one
        who was merged into another stands for that one."""
        stands = moment(connection, self.system, person_id, hold=hold)
        if stands is not None and stands.moved is not None:
            person_id = persons.resolve(connection, self.system.tenant, stands.moved)
            stands = moment(connection, self.system, person_id, hold=hold)
        if stands is None:
            return None
        occasion.about(person_id)
        facts = self.facts.read(connection, self.system.tenant, person_id, stands.epoch)
        selection = Selection(self.system, self.settings, FhirMapping(), facts, CHANNEL, self.now)
        return Sight(connection, self.system, facts, self.now, stands, selection)

    def whole(self, connection: Connection, person_id: str, *, hold: bool = True) -> Sight | None:
        """The same with everything of the person looked at."""
        sight = self.at(connection, person_id, hold=hold)
        if sight is not None:
            sight.everything()
        return sight

    def person_of(self, connection: Connection, ref: str) -> str | None:
        """Whose resource this is. A team is its log's or plan's."""
        kind, _, own = ref.partition("/")
        head = versions.current(connection, self.system.tenant, ref)
        if head is None and kind == "CareTeam":
            head = versions.current(connection, self.system.tenant, f"CarePlan/{own}")
        return head.person if head else None


def moment(connection: Connection, system: System, person_id: str, *, hold: bool) -> Moment | None:
    """How things stand with a person for a recipient; None where there is no such person."""
    about = select(person.c.change_no, person.c.facts_no, person.c.merged_into).where(
        person.c.tenant == system.tenant, person.c.id == person_id
    )
    row = connection.execute(about.with_for_update(read=True) if hold else about).first()
    return None if row is None else Moment(int(row.change_no), int(row.facts_no), row.merged_into)
