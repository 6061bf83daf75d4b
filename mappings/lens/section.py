"""One record type, compiled: the focus from a record, the record from a focus, and what is left beside.

put writes only fields that say something new, so what a system does not know stays untouched, and a record
that says nothing new changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mappings.lens import owned
from mappings.lens.assemble import Assembler, shape
from mappings.lens.compose import filled
from mappings.lens.declaration import SectionDeclaration
from mappings.lens.residue import ABSENT, difference, restore, same
from mappings.lens.templates import maker
from mappings.lens.values import Get, Put
from mappings.lens.views import VIEWS, View, is_live, withdraw, withdrawal
from mappings.lens.ways import Way
from mappings.model import ITEM, Ids, Json, Problem, Record, RecordRefused, Resource, State

PROVENANCE: Final = "provenance"
Focus = dict[str, Resource]


@dataclass(frozen=True, slots=True)
class Part:
    """One native field: the slot it lives in and how it is read and written there."""

    name: str
    slot: str
    get: Get
    put: Put


class Section:
    """A compiled section. Everything is prepared in __init__; get and put only call closures."""

    def __init__(self, declared: SectionDeclaration, assembler: Assembler) -> None:
        where = f"section.{declared.name}"
        self.declared = declared
        self.type = declared.type
        self.resource = declared.resource
        self.shape = shape(declared.fields)
        lenses = assembler.fields(declared.fields, f"{where}.fields")
        self.parts = tuple(Part(f.name, f.slot or ITEM, lenses[f.name].get, lenses[f.name].put)
                           for f in declared.fields)  # fmt: skip
        self._item = tuple((p.name, p.get) for p in self.parts if p.slot == ITEM)
        self._others = tuple(p for p in self.parts if p.slot != ITEM)
        self.owned = {slot.name: slot for slot in declared.slots}
        self._persons = frozenset({p.slot for p in self._others} - {PROVENANCE} - set(self.owned))
        self._template = maker({"resourceType": declared.resource, **declared.template})
        self._slot_templates = {
            slot.name: maker({"resourceType": slot.resource, **slot.template}) for slot in declared.slots
        }
        self._links = {s.name: assembler.way(s.link, where) for s in declared.slots if s.link}
        self.kind = (assembler.way(declared.kind[0], where), declared.kind[1]) if declared.kind else None
        self._ensure = tuple(
            _requirement(text, value, assembler, where) for text, value in declared.ensure.items()
        )
        native_code = declared.frame  # a log or plan has the status feilregistrert
        self._views: tuple[View, ...] = (
            withdrawal(declared.withdrawn, native_code), *(VIEWS[name] for name in declared.views),
        )  # fmt: skip

    # --- which resources are of this type -------------------------------------------------------

    def knows(self, resource: Resource) -> bool:
        """Whether the focal resource is of this type."""
        if resource.get("resourceType") != self.resource:
            return False
        if self.kind is None:
            return True
        found = self.kind[0].get(resource)
        return found == self.kind[1] or (found is None and self.declared.fallback)

    def slots(self, resource: Resource) -> dict[str, str]:
        """slot -> reference of everything that may belong to the record of this resource."""
        own = resource["id"]
        found = {ITEM: f"{resource['resourceType']}/{own}", PROVENANCE: f"Provenance/{own}-{PROVENANCE}"}
        for name, slot in self.owned.items():
            found[name] = f"{slot.resource}/{own}-{name}"
        subject = (resource.get("subject") or {}).get("reference")
        if subject:
            found |= dict.fromkeys(self._persons, subject)
        return found

    # --- get ---------------------------------------------------------------------------------------

    def get(self, state: State, ids: Ids) -> Record:
        """The record as its system would hold it. Raises NotExpressible."""
        said: Record = restore(self._said(self._opened(state.focus), ids), state.rest)
        return said

    def _opened(self, focus: Any) -> Focus:
        """The focus as the fields see it: the item through its views."""
        item = focus[ITEM]
        time = focus.get(PROVENANCE, {}).get("recorded")
        for view in self._views:
            item = view.open(item, time)
        return {**focus, ITEM: item}

    def _said(self, focus: Focus, ids: Ids) -> Record:
        """What FHIR alone says of the record."""
        item = focus[ITEM]
        said: Record = {"type": self.type}
        own = ids.natives.get(f"{item['resourceType']}/{item['id']}")
        if own is not None:
            said["id"] = own
        for name, get in self._item:
            value = get(item, ids)
            if value is not None:
                said[name] = value
        for part in self._others:
            resource = focus.get(part.slot)
            if resource is not None and (part.slot not in self.owned or is_live(resource)):
                value = part.get(resource, ids)
                if value is not None:
                    said[part.name] = value
        return said

    # --- put ---------------------------------------------------------------------------------------

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after its system says `native`. Raises RecordRefused when it has become another kind."""
        if ITEM not in state.focus:
            focus = self._fresh(native, ids)
            self._write(native, {}, focus, ids)
            focus = self._closed(focus, None)
            after = self._said(self._opened(focus), ids)
            return State(focus=focus, rest=difference(native, after, self.shape))
        return self._changed(native, state, ids)

    def _changed(self, native: Record, state: State, ids: Ids) -> State:
        opened = self._opened(state.focus)
        if opened[ITEM]["resourceType"] != self.resource:
            raise RecordRefused(native.get("id"), (_OTHER_KIND,))
        before = self._said(opened, ids)
        current = restore(before, state.rest)
        if same(native, current):
            return state
        focus = dict(opened)
        self._write(native, current, focus, ids)
        if self.kind is not None and not self.knows(focus[ITEM]):
            focus[ITEM] = self.kind[0].put(focus[ITEM], self.kind[1])
        focus = self._closed(focus, (state.focus, opened))
        after = self._said(self._opened(focus), ids)
        return State(focus=focus, rest=self._rest(native, current, before, after, state.rest))

    def _fresh(self, native: Record, ids: Ids) -> Focus:
        reference = ids.refs[native["id"]]
        kind, _, own = reference.partition("/")
        if kind != self.resource:
            raise RecordRefused(native["id"], (_OTHER_KIND,))
        item = {**self._template(ids, reference), "id": own}
        if self.kind is not None:
            item = self.kind[0].put(item, self.kind[1])
        return {ITEM: item}

    def _write(self, native: Record, current: Record, focus: Focus, ids: Ids) -> None:
        for part in self.parts:
            said, old = native.get(part.name), current.get(part.name)
            if said is old:
                continue
            new = filled(said)
            if same(new, filled(old)):
                continue
            if part.slot == ITEM:
                focus[ITEM] = part.put(focus[ITEM], new, ids)
            else:
                self._write_slot(part, new, focus, ids)

    def _write_slot(self, part: Part, value: Json, focus: Focus, ids: Ids) -> None:
        item, old = focus[ITEM], focus.get(part.slot)
        if part.slot not in self.owned:
            start = old or self._start(part.slot, item, ids)
            focus[part.slot] = part.put(start, value, ids)
            return
        if value is None:
            if old is not None:
                focus[part.slot] = withdraw(old)
            return
        blank = self._slot_templates[part.slot](ids, f"{item['resourceType']}/{item['id']}")
        start = {**blank, "id": f"{item['id']}-{part.slot}"} if old is None else old
        made = part.put(start, value, ids)
        if old is not None or made is not start:
            focus[part.slot] = made if is_live(made) else {**made, "status": blank["status"]}

    def _start(self, slot: str, item: Resource, ids: Ids) -> Resource:
        if slot == PROVENANCE:
            return owned.provenance(item, ids)
        return {"resourceType": "Patient", "id": ids.subject.partition("/")[2]}

    def _closed(self, focus: Focus, before: tuple[Any, Focus] | None) -> Focus:
        """The focus as valid resources: required elements there, views closed, what is owned following."""
        item = focus[ITEM]
        for name, link in self._links.items():
            if name in focus:
                item = owned.linked(item, link, f"{focus[name]['resourceType']}/{focus[name]['id']}")
        if before is not None and item is before[1][ITEM]:
            item = before[0][ITEM]
        else:
            for place, value, only_if in self._ensure:
                if place.get(item) is None and (only_if is None or only_if.get(item) is not None):
                    item = place.put(item, value)
            for view in reversed(self._views):
                item = view.close(item)
        closed = {**focus, ITEM: item}
        for name in self.owned:
            if name in closed:
                closed[name] = owned.following(closed[name], item)
        return closed

    def _rest(self, native: Record, current: Record, before: Record, after: Record, old: Json) -> Json:
        """What is left beside the focus; where nothing was said anew, as it was."""
        trees = (old or {}).get("keys", {})
        keys = {}
        for key in {**native, **after, **trees}:
            said, seen = native.get(key, ABSENT), after.get(key, ABSENT)
            if same(said, current.get(key, ABSENT)) and same(seen, before.get(key, ABSENT)):
                tree = trees.get(key)
            else:
                tree = difference(said, seen, self.shape.parts.get(key) or _PLAIN)
            if tree is not None:
                keys[key] = tree
        return {"keys": keys} if keys else None


_PLAIN: Final = shape(())
_OTHER_KIND: Final = Problem(
    "", "Posten har blitt en annen slags post enn den var. Opprett en ny post i stedet.", "changed-kind"
)
Requirement = tuple[Way, Json, Way | None]


def _requirement(text: str, value: Json, assembler: Assembler, where: str) -> Requirement:
    if isinstance(value, dict) and "$set" in value:
        return assembler.way(text, where), value["$set"], assembler.way(value["$if"], where)
    return assembler.way(text, where), value, None
