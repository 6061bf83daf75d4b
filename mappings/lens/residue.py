"""What FHIR cannot say of a native value, as a small tree beside it: `difference` makes it, `restore` lays
it back. It is what makes put-get hold for every mapping, and it never changes the values it is given.

A tree is one of  {"raw": as written, "seen": as FHIR gives it back}  (either may be missing: absent),
{"keys": {key: tree}}  for objects (with "absent" when FHIR gives nothing back at all), and
{"key": name, "items": {identity: tree}}  for lists whose elements are known by a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from mappings.model import Json


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final[Any] = _Absent()


@dataclass(frozen=True, slots=True)
class Shape:
    """How a native value is taken apart: the key of a list's elements, and the shapes of named parts."""

    key: str | None = None
    parts: Mapping[str, Shape] = field(default_factory=dict)


PLAIN: Final = Shape()


def same(a: Json, b: Json) -> bool:
    """Equal in JSON, written form included: 1, 1.0, 1.00 and true are four different values."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is dict:
        return len(a) == len(b) and all(k in b and same(v, b[k]) for k, v in a.items())
    if kind is list:
        return len(a) == len(b) and all(map(same, a, b))
    if kind is Decimal:
        return bool(a.as_tuple() == b.as_tuple())
    return bool(a == b)


def difference(raw: Json, seen: Json, shape: Shape = PLAIN) -> Json:
    """The tree that turns `seen` into `raw`; None when they are the same. Either may be ABSENT."""
    if same(raw, seen):
        return None
    if isinstance(raw, dict) and raw and (seen is ABSENT or isinstance(seen, dict)):
        tree = {"keys": _keys(raw, {} if seen is ABSENT else seen, shape)}
        return {**tree, "absent": True} if seen is ABSENT else tree
    if shape.key is not None and _aligned(raw, seen, shape.key):
        return {"key": shape.key, "items": _items(raw, seen, shape)}
    return _leaf(raw, seen)


def restore(value: Json, tree: Json) -> Json:
    """`value` with the tree laid over it. What FHIR says has moved on wins over what was written then."""
    if tree is None:
        return value
    if "keys" in tree:
        return _restore_keys(value, tree)
    if "items" in tree:
        return _restore_items(value, tree)
    return tree.get("raw", ABSENT) if same(value, tree.get("seen", ABSENT)) else value


def left(
    native: dict[str, Json],
    current: dict[str, Json],
    before: dict[str, Json],
    after: dict[str, Json],
    old: Json,
    shape: Shape,
) -> Json:
    """The tree of a record that was `current` and is now `native`, where FHIR gave `before` and now gives
    `after`; where nothing was said anew, as it was."""
    trees = (old or {}).get("keys", {})
    keys = {}
    for key in {**native, **after, **trees}:
        said, seen = native.get(key, ABSENT), after.get(key, ABSENT)
        if same(said, current.get(key, ABSENT)) and same(seen, before.get(key, ABSENT)):
            tree = trees.get(key)
        else:
            tree = difference(said, seen, shape.parts.get(key) or PLAIN)
        if tree is not None:
            keys[key] = tree
    return {"keys": keys} if keys else None


def _leaf(raw: Json, seen: Json) -> Json:
    tree = {} if raw is ABSENT else {"raw": raw}
    return tree if seen is ABSENT else {**tree, "seen": seen}


def _keys(raw: dict[str, Json], seen: dict[str, Json], shape: Shape) -> dict[str, Json]:
    trees = {}
    for key, value in raw.items():
        tree = difference(value, seen.get(key, ABSENT), shape.parts.get(key, PLAIN))
        if tree is not None:
            trees[key] = tree
    return trees | {key: {"seen": value} for key, value in seen.items() if key not in raw}


def _aligned(raw: Json, seen: Json, key: str) -> bool:
    """Both are lists of the same elements in the same order, each known by a key of its own."""
    if not isinstance(raw, list) or not isinstance(seen, list) or len(raw) != len(seen):
        return False
    names = [e.get(key) if isinstance(e, dict) else None for e in raw]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return False
    return all(isinstance(e, dict) and e.get(key) == name for e, name in zip(seen, names, strict=True))


def _items(raw: list[Json], seen: list[Json], shape: Shape) -> dict[str, Json]:
    inner = Shape(parts=shape.parts)
    trees = {a[shape.key]: difference(a, b, inner) for a, b in zip(raw, seen, strict=True)}
    return {name: tree for name, tree in trees.items() if tree is not None}


def _restore_keys(value: Json, tree: Json) -> Json:
    if value is ABSENT and not tree.get("absent"):
        return ABSENT
    if value is not ABSENT and not isinstance(value, dict):
        return value
    restored = {} if value is ABSENT else dict(value)
    for key, inner in tree["keys"].items():
        part = restore(restored.get(key, ABSENT), inner)
        if part is ABSENT:
            restored.pop(key, None)
        else:
            restored[key] = part
    return restored


def _restore_items(value: Json, tree: Json) -> Json:
    if not isinstance(value, list):
        return value
    key, trees = tree["key"], tree["items"]
    return [restore(e, trees.get(e.get(key))) if isinstance(e, dict) else e for e in value]
