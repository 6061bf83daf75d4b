"""What a system held when it wrote: which of the states it may hold is the base of the merge, and whether its
record has gone back to what it was, as after a restore from a backup. Pure, but for reading old versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gateway.hub.links import Link
from gateway.hub.merge import Merged, merge
from gateway.hub.sameness import ABSENT, normalise, same, unmarked
from gateway.hub.versions import Version
from mappings.model import Resource, State

PROVENANCE = "provenance"
Put = Callable[[State], State]  # the state after the record at hand, where the system held this one
MOST = 50  # older versions that are compared


def settle(link: Link, version: str | None, put: Put) -> bool:
    """Our last deliveries may or may not have reached the system; `link` is left with the state it held. What
    it says now tells which: the state it repeats, else the one that its record differs least from. Where two
    are as near and its version has moved, it may have been us or someone there: then a field that our
    deliveries changed counts as doubtful, and this is True."""
    held, candidates, link.candidates = link.held, link.candidates, ()
    known = [*reversed(candidates), *([held] if held.focus else [])]  # of equal ones the newest
    far = [distance(one, put(one)) for one in known]
    near = [one for one, d in zip(known, far, strict=True) if d == min(far)]
    if min(far) == 0 or not held.focus:
        link.held = near[0]
    elif near == [held] or version == link.version or (version is None and held in near):
        return False  # nothing of ours is there
    else:
        link.held, link.previous = near[0], held
        return len(near) > 1
    return False


def unseen(link: Link, theirs: State, *, doubtful: bool) -> State | None:
    """Our last delivery to a system without versions, where `theirs` does not show all that it changed: that
    may have been written there before our delivery, and lie under it. None where there is no doubt.
    doubtful: it has been in doubt since the system last told of the item."""
    if link.previous is None or not link.previous.focus:
        return None
    ours, other = (link.previous, link.held) if doubtful else (link.held, link.previous)
    return None if _shows(theirs, ours, other) else ours


def _shows(theirs: State, ours: State, other: State) -> bool:
    """Whether it has all of ours that is not so in the other."""
    said, own, rest = told(theirs), told(ours), told(other)
    return all(
        same(mine, value, name)
        for slot in own.keys() | rest.keys()
        for name, mine, was, value in _side_by_side(own.get(slot), rest.get(slot), said.get(slot))
        if not same(mine, was, name)
    )


def _side_by_side(*sides: Resource | None) -> list[tuple[Any, ...]]:
    """Every field that any of them has: its name, and its value in each."""
    plain: list[Resource] = [unmarked(normalise(side or {})) or {} for side in sides]
    names = sorted({name for side in plain for name in side})
    return [(name, *(side.get(name, ABSENT) for side in plain)) for name in names]


def distance(before: State, after: State) -> int:
    """In how many fields two states differ, of what they say of the item itself."""
    one, other = told(before), told(after)
    return sum(_differ(one.get(slot) or {}, other.get(slot) or {}) for slot in one.keys() | other.keys())


def told(state: State) -> dict[str, Resource]:
    """What a state says of the item itself, without who wrote it when."""
    return {slot: resource for slot, resource in state.focus.items() if slot != PROVENANCE}


def went_back(link: Link, version: str | None) -> bool:
    """Whether the system's version is an older one than we have seen there. Only numbers tell."""
    both = (version or "", link.version or "")
    return all(one.isdecimal() for one in both) and int(both[0]) < int(both[1])


def doubted(held: State, candidates: Iterable[State]) -> bool:
    """Whether it is already being looked at whether the system has what it held."""
    return any(told(one) == told(held) for one in candidates)


def moved_on(link: Link, version: str | None) -> bool:
    """Whether its version is a newer one than we have seen, whatever its clock says."""
    both = (version or "", link.version or "")
    return all(one.isdecimal() for one in both) and int(both[0]) > int(both[1])


def without_return(held: Resource, theirs: Resource, current: Resource, past: Iterable[Version]) -> Merged:
    """What the system wrote after it had gone back, merged against what it held then: the older version that
    its record is nearest to, as far as it could see that. A field that merely says what it said then has come
    back by itself: it is nobody's wish, and no conflict."""
    known = [old.resource for _, old in zip(range(MOST), past, strict=False)] or [held]
    seen = [merge(current, held, old).value for old in known]  # without what was hidden from it
    far = [_differ(one, theirs) for one in seen]
    nearest = far.index(min(far))
    merged = merge(seen[nearest], theirs, current, previous=known[nearest])
    return Merged(merged.value, tuple(one for one in merged.conflicts if one.kind != "older"))


def _differ(one: Resource, other: Resource) -> int:
    return sum(not same(first, second, name) for name, first, second in _side_by_side(one, other))
