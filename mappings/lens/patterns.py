"""Which element of a list a way means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mappings.model import Json

Match = Callable[[Json], bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which element of a list is meant, and what a new one starts as.

    `has` and `lacks` name members that must be there or must not; `or_first`: if no element contains the
    pattern, the first one is meant.
    """

    fresh: dict[str, Json]
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    or_first: bool = False

    def matcher(self) -> Match:
        """A function that tells whether an element is meant."""
        if not self.has and not self.lacks and len(self.fresh) == 1:
            ((key, value),) = self.fresh.items()
            if isinstance(value, str):
                return lambda e: e.get(key) == value
        holds = _containing(self.fresh)
        if not self.has and not self.lacks:
            return holds
        return lambda e: holds(e) and all(k in e for k in self.has) and not any(k in e for k in self.lacks)


def contains(node: Json, pattern: Json) -> bool:
    """Whether every member of the pattern stands in the node; of a list: some element for each."""
    if isinstance(pattern, dict):
        return isinstance(node, dict) and all(k in node and contains(node[k], v) for k, v in pattern.items())
    if isinstance(pattern, list):
        return isinstance(node, list) and all(any(contains(e, p) for e in node) for p in pattern)
    return bool(node == pattern)


def _containing(pattern: dict[str, Json]) -> Match:
    """contains() for one pattern; most elements equal it member by member."""
    members = tuple(pattern.items())

    def holds(node: Json) -> bool:
        for key, wanted in members:
            found = node.get(key)
            if found != wanted and (found is None or not contains(found, wanted)):
                return False
        return True

    return holds
