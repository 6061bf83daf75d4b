"""The single steps of a way: into a member, the first element of a list, or the element that is meant.
Nothing given is changed: every container on the way is copied, and what becomes empty goes away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mappings.lens.patterns import Pattern
from mappings.model import Json

Get = Callable[[Json], Json]  # node -> what stands there; None: nothing
Put = Callable[[Json, Json], Json]  # node, new value (None: remove) -> new node (None: nothing is left)


@dataclass(frozen=True, slots=True)
class Way:
    """One place, to read and to write."""

    get: Get
    put: Put


HERE: Final = Way(get=lambda node: node, put=lambda _, value: value)


def member(key: str, inner: Way) -> Way:
    """A member of an object."""
    inner_get, inner_put = inner.get, inner.put

    def get(node: Json) -> Json:
        child = node.get(key)
        return None if child is None else inner_get(child)

    def put(node: Json, value: Json) -> Json:
        old = node.get(key) if node else None
        new = inner_put(old, value)
        if new is old:
            return node
        return _with(node, key, new)

    if inner is HERE:
        return Way(get=lambda node: node.get(key), put=lambda node, value: _with(node, key, value))
    return Way(get, put)


def _with(node: Json, key: str, value: Json) -> Json:
    copy: dict[str, Any] = dict(node) if node else {}
    if value is None:
        copy.pop(key, None)
    else:
        copy[key] = value
    return copy or None


def first(key: str, inner: Way) -> Way:
    """The first element of a list."""

    def get(node: Json) -> Json:
        items = node.get(key)
        return inner.get(items[0]) if items else None

    def put(node: Json, value: Json) -> Json:
        items = (node.get(key) if node else None) or []
        old = items[0] if items else None
        new = inner.put(old, value)
        if new is old:
            return node
        return _with(node, key, ([] if new is None else [new]) + items[1:] or None)

    return Way(get, put)


def where(key: str, pattern: Pattern, inner: Way) -> Way:
    """The element of a list that a pattern means; a new one starts as the pattern says. Where the first is
    read for want of one, it is written only if it does not say that it is another."""
    meant, fresh, inner_get, inner_put = pattern.matcher(), pattern.fresh, inner.get, inner.put
    or_first = pattern.or_first

    def get(node: Json) -> Json:
        items = node.get(key)
        if items:
            for item in items:
                if meant(item):
                    return inner_get(item)
            if or_first:
                return inner_get(items[0])
        return None

    def put(node: Json, value: Json) -> Json:
        items = node.get(key) if node else None
        if items:
            found = next((i for i, item in enumerate(items) if meant(item)), None)
            if found is None and or_first and (value is None or fresh.keys().isdisjoint(items[0])):
                found = 0  # but never one that says it is something else
            if found is not None:
                new = inner_put(items[found], value)
                left = [] if new is None or new == fresh else [new]
                return _with(node, key, items[:found] + left + items[found + 1 :] or None)
        new = inner_put(fresh, value)
        if inner is HERE and isinstance(new, dict):
            new = {**fresh, **new}
        if new is None or new == fresh:
            return node
        return _with(node, key, [*items, new] if items else [new])

    return Way(get, put)


def concept(key: str, system: str) -> Way:
    """The code of one code system in a list of CodeableConcepts."""
    coding = where("coding", Pattern({"system": system}), member("code", HERE))
    return where(key, Pattern({"coding": [{"system": system}]}), coding)
