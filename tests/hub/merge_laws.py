"""The laws of merging, each a function of a base and two edits of it. docs/merging.md says them in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

from gateway.hub.conflicts import at
from gateway.hub.merge import Merged, merge
from gateway.hub.places import PlaceGone, replaced
from gateway.hub.sameness import ABSENT, DATA_ABSENT, normalise, same
from mappings.model import Json, Resource

MASKED: Final = {"url": DATA_ABSENT, "valueCode": "masked"}
Law = Callable[[Resource, Resource, Resource], None]


def nothing_of_theirs(base: Resource, theirs: Resource, current: Resource) -> None:
    """Where they changed nothing, what stands is the very same."""
    merged = merge(base, deepcopy(base), current)
    assert merged.value is current
    assert merged.conflicts == ()


def nothing_of_ours(base: Resource, theirs: Resource, current: Resource) -> None:
    """Where only they changed, theirs is the value."""
    merged = merge(base, theirs, deepcopy(base))
    assert same(stated(merged.value), stated(theirs))
    assert merged.conflicts == ()


def both_alike(base: Resource, theirs: Resource, current: Resource) -> None:
    """Where both changed to the same, that is the value."""
    merged = merge(base, deepcopy(current), current)
    assert merged.value is current
    assert merged.conflicts == ()


def pure(base: Resource, theirs: Resource, current: Resource) -> None:
    """The same question has the same answer, and nothing given is changed."""
    before = deepcopy((base, theirs, current))
    once = merge(base, theirs, current)
    assert once == merge(*deepcopy(before))
    assert (base, theirs, current) == before


def idempotent(base: Resource, theirs: Resource, current: Resource) -> None:
    """The same said again changes nothing: with the old base, and with what they now hold as the base."""
    once = merge(base, theirs, current).value
    assert same(merge(base, theirs, once).value, once)
    held = merge(theirs, deepcopy(theirs), once)
    assert held.value is once
    assert held.conflicts == ()


def each_conflict_has_a_place(base: Resource, theirs: Resource, current: Resource) -> None:
    """Each conflict's place leads, on each side, to the value it keeps; no place holds another."""
    merged = merge(base, theirs, current)
    for one in merged.conflicts:
        for side, kept in ((current, one.current), (merged.value, one.current), (theirs, one.theirs)):
            assert same(found(side, one.steps), ABSENT if kept is None else kept), one.path
    steps = [one.steps for one in merged.conflicts]
    assert not [1 for a in steps for b in steps if a is not b and b[: len(a)] == a]


def none_of_theirs_is_lost(base: Resource, theirs: Resource, current: Resource) -> None:
    """Every change of theirs is in the value or in a conflict: where all are decided for them, nothing that
    they changed is missing."""
    merged = merge(base, theirs, current)
    new = set(leaves(theirs)) - set(leaves(base))
    assert new <= set(leaves(merged.value)).union(*(leaves(one.theirs) for one in merged.conflicts))
    decided = for_them(merged)
    if decided is not None:
        again = merge(base, theirs, decided)
        assert same(stated(again.value), stated(decided))
        assert not unsaid(again)


def none_of_ours_is_lost(base: Resource, theirs: Resource, current: Resource) -> None:
    """Every change of ours is in the value."""
    merged = merge(base, theirs, current).value
    assert set(leaves(current)) - set(leaves(base)) <= set(leaves(merged))
    again = merge(base, current, merged)
    assert same(stated(again.value), stated(merged))
    assert not unsaid(again)


def commutes(base: Resource, theirs: Resource, current: Resource) -> None:
    """Without a conflict it does not matter who came first, but for the order of lists."""
    one, other = merge(base, theirs, current), merge(base, current, theirs)
    assert bool(one.conflicts) == bool(other.conflicts)
    if not one.conflicts:
        assert unordered(stated(one.value)) == unordered(stated(other.value))


def servers_say_nothing(base: Resource, theirs: Resource, current: Resource) -> None:
    """Versions, times and narrative that a server sets are no change, on any side."""
    plain = merge(base, theirs, current)
    served = merge(served_by("a", base), served_by("b", theirs), served_by("c", current))
    assert same(stated(plain.value), stated(served.value))
    assert plain.conflicts == served.conflicts


