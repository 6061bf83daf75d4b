"""Whose records these are: the person behind each log, plan or patient, found by id or keyed hash of a
national id, created where nobody has them yet, and locked. Never matches by name."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config import Settings
from gateway.hub import persons
from gateway.hub.persons import IdentifierKey
from gateway.hub.wake import open_lanes
from gateway.intake.arrival import Arrival, anchor
from gateway.intake.workspace import Workspace
from mappings.model import Heading

Owners = dict[str, str]  # native id of a log, plan or patient -> person
Hashes = dict[str, list[str]]  # the same -> hashes of the national ids that it gives


@dataclass(frozen=True, slots=True)
class OwnerFinder:
    """Finds persons for batches of one installation."""

    settings: Settings
    key: IdentifierKey

    def find(self, ws: Workspace, arrivals: list[Arrival]) -> Owners:
        """The owners of all that are known or can be created; their rows are locked."""
        anchors = {anchor(a.heading) for a in arrivals}
        ws.learn_names(anchors)
        owners = {n: ws.names[n].person for n in anchors if n in ws.names}
        fresh = [a.heading for a in arrivals if a.heading.is_frame and a.heading.id not in owners]
        hashes = {h.id: self._hashes(h) for h in fresh}
        found = persons.find(ws.connection, ws.tenant, [x for hs in hashes.values() for x in hs])
        for native_id, own in hashes.items():
            matches = {found[h] for h in own if h in found}
            if len(matches) == 1:
                owners[native_id] = matches.pop()
        ws.lock(owners.values())
        for heading in fresh:
            if heading.id not in owners and not (set(hashes[heading.id]) & set(found)):
                owners[heading.id] = self._create(ws, hashes[heading.id], owners, hashes)
        return owners

    def find_locked(self, ws: Workspace, arrivals: list[Arrival], owners: Owners) -> None:
        """For records that had been waiting: only persons that are locked already."""
        ws.learn_names({anchor(a.heading) for a in arrivals})
        for arrival in arrivals:
            name = ws.names.get(anchor(arrival.heading))
            if name is not None and name.person in ws.people:
                owners[anchor(arrival.heading)] = name.person

    def _hashes(self, heading: Heading) -> list[str]:
        if heading.person is None:
            return []
        return [self.key.hash(system, value) for system, value in heading.person.identifiers]

    def _create(self, ws: Workspace, own: list[str], owners: Owners, hashes: Hashes) -> str:
        for other, theirs in hashes.items():  # the same person twice in one batch
            if other in owners and set(theirs) & set(own):
                return owners[other]
        person_id = persons.create(ws.connection, ws.tenant, own, ws.now)
        ws.lock([person_id])
        recipients = {r.recipient for r in self.settings.routes if r.open}
        here = [s.id for s in self.settings.systems if s.tenant == ws.tenant and s.id in recipients]
        open_lanes(ws.connection, ws.tenant, person_id, here)
        return person_id
