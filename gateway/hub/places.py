"""Where in a resource something stands: as a person reads it, and as steps that find the place again after
the resource has changed, so that a conflict can be decided there. Pure; chooses between no values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from gateway.hub.sameness import ABSENT, EXTENSIONS, Index, canonical, flat, index
from mappings.model import Json, Resource

Step = dict[str, Any]  # JSON, kept beside the values of a conflict
ONLY: Final = "only"


class PlaceGone(LookupError):
    """The place cannot be told from others any more: its list has become another kind of list."""


@dataclass(frozen=True, slots=True)
class Place:
    """label: what a person reads; it never holds content. steps: the way there from the resource."""

    label: str
    steps: tuple[Step, ...] = ()

    def field(self, name: str) -> Place:
        """One field."""
        return Place(f"{self.label}.{name}", (*self.steps, {"field": name}))

    def fields(self, names: Iterable[str]) -> Place:
        """Several fields that are one value, called by the first."""
        listed = list(names)
        return Place(f"{self.label}.{listed[0]}", (*self.steps, {"fields": listed}))

    def only(self) -> Place:
        """The one element of a list whose elements are known by nothing."""
        return Place(f"{self.label}[0]", (*self.steps, {ONLY: True}))

    def element(self, name: str, key: Hashable, side: Index) -> Place:
        """An element of a list called `name`, known by `key` as on this side."""
        url = key[0] if isinstance(key, tuple) else key
        label = f"('{url}')" if name in EXTENSIONS else f"[{list(side).index(key)}]"
        return Place(f"{self.label}{label}", (*self.steps, {"of": name, "like": side[key]}))


def read(value: Json, steps: Iterable[Step]) -> Json:
    """What stands at a place; ABSENT for nothing. Raises PlaceGone."""
    for step in steps:
        value = _part(value, step)
    return value


def written(value: Json, steps: tuple[Step, ...], new: Json) -> Json:
    """A copy with something else at a place; `new` ABSENT or None takes away what is there. Raises
    PlaceGone."""
    if not steps:
        return ABSENT if new is None else new
    step, rest = steps[0], steps[1:]
    part = written(_part(value, step), rest, new)
    if "field" in step or "fields" in step:
        return _with_fields(value, step, part)
    return _with_element(value, step, part)


def replaced(resource: Resource, steps: tuple[Step, ...], new: Json) -> Resource:
    """A copy of a resource with something else at a place; type and id stay. Raises PlaceGone."""
    value = written(resource, steps, new)
    head = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {**head, **(value or {}), **head}


def _part(value: Json, step: Step) -> Json:
    if "field" in step:
        return _object(value).get(step["field"], ABSENT)
    if "fields" in step:
        found = {name: _object(value)[name] for name in step["fields"] if name in _object(value)}
        return found or ABSENT
    elements = _list(value)
    if ONLY in step:
        if len(elements) > 1:
            raise PlaceGone
        return elements[0] if elements else ABSENT
    ours, key = _indexed(elements, step)
    return ours.get(key, ABSENT)


def _with_fields(value: Json, step: Step, part: Json) -> Json:
    names = [step["field"]] if "field" in step else step["fields"]
    made: Resource = {}
    for name, old in _object(value).items():
        made |= {name: old} if name not in names else {}
    if "field" in step:
        made |= {} if part is ABSENT else {step["field"]: part}
    else:
        made |= part or {}
    return _in_order(made, _object(value)) if made else ABSENT


def _in_order(made: Resource, before: Resource) -> Resource:
    """Fields that were there before stand where they stood."""
    return {n: made[n] for n in (*(n for n in before if n in made), *(n for n in made if n not in before))}


def _with_element(value: Json, step: Step, part: Json) -> Json:
    if ONLY in step:
        return ABSENT if part is ABSENT else [part]
    ours, key = _indexed(_list(value), step)
    if part is ABSENT:
        ours.pop(key, None)
    else:
        ours[key] = part
    return flat(ours.values(), step["of"]) or ABSENT


def _indexed(elements: list[Json], step: Step) -> tuple[Index, Hashable]:
    """The list by what its elements are known by, and by what the sample is known."""
    name, sample = step["of"], step["like"]
    samples = sample if isinstance(sample, list) else [sample]
    found = index(name, elements, samples)
    if found is None:  # known by nothing but their content
        by_content: Index = {canonical(one): one for one in elements}
        if len(by_content) != len(elements) or isinstance(sample, list):
            raise PlaceGone
        return by_content, canonical(sample)
    ours, theirs = found
    return ours, next(iter(theirs))


def _object(value: Json) -> Resource:
    if value is ABSENT:
        return {}
    if not isinstance(value, dict):
        raise PlaceGone
    return value


def _list(value: Json) -> list[Json]:
    if value is ABSENT:
        return []
    if not isinstance(value, list):
        raise PlaceGone
    return value
