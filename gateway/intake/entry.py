"""One record on its way in, inside a workspace: put against what its system held, merge with what is
current, keep what was replaced, and note what the system now holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from gateway.config import System
from gateway.hub import versions
from gateway.hub.links import Link, Name
from gateway.hub.merge import Conflict, merge
from gateway.hub.sameness import ABSENT, unmarked
from gateway.hub.versions import Version
from gateway.intake import consent_acts, standing
from gateway.intake.answer import Answer, Status
from gateway.intake.arrival import anchor
from gateway.intake.disputes import two_sides
from gateway.intake.late import Edition
from gateway.intake.renaming import unnumbered
from gateway.intake.workspace import Workspace
from mappings import derived, marks, reading
from mappings.canonical import ENH
from mappings.dialects import is_inlined, new_measure
from mappings.model import ITEM, Heading, Ids, Record, RecordMapping, Resource, State

PROVENANCE = "provenance"
DECIDED = ("Consent/", "PractitionerRole/", "RelatedPerson/")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that was described and whose needs are met."""

    record: Record
    heading: Heading
    version: str | None  # the system's version of it, where it says one
    person: str
    system: System
    mapping: RecordMapping
    now: bool = False  # just read from the system: what it holds, whatever its time and version say
    doubted: bool = False  # said before the system was restored: it may hold it no longer

    def take(self, ws: Workspace) -> Answer:
        """Take it in. Raises RecordRefused where only put can see that it is wrong."""
        name = ws.names.get(self.heading.id)
        if name is None:
            name = ws.name(self.heading.id, self.heading.resource_type, self.person, self._frame(ws))
        link = ws.links.get(name.ref)
        if link is not None and link.notice:  # ours to them: nothing they say of it is an item
            return Answer(Status.UNCHANGED, self.heading.type, self.heading.id, ref=name.ref)
        if link is not None and (back := self._back(ws, link, name)) is not None:
            return back
        link = link or self._link(name)
        ids = self.ids(ws, name)
        known = (link.held, *link.candidates)
        if self.version is not None and link.version is not None:
            link.previous = None  # it counts its versions: whoever wrote this one had seen ours
        unsure, doubtful = False, standing.doubted(link.held, link.candidates)
        certain, under_way = self.now or self.version is not None, link.candidates
        if link.candidates:
            before = link.held
            unsure = standing.settle(
                link, self.version, lambda state: self.mapping.put(self.record, state, ids)
            )
            under_way = under_way if link.held is before and link.native_id is not None else ()
            ws.keep(link)
        theirs = self._marked(ws, link, self.mapping.put(self.record, link.held, ids))
        unseen = None if certain else standing.unseen(link, theirs, doubtful=doubtful)
        if link.native_id is not None and theirs == link.held:
            return self._same(ws, link, unseen)
        status = self._merge(ws, link, theirs, unsure=unsure)
        if (len(known) > 1 or not known[0].focus) and theirs not in known:
            status = consent_acts.heed(self, ws, link, theirs, status)
        self._hold(ws, link, theirs)
        link.previous = unseen
        if self.doubted or unseen is not None:  # it is looked there whether it holds that
            link.candidates = (theirs,)
            ws.again.add(link.ref)
        elif under_way and not certain:  # ours may arrive yet, over what they have just told of
            link.candidates = under_way
            ws.again.add(link.ref)
        return Answer(
            status, self.heading.type, self.heading.id, ref=name.ref, problems=self.heading.warnings
        )

    def _back(self, ws: Workspace, link: Link, name: Name) -> Answer | None:
        """An older edition: history, if it was merely late; where the system has gone back to it, what was
        written since is taken, and it gets the rest again. None for one that is no older."""
        behind = standing.went_back(link, self.version)
        older = link.changed is not None and self.heading.changed < link.changed
        older = older or (behind and not self.now and self.heading.changed == link.changed)  # told once more
        consent = name.ref.startswith("Consent/")
        on = standing.moved_on(link, self.version) and not (consent and link.candidates)
        if not behind and not (older and (self.now or not on)):
            return None
        known = ws.heads.get(name.ref)
        if known is None or self.system.poll_by == "history":
            return consent_acts.late(self, ws, link, name)
        theirs = self._marked(ws, link, self.mapping.put(self.record, link.held, self.ids(ws, name)))
        if self.now and theirs == link.held:
            return self._same(ws, link)
        differs = standing.told(theirs) != standing.told(link.held)  # else: ours, told of late
        if (self.now or not older) and differs and not standing.doubted(link.held, link.candidates):
            ws.restored.add(self.person)  # what else it held of this person it may hold no longer either
        if older and consent:
            return self._consent_back(ws, link, name, theirs)
        edition = Edition(self.system.id, self.person, name.ref, self.heading, self.record)
        stored = not edition.was_newest(ws) and edition.keep(ws)
        if not self.now and not behind and not stored:
            return self.kept(name, stored=False)  # what it has told before: told again, it is no news
        fresh = len(ws.fresh)
        status = self._merge(ws, link, theirs, back=True) if self.now or not older else Status.STORED
        if not older:
            status = consent_acts.heed(self, ws, link, theirs, status)
        self._hold_back(ws, link, theirs)
        kept = Status.STORED if stored or len(ws.fresh) > fresh else Status.UNCHANGED
        status = Status.CONFLICT if status is Status.CONFLICT else kept
        return Answer(status, self.heading.type, self.heading.id, ref=name.ref, late=True)

    def _consent_back(self, ws: Workspace, link: Link, name: Name, theirs: State) -> Answer:
        """An older consent permits nothing again, also where the system has gone back to it: what is told of
        it there with a time before the newest counts as history for ever."""
        newest, answer = link.changed, consent_acts.late(self, ws, link, name)
        if self.now:
            self._hold(ws, link, theirs)
            link.changed, link.candidates = (
                newest,
                (theirs,),
            )  # its numbers start again: they tell nothing yet
        if self.now or answer.status is not Status.UNCHANGED:
            ws.again.add(link.ref)
        return answer

    def _hold_back(self, ws: Workspace, link: Link, theirs: State) -> None:
        """What the system shows now it holds; what it merely sent it may hold. Either way it is to be sent
        what stands here."""
        ws.again.add(link.ref)
        if self.now:
            self._hold(ws, link, theirs)
        elif standing.told(theirs) != standing.told(link.held):
            others = [one for one in link.candidates if standing.told(one) != standing.told(theirs)]
            link.candidates = (*others, theirs)
            ws.keep(link)

    def _marked(self, ws: Workspace, link: Link, theirs: State) -> State:
        """What protects an item is taken away where it was made; elsewhere its absence says nothing."""
        head = ws.heads.get(link.ref)
        return theirs if head is None or head.created_by == self.system.id else marks.kept(theirs, link.held)

    def _frame(self, ws: Workspace) -> str | None:
        if self.heading.frame is None:
            return None
        return ws.names[self.heading.frame].ref

    def _link(self, name: Name) -> Link:
        frame = name.ref if self.heading.is_frame else name.frame
        return Link(self.system.id, name.ref, self.person, None, frame=frame, mine=True)

    def _subject(self, ws: Workspace) -> str:
        """Whose Patient it is about: of persons that were merged each keeps what was said of it."""
        return f"Patient/{ws.patient_of(anchor(self.heading), self.person)}"

    def ids(self, ws: Workspace, name: Name) -> Ids:
        mentioned = (self.heading.id, *self.heading.needs, *self.heading.mentions)
        refs = {n: ws.names[n].ref for n in mentioned if n in ws.names}
        return Ids(
            subject=self._subject(ws),
            frame=(self._frame(ws) or name.ref),
            system=self.system.id,
            refs=refs,
            natives={**ws.natives, **{ref: native for native, ref in refs.items()}},
        )

    def _same(self, ws: Workspace, link: Link, unseen: State | None = None) -> Answer:
        if unseen is not None:
            link.candidates = (link.held,)  # said twice, it is no surer than said once
        if self.version and self.version != link.version:
            link.version = self.version
            link.previous = None
            ws.keep(link)
        return Answer(
            Status.UNCHANGED, self.heading.type, self.heading.id, ref=link.ref, problems=self.heading.warnings
        )

    def _merge(
        self, ws: Workspace, link: Link, theirs: State, *, back: bool = False, unsure: bool = False
    ) -> Status:
        base = link.held
        if derived.is_document(base.focus.get(ITEM)):
            return Status.STORED  # it follows from the plan; what the server did to it is its own affair
        changed, conflicting = set[str](), False
        for slot in theirs.focus:
            if slot == PROVENANCE or self._untold(ws, base, slot):
                continue
            merged, conflicts = self._merge_resource(ws, link, theirs, slot, back=back, unsure=unsure)
            if merged:
                changed.add(slot if is_inlined(slot) else link.ref)
            conflicting = conflicting or conflicts
        for ref in sorted(changed):
            own = unmarked(theirs.focus.get(PROVENANCE, ABSENT)) if ref == link.ref else ABSENT
            named = own and all("who" in agent for agent in own.get("agent", [{}]))  # else hidden
            self.append(ws, link, theirs.focus[PROVENANCE] if named else self.provenance(ref))
        return Status.CONFLICT if conflicting else Status.STORED

    def _untold(self, ws: Workspace, base: State, slot: str) -> bool:
        """Whether a plan speaks of a measure of ours that this system was never told of."""
        if not is_inlined(slot) or slot in base.focus:
            return False
        ws.heads.update(versions.of_refs(ws.connection, ws.tenant, [slot]))
        return slot in ws.heads

    def _merge_resource(
        self, ws: Workspace, link: Link, state: State, slot: str, *, back: bool, unsure: bool
    ) -> tuple[bool, bool]:
        base, theirs = link.held.focus.get(slot), state.focus[slot]
        ref = f"{theirs['resourceType']}/{theirs['id']}"
        head = ws.heads.get(ref)
        if derived.is_team_of_frame(theirs):
            return False, False  # it follows from the participants; a change there is made on them
        if head is None:
            new = new_measure(theirs, link.ref, self._subject(ws)) if is_inlined(slot) else theirs
            self.append(ws, link, new)
            return True, False
        if self.system.adapter == "fhir" and head.created_by != self.system.id and ref.startswith(DECIDED):
            return False, not back and self._object(ws, link, theirs, head)
        known = base or {"resourceType": theirs["resourceType"], "id": theirs["id"]}
        if ref.startswith("Patient/") and self.system.adapter == "fhir" and not self.system.states_facts:
            known, theirs = unnumbered(known), unnumbered(theirs)  # who somebody is is said elsewhere
        previous = link.previous.focus.get(slot) if link.previous else None
        if back:
            past = versions.history(ws.connection, ws.tenant, ref)
            merged = standing.without_return(known, theirs, head.resource, past)
        else:
            merged = merge(known, theirs, head.resource, previous=previous, unsure=unsure)
        for one in merged.conflicts:
            values = two_sides(ws, one, head, self.heading.changed, state.focus.get(PROVENANCE))
            ws.disagree(person_id=self.person, ref=ref, path=one.path, values=values)
        if base is not None:
            ws.heard[ref] = known, theirs
        value = merged.value
        if slot == ITEM and head.resource["resourceType"] == "CarePlan" and head.created_by != self.system.id:
            value = derived.without_members(value)  # its goals and measures follow from the items
        if value == head.resource:
            return False, bool(merged.conflicts)
        self.append(ws, link, value)
        return True, bool(merged.conflicts)

    def _object(self, ws: Workspace, link: Link, theirs: Resource, head: Version) -> bool:
        """Who takes part and what was consented to is said where it was decided. What a server of others says
        of it is kept for a person to look at, and permits nothing."""
        whole = Conflict(theirs["resourceType"], head.resource, theirs, link.held.focus.get(ITEM))
        values = two_sides(ws, whole, head, self.heading.changed)
        ws.disagree(person_id=self.person, ref=head.ref, path=whole.path, values=values)
        return True

    def append(self, ws: Workspace, link: Link, resource: Resource) -> None:
        ref = f"{resource['resourceType']}/{resource['id']}"
        about = reading.target_of(resource) or ref if ref.startswith("Provenance/") else ref
        focal = ws.heads.get(link.ref)
        item = focal.item if focal else link.ref
        if about.startswith("Patient/") or is_inlined(about):
            item = about
        ws.append(resource, person_id=self.person, item=item, recorded=self.heading.changed)

    def provenance(self, ref: str) -> Resource:
        organization = {"system": ENH, "value": self.system.organization}
        return {
            "resourceType": "Provenance",
            "id": f"{ref.partition('/')[2]}-provenance",
            "target": [{"reference": ref}],
            "recorded": self.heading.changed.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "agent": [{"who": {"identifier": organization}}],
        }

    def _hold(self, ws: Workspace, link: Link, theirs: State) -> None:
        ws.frees(link)
        native = link.native_id
        if native not in (None, self.heading.id):
            link.former = native  # it had lost the item, and tells of it by the id that it had before
        link.native_id = self.heading.id
        link.version = self.version or link.version
        link.changed = self.heading.changed
        if link.hold is not None and (native is None or standing.told(theirs) != standing.told(link.held)):
            link.hold = link.hold_digest = None  # what it refused was for what it had
            if native is not None:
                ws.again.add(link.ref)
        link.held, link.candidates, link.previous = theirs, (), None
        ws.keep(link)

    def kept(self, name: Name, *, stored: bool) -> Answer:
        status = Status.STORED if stored else Status.UNCHANGED
        return Answer(status, self.heading.type, self.heading.id, ref=name.ref, late=True)
