"""Three-way merge of one FHIR resource: what a system changed since it last held it, applied to what we have.

Between the lens's put and the append of a new version. Pure; it never drops a change: each is in the merged
value or in a conflict that keeps every side's value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from gateway.hub.places import Place, Step
from gateway.hub.sameness import ABSENT, EXTENSIONS, Index, canonical, flat, index, normalise, same, unmarked
from gateway.hub.shapes import arranged, clash, indivisible, units
from mappings.model import Json, Resource

UNKNOWN: Final[Any] = type("Unknown", (), {})()  # what was held before the last delivery, where nobody says
WHOLE = "="  # name of a list that is never taken apart
ADDITIVE = frozenset({"note"})  # lists where two first elements are two, not two versions of one
UNION = EXTENSIONS | {"security", "tag"}  # lists where each side's additions stand beside the other's


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed the same place to different values; `current` stayed.

    path: place in the resource ("Goal.target[0].dueDate"), never content. Values that are not there are None.
    kind: "changed" by both; "older": the value that was there before our last delivery came back.
    steps: the way to the place, to find it again when it is decided (gateway/hub/places.py).
    """

    path: str
    current: Json
    theirs: Json
    base: Json
    kind: Literal["changed", "older"] = "changed"
    steps: tuple[Step, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged resource (the very `current` when nothing changed) and what could not be merged."""

    value: Resource
    conflicts: tuple[Conflict, ...] = ()


class Sides(NamedTuple):
    """One place as each side has it; ABSENT where it has none."""

    base: Json
    theirs: Json
    current: Json
    previous: Json = UNKNOWN

    def part(self, name: str) -> Sides:
        """The same for one field."""
        base, theirs, current = ({} if side is ABSENT else side for side in self[:3])
        before = UNKNOWN
        if self.previous is ABSENT or isinstance(self.previous, dict):
            before = (self.previous or {}).get(name, ABSENT)
        return Sides(base.get(name, ABSENT), theirs.get(name, ABSENT), current.get(name, ABSENT), before)

    def several(self, names: tuple[str, ...]) -> Sides:
        """The same for several fields together."""
        parts = [
            {n: side[n] for n in names if n in side} if isinstance(side, dict) else side for side in self
        ]
        return Sides(*(ABSENT if part == {} else part for part in parts))

    @property
    def came_back(self) -> bool:
        """Whether theirs, which is not the base, is what stood there before our last delivery."""
        return self.previous is not UNKNOWN and same(self.theirs, self.previous)


def merge(
    base: Resource | None,
    theirs: Resource,
    current: Resource,
    *,
    path: str = "",
    previous: Resource | None = None,
    unsure: bool = False,
) -> Merged:
    """Apply to `current` what differs between `base` (what the system last held) and `theirs`.

    previous: what the system held before our last delivery, while it has not shown that it saw it; what comes
    back as it was then becomes a conflict. unsure: nobody knows whether that delivery arrived; a place that
    it changed, and they have changed otherwise, is then a conflict too. `id` stays ours; what servers set is
    left out of the comparison, and of the value when that is a new one.
    """
    before, after = _said(base or {}), _said(theirs)
    if same(before, after):
        return Merged(current)
    ours = _without_id(normalise(current))
    sides = Sides(before, after, ours, UNKNOWN if previous is None else _said(previous))
    work = _Work([], unsure)
    if after.get("resourceType") != ours.get("resourceType"):
        work.disagree(sides, Place(path or "resourceType"))
        return Merged(current, tuple(work.conflicts))
    value = work.fields(sides, Place(path or ours.get("resourceType", "")))
    if same(value, ours):
        return Merged(current, tuple(work.conflicts))
    head: Resource = {n: current[n] for n in ("resourceType", "id") if n in current}
    if same(value, after):  # all of it is what they said: what their server wrote of it is true of it too
        value |= {n: theirs[n] for n in ("text", "contained") if n in theirs}
    return Merged({**head, **value}, tuple(work.conflicts))


@dataclass(frozen=True, slots=True)
class _Work:
    """One merge under way. Every method gives the merged value of a place; ABSENT when there is none."""

    conflicts: list[Conflict]
    unsure: bool

    def value(self, sides: Sides, name: str, place: Place) -> Json:
        """Any place."""
        base, theirs, current, previous = sides
        if same(base, theirs, name) or same(theirs, current, name):
            return current
        if previous is UNKNOWN and same(base, current, name):
            return theirs
        if _all(dict, base, theirs, current) and theirs is not ABSENT and current is not ABSENT:
            return (
                self.whole(sides, place) if indivisible(*sides[:3]) else self.fields(sides, place) or ABSENT
            )
        if _all(list, base, theirs, current) and name != WHOLE:
            return self.elements(sides, name, place) or ABSENT
        return self.whole(sides, place)

    def whole(self, sides: Sides, place: Place) -> Json:
        """Theirs where only they changed it, else ours and a conflict."""
        if sides.came_back:
            return self.disagree(sides, place, "older")
        crossed = self.unsure and sides.previous is not UNKNOWN and not same(sides.base, sides.previous)
        return (
            sides.theirs if same(sides.base, sides.current) and not crossed else self.disagree(sides, place)
        )

    def disagree(self, sides: Sides, place: Place, kind: Literal["changed", "older"] = "changed") -> Json:
        """Keep ours, and note every side's value."""
        base, theirs, current = (None if side is ABSENT else side for side in sides[:3])
        self.conflicts.append(Conflict(place.label, current, theirs, base, kind, place.steps))
        return sides.current

    def fields(self, sides: Sides, place: Place) -> Resource:
        """Field by field; fields that stand for each other are one."""
        result = dict(sides.current)
        for names in units(*(side or {} for side in sides[:3])):
            if len(names) == 1:
                merged = {names[0]: self.value(sides.part(names[0]), names[0], place.field(names[0]))}
            else:
                merged = self.together(sides.several(names), place.fields(names))
            for name in names:
                result.pop(name, None)
            result.update({k: v for k, v in merged.items() if v is not ABSENT})
        return result

    def together(self, sides: Sides, place: Place) -> Resource:
        """Several fields as one value."""
        if same(sides.base, sides.theirs) or same(sides.theirs, sides.current):
            return sides.current or {}
        return self.whole(sides, place) or {}

    def elements(self, sides: Sides, name: str, place: Place) -> list[Json]:
        """A list, element by element; by what its elements are known by, or by their content."""
        base, theirs, current, previous = sides
        held = previous if isinstance(previous, list) else []
        found = index(name, base or [], theirs or [], current or [], held)
        if found is None:
            return self.anonymous(sides, name, place)
        another = [*map(len, found[:3])] == [1, 1, 1] and found[0].keys() != found[1].keys()
        crossing = previous is not UNKNOWN and not same(previous, base, name)
        replaced = another and crossing  # its only one: no removal that may have crossed ours
        if name not in UNION and (replaced or clash(*found[:3])):
            return self.whole(sides, place) or []
        ours, merged = found[2], Index()
        for key in dict.fromkeys((*ours, *found[1])):
            each = Sides(*(side.get(key, ABSENT) for side in found))
            each = each if previous is not UNKNOWN else each._replace(previous=UNKNOWN)
            grouped = any(isinstance(side, list) for side in each)
            there = place.element(name, key, ours if key in ours else found[1])
            value = self.value(each, WHOLE if grouped else "", there)
            if value is not ABSENT:
                merged[key] = value
        return flat((merged[k] for k in arranged([k for k in ours if k in merged], found[1], merged)), name)

    def anonymous(self, sides: Sides, name: str, place: Place) -> list[Json]:
        """A list whose elements are known by content only: a set, or the versions of its one element."""
        lists = [side if isinstance(side, list) else [] for side in sides]
        single = name not in ADDITIVE and max(map(len, lists)) == 1
        if single and all(isinstance(e[0], dict) for e in lists if e):
            only = Sides(*(e[0] if e else ABSENT for e in lists))
            only = only if sides.previous is not UNKNOWN else only._replace(previous=UNKNOWN)
            value = self.value(only, "", place.only())
            return [] if value is ABSENT else [value]
        base, theirs, current, held = (Index({canonical(e): e for e in side}) for side in lists)
        changes = base.keys() ^ theirs.keys()
        if sides.previous is not UNKNOWN and any((k in held) != (k in base) for k in changes):
            return self.disagree(sides, place, "older") or []
        doubled = sum(map(len, lists[:3])) != len(base) + len(theirs) + len(current)
        moved = [k for k in base if k in theirs] != [k for k in theirs if k in base]
        if doubled or moved or clash(base, theirs, current):
            return self.whole(sides, place) or []
        merged = {k: v for k, v in current.items() if k in theirs or k not in base}
        merged |= {k: v for k, v in theirs.items() if k not in base}
        return [merged[k] for k in arranged([k for k in current if k in merged], theirs, merged)]


def _said(resource: Resource) -> Resource:
    """What a system says: without its own id, what its server set, and our marks of redaction."""
    return unmarked(_without_id(normalise(resource))) or {}


def _without_id(resource: Resource) -> Resource:
    return {k: v for k, v in resource.items() if k != "id"}


def _all(kind: type, *values: Json) -> bool:
    return all(value is ABSENT or isinstance(value, kind) for value in values)
