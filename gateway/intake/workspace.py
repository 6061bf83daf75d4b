"""One intake transaction's view of the hub: what it has locked and read, and what it is going to write.

Everything is collected first and written in a few statements at the end.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from consent import fhir_circumstance
from gateway.config import System
from gateway.errors import Moved
from gateway.hub import conflicts, directory, links, patients, persons, review, seats, versions, writers
from gateway.hub.claims import Claim
from gateway.hub.identities import Stated
from gateway.hub.journal import Note
from gateway.hub.links import Link, Name
from gateway.hub.persons import IdentifierKey, PersonRow
from gateway.hub.schema.tables import disclosure, lane
from gateway.hub.store import Store
from gateway.hub.versions import FACTS, Version
from gateway.hub.wake import anew, wake
from gateway.intake import disputes
from gateway.intake.consents import only_permits
from gateway.intake.twins import natives_of_twins
from mappings.commitments import commits
from mappings.dialects import is_inlined
from mappings.model import Heading, Resource
from mappings.references import references
from mappings.writers import writers_of

LONGEST = timedelta(minutes=30)  # a delivery that began before this has ended long since
_PERSONS: BindParameter[Any] = bindparam("persons", expanding=True)
_OPEN_LANES = select(lane.c.person, lane.c.state).where(  # both built once: that costs more than running them
    lane.c.tenant == bindparam("tenant"),
    lane.c.recipient == bindparam("recipient"),
    lane.c.person.in_(_PERSONS),
    lane.c.state.in_(("running", "waiting")),
)
_DELIVERED = select(disclosure.c.person).where(
    disclosure.c.tenant == bindparam("tenant"),
    disclosure.c.recipient == bindparam("recipient"),
    disclosure.c.person.in_(_PERSONS),
    disclosure.c.started > bindparam("began"),
    disclosure.c.closed > bindparam("since"),
)


@dataclass(slots=True)
class Workspace:
    """What one transaction knows and will write. Not shared, not kept."""

    connection: Connection
    store: Store
    tenant: str
    system: str
    now: datetime
    key: IdentifierKey | None = None  # of the identities of who takes part; None: they are found later
    names: dict[str, Name] = field(default_factory=dict)  # native id -> what it stands for here
    natives: dict[str, str] = field(default_factory=dict)  # the other way, for what its records refer to
    people: dict[str, PersonRow] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)  # by ref
    heads: dict[str, Version] = field(default_factory=dict)  # by ref
    stated: dict[Heading, tuple[Stated, ...]] = field(default_factory=dict)  # numbers of logs, plans
    subjects: dict[str, str] = field(default_factory=dict)  # native id -> whose Patient it is, where stated
    asked: dict[Heading, Claim] = field(default_factory=dict)  # what a person must decide first
    fresh: list[Version] = field(default_factory=list)
    touched: dict[str, Link] = field(default_factory=dict)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    heard: dict[str, tuple[Resource, Resource]] = field(default_factory=dict)  # held before, said now; by ref
    again: set[str] = field(default_factory=set)  # as they were, and lanes are to compare them once more
    restored: set[str] = field(default_factory=set)  # persons of whom the system holds less than it did
    freed: set[str] = field(default_factory=set)  # persons of whom something waits that the system now has
    moved: set[str] = field(default_factory=set)  # persons with a new version
    committed: set[str] = field(default_factory=set)  # what says otherwise than before by when, or by whom
    narrowed: list[Note] = field(default_factory=list)  # consents that permit less, or may, than before

    def lock(self, person_ids: Iterable[str]) -> None:
        """Lock persons not yet locked; the caller passes all it will need at once, in one order. Raises Moved
        for one that was merged into another."""
        missing = [p for p in person_ids if p not in self.people]
        locked = persons.lock(self.connection, self.tenant, missing)
        for one in locked.values():
            if one.merged_into is not None:
                raise Moved(one.id, persons.resolve(self.connection, self.tenant, one.merged_into))
        self.people.update(locked)

    def learn_patients(self, owners: Mapping[str, str]) -> None:
        """Whose Patient each log, plan or patient (native id -> person) is about, where that may be another
        than the person's own: of persons that were merged each keeps what was said of it."""
        for native_id, person_id in owners.items():
            if native_id not in self.subjects and self.people[person_id].merges is not None:
                name = self.names.get(native_id)
                ref = name.ref if name is not None else ""
                self.subjects[native_id] = patients.of_ref(self.connection, self.tenant, ref) or person_id

    def patient_of(self, native_id: str | None, person_id: str) -> str:
        """Whose Patient a log, plan or patient is about."""
        return self.subjects.get(native_id or "", person_id)

    def learn_names(self, native_ids: Iterable[str]) -> None:
        """Find what native ids of this system stand for."""
        missing = [n for n in native_ids if n not in self.names]
        self.names.update(links.names(self.connection, self.tenant, self.system, missing))

    def busy(self, system: System, asked: datetime | None = None) -> set[str]:
        """Persons of whom a delivery to this system is under way or unanswered: what a FHIR server shows now
        may be ours, under ids that we do not know yet. And those of whom one has ended since we asked: what
        it answered may be what stood there before."""
        open_lanes = self._open_lanes(system)
        going_on = {r.person for r in open_lanes}  # what a lane at rest has left unanswered is not coming
        running = {r.person for r in open_lanes if r.state == "running"}
        unanswered = links.unanswered(self.connection, self.tenant, system.id, going_on)
        return running | unanswered | self._delivered(system, asked)

    def _delivered(self, system: System, since: datetime | None) -> set[str]:
        if since is None:
            return set()
        given = {**self._about(system), "began": since - LONGEST, "since": since}
        return {row.person for row in self.connection.execute(_DELIVERED, given).all()}

    def creating(self, system: System) -> set[str]:
        """Persons of whom something new was written at this system, whose id it makes and has not told us
        yet: a record that we do not know may be that one, changed there already."""
        going_on = {r.person for r in self._open_lanes(system)}
        return links.unanswered(self.connection, self.tenant, system.id, going_on)

    def _open_lanes(self, system: System) -> Sequence[Any]:
        return self.connection.execute(_OPEN_LANES, self._about(system)).all()

    def _about(self, system: System) -> dict[str, Any]:
        return {"tenant": self.tenant, "recipient": system.id, "persons": sorted(self.people)}

    def adopt(self, ours: Mapping[str, str]) -> None:
        """Recognise records that we have written at the system, though the answer to that has not reached the
        link yet. Only what has a link to this system can be claimed so."""
        found = links.load(self.connection, self.tenant, self.system, ours.values())
        for native_id, ref in ours.items():
            link = found.get(ref)
            if link is not None and link.native_id is None:
                self.names[native_id] = Name(native_id, ref, link.person, link.frame)

    def learn_items(self, refs: Iterable[str]) -> None:
        """Read links and current versions of items that are already here."""
        missing = [r for r in refs if r not in self.links]
        found = links.load(self.connection, self.tenant, self.system, missing)
        self.links.update(found)
        self.heads.update(versions.of_items(self.connection, self.tenant, missing))
        owned = [r for r in missing if r not in self.heads]  # from FHIR, parts of an item come alone
        self.heads.update(versions.of_refs(self.connection, self.tenant, owned))
        self._learn_inside(found.values())
        self._learn_natives(found.values())

    def _learn_inside(self, found: Iterable[Link]) -> None:
        """Read the measures that the system holds inside its plan: it may have changed them there."""
        states = [state for link in found for state in (link.held, *link.candidates)]
        inside = {slot for state in states for slot in state.focus if is_inlined(slot)} - self.heads.keys()
        self.heads.update(versions.of_items(self.connection, self.tenant, sorted(inside)))

    def _learn_natives(self, found: Iterable[Link]) -> None:
        """What the system calls everything that its records refer to: put has to know what get would show."""
        refs: set[str] = set()
        for link in found:
            for state in (link.held, *link.candidates):
                for resource in state.focus.values():
                    refs |= references(resource)
        missing = refs - self.natives.keys()
        self.natives.update(links.natives(self.connection, self.tenant, self.system, missing))
        strangers = missing - self.natives.keys()
        self.natives.update(self._other_patients(strangers))
        own = natives_of_twins(self.connection, self.tenant, self.system, self.people, strangers)
        self.natives.update(own)

    def _other_patients(self, strangers: Iterable[str]) -> dict[str, str]:
        """What the system calls the child, for a Patient that it does not have itself: of persons that were
        merged it may know one alone."""
        out: dict[str, str] = {}
        wanted = [ref for ref in strangers if ref.startswith("Patient/")]
        for person in self.people.values() if wanted else ():
            if person.merges is not None:
                joined = patients.merged_into(self.connection, self.tenant, person.id)
                group = [f"Patient/{own}" for own in (person.id, *joined)]
                there = links.natives(self.connection, self.tenant, self.system, group)
                known = next((there[ref] for ref in group if ref in there), None)
                out |= {ref: known for ref in wanted if ref in group and known is not None}
        return out

    def name(self, native_id: str, resource_type: str, person_id: str, frame: str | None) -> Name:
        """A new hub reference for a record that this system has told of for the first time."""
        name = Name(native_id, f"{resource_type}/{uuid.uuid4()}", person_id, frame)
        self.names[native_id] = name
        return name

    def append(self, resource: Resource, *, person_id: str, item: str, recorded: datetime | None) -> None:
        """A new version of a resource; numbered at once, written at the end."""
        ref = f"{resource['resourceType']}/{resource['id']}"
        old = self.heads.get(ref)
        row = self.people[person_id]
        row.change_no += 1
        if _is_fact(resource) or (old is not None and _is_fact(old.resource)):
            row.facts_no = row.change_no
        version = Version(
            ref=ref,
            version=old.version + 1 if old else 1,
            person=person_id,
            item=old.item if old else item,
            change_no=row.change_no,
            source=self.system,
            created_by=old.created_by if old else self.system,
            recorded=recorded,
            first_recorded=old.first_recorded if old else recorded,
            stored=self.now,
            resource=resource,
            writers=every_writer(old, resource),
        )
        if commits(resource) != (commits(old.resource) if old else None):
            self.committed.add(ref)
        self.heads[ref] = version
        self.fresh.append(version)
        if old is not None or not only_permits(resource):
            self._narrow(version)
        self.moved.add(person_id)

    def fact(self, person_id: str) -> None:
        """Something that decisions about a locked person rest on has changed, and no resource with it."""
        row = self.people[person_id]
        row.change_no += 1
        row.facts_no = row.change_no
        self.moved.add(person_id)

    def _narrow(self, version: Version) -> None:
        if version.resource["resourceType"] == "Consent":
            self.narrowed.append(
                Note(
                    self.tenant, version.person, version.ref, self.system, version.recorded, version.resource
                )
            )

    def keep(self, link: Link) -> None:
        """This link is new or changed."""
        self.links[link.ref] = link
        self.touched[link.ref] = link

    def disagree(self, *, person_id: str, ref: str, path: str, values: dict[str, Any]) -> None:
        """Both values of a conflict, for a person to decide."""
        self.conflicts.append(conflicts.new(self.tenant, self.system, person_id, ref, path, values, self.now))

    def frees(self, link: Link) -> None:
        """The system has what nobody knew it to have, since it refused it or never answered: what waits for
        it may go."""
        if link.native_id is None and not link.mine:
            self.freed.add(link.person)

    def flush(self, *, backfill: bool = False) -> None:
        """Write everything, and wake the lanes of the persons that changed; behind live traffic if this is
        history (backfill)."""
        disputes.settle(self)
        self._number_again()
        if self.fresh:
            transaction = self.store.transaction_id(self.connection)
            versions.append(self.connection, self.tenant, self.fresh, transaction)
            directory.note(self.connection, self.tenant, (v.resource for v in self.fresh), self.now)
            seats.keep(self.connection, self.tenant, self.key, {v.ref: v for v in self.fresh}.values())
        persons.number(self.connection, self.tenant, [self.people[p] for p in sorted(self.moved)])
        # Lanes before links, as a run that ends locks them: the other way round the two wait for each other.
        whole = self.restored | self.freed
        wake(self.connection, self.tenant, self.moved | whole, self.now, backfill=backfill)
        anew(self.connection, self.tenant, self.system, whole)
        for person_id in sorted(self.restored):
            links.doubt(self.connection, self.tenant, self.system, person_id)
        links.save(self.connection, self.tenant, self.touched.values())
        weighed = {v.person for v in self.fresh if v.change_no <= self.people[v.person].facts_no}
        weighed |= {p for p in self.moved if self.people[p].change_no == self.people[p].facts_no}
        committed = {v.person for v in self.fresh if v.ref in self.committed}
        review.ask(self.connection, self.tenant, weighed, self.now, committed=committed)

    def _number_again(self) -> None:
        """A change number for what is as it was, so that every lane looks at it."""
        numbers = {}
        for ref in sorted(self.again - {v.ref for v in self.fresh}):
            row = self.people[self.heads[ref].person]
            row.change_no += 1
            numbers[ref] = row.change_no
            self.moved.add(row.id)
        versions.renumber(self.connection, self.tenant, numbers)


def _is_fact(resource: Resource) -> bool:
    """Whether decisions rest on it: by its type, or as a circumstance (a care order, competence)."""
    return resource["resourceType"] in FACTS or fhir_circumstance.read(resource) is not None


def every_writer(old: Version | None, resource: Resource) -> tuple[str, ...]:
    """Of a Provenance: who has ever written in what it tells about."""
    if resource["resourceType"] != "Provenance":
        return ()
    return writers.joined(old.writers if old else (), writers_of(resource))
