"""One record type, compiled: the focus from a record, the record from a focus, and what is left beside.

put writes only fields that say something new, so what a system does not know stays untouched, and a record
that says nothing new changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from mappings.lens.assemble import Assembler, shape
from mappings.lens.compose import filled
from mappings.lens.declaration import SectionDeclaration
from mappings.lens.focus import PROVENANCE, Focus, Resources
from mappings.lens.identity import Identity
from mappings.lens.periods import periods
from mappings.lens.residue import difference, left, restore, same
from mappings.lens.values import Get, Put
from mappings.lens.views import is_live, withdraw
from mappings.model import ITEM, Ids, Json, Problem, Record, RecordRefused, Resource, State

__all__ = ["PROVENANCE", "Section"]


@dataclass(frozen=True, slots=True)
class Part:
    """One native field: the slot it lives in and how it is read and written there."""

    name: str
    slot: str
    get: Get
    put: Put


class Section:
    """A compiled section. Everything is prepared in __init__; get and put only call closures.

    type_key: the field that says what a record is."""

    def __init__(self, declared: SectionDeclaration, assembler: Assembler, type_key: str) -> None:
        path = ("section", declared.name)
        self.declared = declared
        self.type = declared.type
        self.resource = declared.resource
        self.identity = Identity(declared.id)
        self.shape = shape(declared.fields)
        self.kind = (
            (assembler.way(declared.kind[0], (*path, "kind")), declared.kind[1]) if declared.kind else None
        )
        lenses = assembler.fields(declared.fields, (*path, "fields"))
        self.parts = tuple(Part(f.name, f.slot or ITEM, lenses[f.name].get, lenses[f.name].put)
                           for f in declared.fields)  # fmt: skip
        self._item = tuple((p.name, p.get) for p in self.parts if p.slot == ITEM)
        self._others = tuple(p for p in self.parts if p.slot != ITEM)
        self._resources = Resources(declared, assembler, path)
        self.owned = self._resources.owned
        self._persons = frozenset({p.slot for p in self._others} - {PROVENANCE} - set(self.owned))
        self.periods = tuple(periods(declared.fields))
        self._sayable = frozenset(f.name for f in declared.fields if f.to or f.fields or f.kind == "branch")
        self._type_key = type_key
        self._by_cells = any(f.by_cells for f in declared.fields)

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
        said: Record = restore(self._said(self._resources.opened(state.focus), ids), state.rest)
        return said

    def _said(self, focus: Focus, ids: Ids) -> Record:
        """What FHIR alone says of the record."""
        item = focus[ITEM]
        said: Record = {self._type_key: self.type}
        own = ids.natives.get(f"{item['resourceType']}/{item['id']}")
        if own is not None:
            if self.identity.only is not None:
                said[self.identity.only] = own
            else:
                said.update(self.identity.fields(own))
        if self._by_cells:
            ids = replace(ids, cells=said)
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
            focus: Focus = {ITEM: self._fresh(native, ids)}
            self._write(native, {}, focus, ids)
            focus = self._resources.closed(focus, None)
            after = self._said(self._resources.opened(focus), ids)
            return State(focus=focus, rest=difference(native, after, self.shape))
        return self._changed(native, state, ids)

    def _changed(self, native: Record, state: State, ids: Ids) -> State:
        opened = self._resources.opened(state.focus)
        if opened[ITEM]["resourceType"] != self.resource:
            raise RecordRefused(self.identity.of(native), (_OTHER_KIND,))
        before = self._said(opened, ids)
        current = restore(before, state.rest)
        if same(native, current) and self.knows(opened[ITEM]):
            return state
        view = dict(opened)
        self._write(native, current, view, ids)
        focus, after = self._settled(view, (state.focus, opened), ids)
        lost = {n: v for n, v in native.items() if self._is_lost(n, v, current, before, after)}
        if lost:  # one field's writing took what another had said, in a place that both are read from
            self._write(lost, {}, view, ids)
            focus, after = self._settled(view, (state.focus, opened), ids)
        return State(focus=focus, rest=left(native, current, before, after, state.rest, self.shape))

    def _is_lost(self, name: str, value: Json, current: Record, before: Record, after: Record) -> bool:
        """Whether FHIR no longer says what it said, or says nothing at all, of what the record says."""
        if name not in after:
            return name in self._sayable and filled(value) is not None
        return name in before and not same(before[name], after[name]) and same(value, current.get(name))

    def _settled(self, view: Focus, before: tuple[Any, Focus], ids: Ids) -> tuple[Focus, Record]:
        """The written focus as valid resources of this kind, and what it says."""
        if self.kind is not None and not self.knows(view[ITEM]):
            view[ITEM] = self.kind[0].put(view[ITEM], self.kind[1])
        focus = self._resources.closed(view, before)
        return focus, self._said(self._resources.opened(focus), ids)

    def _fresh(self, native: Record, ids: Ids) -> Resource:
        own = self.identity.of(native) or ""
        reference = ids.refs[own]
        if reference.partition("/")[0] != self.resource:
            raise RecordRefused(own, (_OTHER_KIND,))
        item = self._resources.fresh(reference, ids)
        return item if self.kind is None else self.kind[0].put(item, self.kind[1])

    def _write(self, native: Record, current: Record, focus: Focus, ids: Ids) -> None:
        if self._by_cells:
            ids = replace(ids, cells=native)
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
            start = old or self._resources.blank(part.slot, item, ids)
            focus[part.slot] = part.put(start, value, ids)
        elif value is None:
            if old is not None:
                focus[part.slot] = withdraw(old)
        else:
            start = self._resources.blank(part.slot, item, ids) if old is None else old
            made = part.put(start, value, ids)
            if old is not None or made is not start:
                alive = is_live(made)
                focus[part.slot] = made if alive else {**made, "status": self._status(part.slot, item, ids)}

    def _status(self, slot: str, item: Resource, ids: Ids) -> Json:
        """The status that a resource of this slot begins with."""
        return self._resources.blank(slot, item, ids)["status"]


_OTHER_KIND: Final = Problem(
    "", "Posten har blitt en annen slags post enn den var. Opprett en ny post i stedet.", "changed-kind"
)
