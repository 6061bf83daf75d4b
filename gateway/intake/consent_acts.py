"""What a record says of a consent where it is not simply the next edition: an older one, or one that somebody
acted on where it is not known what stood there. Nothing is permitted by it; what it takes back is taken back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from consent import fhir_consent
from gateway.hub.links import Link, Name
from gateway.hub.merge import Conflict
from gateway.hub.versions import Version
from gateway.intake.answer import Answer, Status
from gateway.intake.disputes import two_sides
from gateway.intake.heeding import heeded
from gateway.intake.late import Edition, taken_back
from gateway.intake.workspace import Workspace
from mappings import marks
from mappings.model import ITEM, Resource, State

if TYPE_CHECKING:
    from gateway.intake.entry import Entry

PROVENANCE = "provenance"


def late(entry: Entry, ws: Workspace, link: Link, name: Name) -> Answer:
    """An older edition: history. What an older consent takes back is taken back all the same."""
    edition = Edition(entry.system.id, entry.person, name.ref, entry.heading, entry.record)
    if not name.ref.startswith("Consent/"):
        stored = not edition.was_newest(ws) and edition.keep(ws)
        return entry.kept(name, stored=stored)
    late = entry.mapping.put(entry.record, link.held, entry.ids(ws, name)).focus[ITEM]
    stored = not edition.was_newest(ws, late) and edition.keep(ws)
    head = ws.heads.get(name.ref)
    if not stored or head is None:
        return entry.kept(name, stored=stored)
    return _taken_back(entry, ws, link, name, late, head)


def heed(entry: Entry, ws: Workspace, link: Link, theirs: State, status: Status) -> Status:
    """What somebody acted on where it is not known what they saw. What is protected then is protected. Of a
    consent nothing stays permitted that it does not permit, and a person is asked where something else stands
    then than what it says."""
    head = ws.heads.get(link.ref)
    newest = link.changed is None or entry.heading.changed > link.changed
    if newest:
        _protect(entry, ws, link, theirs)
    foreign = entry.system.adapter == "fhir" and (head is None or head.created_by != entry.system.id)
    if head is None or not newest or foreign or not link.ref.startswith("Consent/"):
        return status
    said = theirs.focus[ITEM]
    value = heeded(said, head.resource, entry.heading.changed)
    if value != head.resource:
        entry.append(ws, link, value)
        entry.append(ws, link, entry.provenance(link.ref))
    if fhir_consent.read(value) == fhir_consent.read(said):
        return status
    whole = Conflict("Consent", value, said, None)
    values = two_sides(ws, whole, ws.heads[link.ref], entry.heading.changed, theirs.focus.get(PROVENANCE))
    ws.disagree(person_id=entry.person, ref=link.ref, path=whole.path, values=values)
    return Status.CONFLICT


def _protect(entry: Entry, ws: Workspace, link: Link, theirs: State) -> None:
    """A mark that looks like what the system may have held may have been set just now."""
    for said in [one for slot, one in theirs.focus.items() if slot != PROVENANCE]:
        head = ws.heads.get(f"{said['resourceType']}/{said['id']}")
        if head is None:
            continue
        value = marks.added(head.resource, said)
        if value is not head.resource:
            entry.append(ws, link, value)


def _taken_back(entry: Entry, ws: Workspace, link: Link, name: Name, late: Resource, head: Version) -> Answer:
    answer = entry.kept(name, stored=True)
    value = taken_back(late, head.resource, entry.heading.changed)
    if value == head.resource:
        return answer
    whole = Conflict("Consent", head.resource, late, None)
    values = two_sides(ws, whole, head, entry.heading.changed)
    ws.disagree(person_id=entry.person, ref=name.ref, path=whole.path, values=values)
    if entry.system.adapter == "fhir" and head.created_by != entry.system.id:
        return answer  # said where it was not decided: for a person to look at
    entry.append(ws, link, value)
    entry.append(ws, link, entry.provenance(name.ref))
    return replace(answer, status=Status.CONFLICT)
