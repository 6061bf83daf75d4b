"""The resources of one record type: begun from templates, opened as the fields see them, closed as valid FHIR
with what is owned following the record.
"""

from __future__ import annotations

from typing import Any

from mappings.lens import owned
from mappings.lens.assemble import Assembler
from mappings.lens.declaration import SectionDeclaration
from mappings.lens.places import Path
from mappings.lens.templates import maker
from mappings.lens.views import VIEWS, View, withdrawal
from mappings.lens.ways import Way
from mappings.model import ITEM, Ids, Json, Resource

PROVENANCE = "provenance"
Focus = dict[str, Resource]
Requirement = tuple[Way, Json, Way | None]  # where, what must stand there, and only if this is there


class Resources:
    """How the resources of one section are made."""

    def __init__(self, declared: SectionDeclaration, assembler: Assembler, path: Path) -> None:
        self.owned = {slot.name: slot for slot in declared.slots}
        self._template = maker({"resourceType": declared.resource, **declared.template})
        self._blanks = {s.name: maker({"resourceType": s.resource, **s.template}) for s in declared.slots}
        self._links = {
            s.name: assembler.way(s.link, (*path, "slots", s.name, "link")) for s in declared.slots if s.link
        }
        ensure = (*path, "ensure")
        self._ensure = tuple(_requirement(text, v, assembler, ensure) for text, v in declared.ensure.items())
        native_code = declared.frame  # a log or plan has a status of its own for registered in error
        views = (VIEWS[name] for name in declared.views)
        self._views: tuple[View, ...] = (withdrawal(declared.withdrawn, native_code), *views)

    def fresh(self, reference: str, ids: Ids) -> Resource:
        """A new resource under this reference."""
        return {**self._template(ids, reference), "id": reference.partition("/")[2]}

    def blank(self, slot: str, item: Resource, ids: Ids) -> Resource:
        """A new resource of a slot, whether the record owns it or it stands for a person."""
        if slot == PROVENANCE:
            return owned.provenance(item, ids)
        if slot not in self.owned:
            return {"resourceType": "Patient", "id": ids.subject.partition("/")[2]}
        made = self._blanks[slot](ids, f"{item['resourceType']}/{item['id']}")
        return {**made, "id": f"{item['id']}-{slot}"}

    def opened(self, focus: Any) -> Focus:
        """The focus as the fields see it: the item through its views."""
        item = focus[ITEM]
        time = focus.get(PROVENANCE, {}).get("recorded")
        for view in self._views:
            item = view.open(item, time)
        return {**focus, ITEM: item}

    def closed(self, focus: Focus, before: tuple[Any, Focus] | None) -> Focus:
        """The focus as valid resources: required elements there, views closed, what is owned following.
        before: the focus as it was, and that opened; what was not changed is given back as it was."""
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
        for name, slot in self.owned.items():
            if name in closed:
                closed[name] = owned.following(closed[name], item, slot.template.get("status"))
        return closed


def _requirement(text: str, value: Json, assembler: Assembler, path: Path) -> Requirement:
    place = assembler.way(text, (*path, text))
    if isinstance(value, dict) and "$set" in value:
        return place, value["$set"], assembler.way(value["$if"], (*path, text))
    return place, value, None