def marks_say_nothing(base: Resource, theirs: Resource, current: Resource) -> None:
    """What was taken away from their copy is neither given back as a mark nor taken away here."""
    hidden = [name for name in sorted(base) if name in theirs and same(base[name], theirs[name], name)]
    hidden = [n for n in hidden if n not in ("resourceType", "id", "meta", "extension") and n[0] != "_"]
    for name in hidden[:3]:
        before, after = (masked(side, name) for side in (base, theirs))
        merged = merge({k: v for k, v in base.items() if k != name}, after, current)
        assert same(merged.value.get(name, ABSENT), current.get(name, ABSENT), name)
        assert MASKED not in merged.value.get("extension", [])
        again = merge(before, after, current)
        assert same(again.value.get(name, ABSENT), current.get(name, ABSENT), name)


def order_is_kept(base: Resource, theirs: Resource, current: Resource) -> None:
    """What stood in our lists stands there in our order, where they put nothing in another order."""
    value = merge(base, theirs, current).value
    for name, ours in current.items():
        before, after, merged = base.get(name), theirs.get(name), value.get(name)
        if isinstance(ours, list) and isinstance(merged, list) and not moved(before, after):
            left = [one for one in ours if one in merged]
            assert [one for one in merged if one in left] == left, name


def nothing_is_empty(base: Resource, theirs: Resource, current: Resource) -> None:
    """What has lost all its parts is gone: FHIR has no empty object and no empty list."""
    assert not list(empty(merge(base, theirs, current).value))


LAWS: Final[tuple[Law, ...]] = (
    nothing_of_theirs, nothing_of_ours, both_alike, pure, idempotent, each_conflict_has_a_place,
    none_of_theirs_is_lost, none_of_ours_is_lost, commutes, servers_say_nothing, marks_say_nothing,
    order_is_kept, nothing_is_empty,
)  # fmt: skip


def for_them(merged: Merged) -> Resource | None:
    """The value with every conflict decided for them; None where a place cannot be told from others."""
    value = merged.value
    for one in merged.conflicts:
        try:
            value = replaced(value, one.steps, one.theirs)
        except PlaceGone:
            return None
    return value


def moved(before: Json, after: Json) -> bool:
    """Whether what both lists hold stands in another order."""
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    return [one for one in before if one in after] != [one for one in after if one in before]


def unsaid(merged: Merged) -> set[str]:
    """Values that were said anew at a place in conflict, and do not stand there."""
    return {
        leaf
        for one in merged.conflicts
        for leaf in set(leaves(one.theirs)) - set(leaves(one.base)) - set(leaves(one.current))
    }


def leaves(value: Json) -> Iterator[str]:
    """Every single value, as text."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(part)
    if value is not None and not isinstance(value, (dict, list)):
        yield repr(value)


def empty(value: Json) -> Iterator[Json]:
    """Objects and lists with nothing in them."""
    if isinstance(value, (dict, list)):
        if not value:
            yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from empty(part)


def stated(resource: Resource) -> Resource:
    """What it says: without what servers set."""
    return {name: part for name, part in normalise(resource).items() if name != "id"}


def found(resource: Resource, steps: tuple[Any, ...]) -> Json:
    """What stands at a place."""
    return at(resource, steps)


def unordered(value: Json) -> Json:
    """A value in which no list has an order."""
    if isinstance(value, dict):
        return {name: unordered(part) for name, part in sorted(value.items())}
    return sorted(map(repr, map(unordered, value))) if isinstance(value, list) else value


def served_by(server: str, resource: Resource) -> Resource:
    """The resource as a server gives it."""
    meta = {
        **resource.get("meta", {}),
        "versionId": server,
        "lastUpdated": f"2026-11-2{ord(server) % 9}T00:00:00Z",
    }
    return {**resource, "meta": meta, "text": {"status": "generated", "div": f"<div>{server}</div>"}}


def masked(resource: Resource, name: str) -> Resource:
    """The resource with a mark in the place of a field."""
    kept = {key: part for key, part in resource.items() if key != name}
    return {**kept, f"_{name}": {"extension": [MASKED]}}
