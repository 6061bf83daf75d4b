"""Whose records these are: the person behind each log, plan or patient, found by id or keyed hash of a
national id, created where nobody has them yet, and locked. Never matches by name, and never decides by itself
that two are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.config import Settings
from gateway.errors import Moved
from gateway.hub import identities, links, persons
from gateway.hub.identities import Known, Stated
from gateway.hub.persons import IdentifierKey
from gateway.hub.wake import open_lanes
from gateway.intake.arrival import Arrival, anchor
from gateway.intake.questions import Questions
from gateway.intake.workspace import Workspace
from mappings.model import Heading

Owners = dict[str, str]  # native id of a log, plan or patient -> person


@dataclass(frozen=True, slots=True)
class OwnerFinder:
    """Finds persons for batches of one installation."""

    settings: Settings
    key: IdentifierKey

    def find(self, ws: Workspace, arrivals: list[Arrival]) -> Owners:
        """The owners of all that are known or can be created; their rows are locked. Where a number is, or
        may be, another's, a person is asked (`ws.asked`) and a new log or plan gets no owner."""
        anchors = {anchor(a.heading) for a in arrivals}
        ws.learn_names(anchors)
        owners = {n: ws.names[n].person for n in anchors if n in ws.names}
        stating = [a.heading for a in arrivals if self._states(ws, a.heading, owners)]
        stating.sort(key=lambda heading: heading.changed)
        ws.stated = {heading: self._numbers(heading) for heading in stating}
        found = identities.known(ws.connection, ws.tenant, _hashes(ws.stated.values()))
        first = {h.id: h for h in reversed(stating) if h.id not in owners}  # of those that are new here
        for heading in first.values():
            own = [found[s.hash] for s in ws.stated[heading] if s.hash in found]
            if len({one.person for one in own}) == 1:
                owners[heading.id] = own[0].person
                ws.subjects[heading.id] = own[0].patient
        ws.lock(owners.values())
        self._demand_unmoved(ws, anchors, owners, found)
        questions = Questions(ws, found)
        for heading in first.values():
            if not questions.ask(heading, None):
                owners.pop(heading.id, None)
            elif heading.id not in owners:
                owners[heading.id] = self._create(ws, heading, owners)
        for heading in stating:
            if heading is not first.get(heading.id):
                questions.ask(heading, owners.get(heading.id))
        return owners

    def find_locked(self, ws: Workspace, arrivals: list[Arrival], owners: Owners) -> None:
        """For records that had been waiting: only persons that are locked already."""
        ws.learn_names({anchor(a.heading) for a in arrivals})
        for arrival in arrivals:
            name = ws.names.get(anchor(arrival.heading))
            if name is not None and name.person in ws.people:
                owners[anchor(arrival.heading)] = name.person

    def _states(self, ws: Workspace, heading: Heading, owners: Mapping[str, str]) -> bool:
        """Whether this may say who somebody is: a log or plan, or a known patient of a server that may."""
        if heading.person is None:
            return heading.is_frame and heading.id not in owners
        system = self.settings.system(ws.system)
        keeper = system is not None and (system.adapter != "fhir" or system.states_facts)
        return heading.is_frame or (keeper and heading.id in owners)

    def _numbers(self, heading: Heading) -> tuple[Stated, ...]:
        return identities.stated(self.key, heading.person.identifiers) if heading.person else ()

    def _demand_unmoved(
        self, ws: Workspace, anchors: Iterable[str], owners: Mapping[str, str], found: Mapping[str, Known]
    ) -> None:
        """What was read before the lock may have been moved by a merge or its undoing, and who was found may
        have been erased. Raises Moved."""
        for gone in sorted(set(owners.values()) - ws.people.keys()):
            raise Moved(gone, gone)
        touched = {p for p in owners.values() if ws.people[p].merges is not None}
        if not touched:
            return
        again = links.names(ws.connection, ws.tenant, ws.system, anchors)
        numbers = identities.known(ws.connection, ws.tenant, found)
        for name in again.values():
            if owners.get(name.native_id) != name.person:
                raise Moved(owners.get(name.native_id, ""), name.person)
        for one in numbers.values():
            if one != found[one.hash]:
                raise Moved(found[one.hash].person, one.person)

    def _create(self, ws: Workspace, heading: Heading, owners: Owners) -> str:
        own = ws.stated[heading]
        for other, theirs in ws.stated.items():  # the same person twice in one batch
            if other.id in owners and _hashes([theirs]) & _hashes([own]):
                ws.subjects[heading.id] = ws.subjects.get(other.id, owners[other.id])
                return owners[other.id]
        person_id = persons.create(ws.connection, ws.tenant, (), ws.now)
        identities.add(ws.connection, ws.tenant, person_id, person_id, own, ws.system, ws.now)
        ws.lock([person_id])
        recipients = {r.recipient for r in self.settings.routes if r.open}
        here = [s.id for s in self.settings.systems if s.tenant == ws.tenant and s.id in recipients]
        open_lanes(ws.connection, ws.tenant, person_id, here)
        return person_id


def _hashes(stated: Iterable[Iterable[Stated]]) -> set[str]:
    return {one.hash for numbers in stated for one in numbers}
