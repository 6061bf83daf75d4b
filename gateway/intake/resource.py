"""A FHIR resource that a system writes here in the hub's own references: merged against what it was shown,
appended like any record. Who may write what was settled before; this only takes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from gateway.config import System
from gateway.hub.links import Link
from gateway.hub.merge import merge
from gateway.hub.versions import Version
from gateway.intake.disputes import two_sides
from gateway.intake.workspace import Workspace
from mappings import derived
from mappings.canonical import ENH
from mappings.fhir import FhirMapping
from mappings.marks import with_marks
from mappings.model import EMPTY, ITEM, Ids, Resource, State


@dataclass(frozen=True, slots=True)
class Written:
    """One resource as the system said it. shown: what it was shown of the current version, in the hub's
    terms; None where it makes a new one (then `ref` is new)."""

    ref: str
    resource: Resource
    shown: Resource | None = None


@dataclass(frozen=True, slots=True)
class ResourceEntry:
    """Takes resources of one system about one person into a workspace that has locked the person."""

    system: System
    person: str
    ids: Ids  # what the system can follow, each reference by itself

    def take(self, ws: Workspace, written: Written) -> bool:
        """Merge and append. False when nothing changed."""
        theirs = self._put(written)
        head = ws.heads.get(written.ref)
        if head is None:
            self._append(ws, written.ref, written.ref, theirs)
            self._hold(ws, written.ref, theirs)
            return True
        if head.created_by != self.system.id:  # what protects an item is taken away where it was made
            theirs = with_marks(theirs, written.shown)
        value = self._merged(ws, written, theirs, head)
        self._hold(ws, written.ref, theirs)
        if value == head.resource:
            return False
        self._append(ws, written.ref, head.item, value)
        return True

    def _put(self, written: Written) -> Resource:
        """What it says in the hub's terms: what it could not see stays as it was."""
        kind, _, own = written.ref.partition("/")
        before = EMPTY if written.shown is None else State({ITEM: written.shown})
        native = {**written.resource, "resourceType": kind, "id": own}
        refs = {**self.ids.refs, written.ref: written.ref}
        ids = Ids(self.ids.subject, written.ref, self.system.id, refs, {**self.ids.natives, **refs})
        return FhirMapping().put(native, before, ids).focus[ITEM]

    def _merged(self, ws: Workspace, written: Written, theirs: Resource, head: Version) -> Resource:
        merged = merge(written.shown, theirs, head.resource)
        for one in merged.conflicts:
            ws.disagree(
                person_id=self.person, ref=head.ref, path=one.path, values=two_sides(ws, one, head, ws.now)
            )
        if written.shown is not None:
            ws.heard[head.ref] = written.shown, theirs
        if head.resource["resourceType"] == "CarePlan" and head.created_by != self.system.id:
            return derived.without_members(merged.value)  # its goals and measures follow from the items
        return merged.value

    def _append(self, ws: Workspace, ref: str, item: str, value: Resource) -> None:
        ws.append(value, person_id=self.person, item=item, recorded=ws.now)
        provenance = _provenance(self.system, ref, ws)
        ws.append(provenance, person_id=self.person, item=item, recorded=ws.now)

    def _hold(self, ws: Workspace, ref: str, theirs: Resource) -> None:
        """The system knows what it wrote, so that it is not sent back; unless it keeps the item in a store of
        its own under another id: that copy is still to be brought up to date."""
        link = ws.links.get(ref) or Link(self.system.id, ref, self.person, None, mine=ref not in ws.heads)
        if link.native_id not in (None, ref):
            return
        ws.frees(link)
        link.native_id, link.changed = ref, ws.now
        link.held, link.candidates, link.previous = State({ITEM: theirs}), (), None
        link.hold = link.hold_digest = None
        ws.keep(link)


def _provenance(system: System, ref: str, ws: Workspace) -> Resource:
    return {
        "resourceType": "Provenance",
        "id": f"{ref.partition('/')[2]}-provenance",
        "target": [{"reference": ref}],
        "recorded": ws.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "agent": [{"who": {"identifier": {"system": ENH, "value": system.organization}}}],
    }
