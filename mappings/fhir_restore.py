"""What of a hub resource a peer can see, and how the rest survives when the peer answers.

The lens laws rest on this: `Shown` hides, `restored` brings back. Never decides who may see what.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import msgspec

from mappings.canonical import BELONGS_TO
from mappings.model import Json, Resource
from mappings.references import ABSENT, Absent, Translate, is_reference, rewrite, walk

META: Final = ("security", "tag", "profile")
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def carried_meta(meta: dict[str, Json]) -> dict[str, Json]:
    """The part of meta that travels."""
    return {key: value for key, value in meta.items() if key.lstrip("_") in META}


def same(one: Any, other: Any) -> bool:
    """Equal as JSON text: 1.10 is not 1.1, and 1 is not true."""
    if isinstance(one, Absent) or isinstance(other, Absent):
        return one is other
    return _encoder.encode(one) == _encoder.encode(other)


class Shown:
    """A peer's sight of hub resources; `native` is None for what it lacks."""

    def __init__(self, native: Translate) -> None:
        self._native = native

    def resource(self, focus: Resource) -> Resource:
        """The whole resource as the peer sees it, still under the hub's id."""
        parts = {key: self.part(value, key) for key, value in focus.items()}
        return {key: value for key, value in parts.items() if not isinstance(value, Absent)}

    def part(self, value: Json, key: str) -> Any:
        """One top-level element; ABSENT when hidden."""
        if key == "meta":
            kept = carried_meta(value)
            return kept or ABSENT
        if key == "extension":
            seen = [self.value(e, key) for e in value]
            return [e for e in seen if not isinstance(e, Absent)] or ABSENT
        return self.value(value, key)

    def value(self, value: Json, key: str) -> Any:
        """Any value below; ABSENT when hidden."""
        if isinstance(value, dict) and value.get("url") == BELONGS_TO:
            return ABSENT
        return walk(value, self._native, key)

    def lost(self, element: dict[str, Json]) -> bool:
        """Whether a pointing element leads nowhere for the peer."""
        return isinstance(self.value(element, ""), Absent)


def restored(native: Resource, before: Resource | None, shown: Shown, hub: Callable[[str], str]) -> Resource:
    """`native` (already under the hub's id) in the hub's references, with what `before` hid from the peer."""
    plain = rewrite(native, hub)
    if before is None:
        return plain
    restorer = _Restorer(shown, hub)
    focus: Resource = {}
    for key in [*before, *(k for k in native if k not in before)]:
        part = restorer.top(native.get(key, ABSENT), before.get(key, ABSENT), key)
        if not isinstance(part, Absent):
            focus[key] = part
    return focus if same(shown.resource(focus), native) else plain


class _Restorer:
    """Walks what the peer says and what the hub had side by side."""

    def __init__(self, shown: Shown, hub: Callable[[str], str]) -> None:
        self._shown = shown
        self._hub = hub

    def top(self, native: Any, before: Any, key: str) -> Any:
        """One top-level element."""
        if key == "meta" and isinstance(before, dict):
            hidden = {k: v for k, v in before.items() if k not in carried_meta(before)}
            said = {} if isinstance(native, Absent) else self._dict(native, carried_meta(before))
            return {**hidden, **said} or ABSENT
        if isinstance(before, Absent):
            return self.plain(native, key)
        if isinstance(native, Absent):
            return self.hidden_of(before, key)
        return self.merged(native, before, key)

    def hidden_of(self, before: Any, key: str) -> Any:
        """What stays of an element that the peer does not mention: all if it never saw it."""
        if isinstance(before, list) and not key.startswith("_"):
            return [e for e in before if isinstance(self._shown.value(e, key), Absent)] or ABSENT
        return before if isinstance(self._shown.value(before, key), Absent) else ABSENT

    def plain(self, native: Any, key: str) -> Any:
        """What the peer says, with nothing to restore."""
        return walk(native, self._hub, key)

    def merged(self, native: Any, before: Any, key: str) -> Any:
        """Both sides have it."""
        seen = self._shown.value(before, key)
        if same(seen, native):
            return before
        result: Any = ABSENT
        if isinstance(native, list) and isinstance(before, list) and not key.startswith("_"):
            result = self._list(native, before, key)
        elif isinstance(native, dict) and isinstance(seen, dict) and not is_reference(before):
            result = self._dict(native, before)
        return result if same(self._view(result, key), native) else self.plain(native, key)

    def _view(self, value: Any, key: str) -> Any:
        if isinstance(value, list) and not key.startswith("_"):
            parts = [self._shown.value(e, key) for e in value]
            return [e for e in parts if not isinstance(e, Absent)]
        return self._shown.value(value, key)

    def _dict(self, native: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name in [*before, *(k for k in native if k not in before)]:
            if name not in native:
                part = self.hidden_of(before[name], name)
            elif name in before:
                part = self.merged(native[name], before[name], name)
            else:
                part = self.plain(native[name], name)
            if not isinstance(part, Absent):
                result[name] = part
        return result

    def _list(self, native: list[Any], before: list[Any], key: str) -> list[Any]:
        seen = [self._shown.value(e, key) for e in before]
        partners = _partners(native, seen)
        result: list[Any] = []
        done = 0
        for index, item in enumerate(native):
            partner = partners.get(index)
            if partner is None:
                result.append(self.plain(item, key))
                continue
            result += _hidden(before, seen, done, partner)
            result.append(self.merged(item, before[partner], key))
            done = partner + 1
        return result + _hidden(before, seen, done, len(before))


def _hidden(before: list[Any], seen: list[Any], start: int, end: int) -> list[Any]:
    return [before[i] for i in range(start, end) if isinstance(seen[i], Absent)]


def _partners(native: list[Any], seen: list[Any]) -> dict[int, int]:
    """native index -> index of the same element before; in order on both sides."""
    texts = [b"" if isinstance(e, Absent) else _encoder.encode(e) for e in seen]
    places: dict[bytes, list[int]] = {}
    for index, text in enumerate(texts):
        places.setdefault(text, []).append(index)
    partners: dict[int, int] = {}
    done = 0
    for index, item in enumerate(native):
        later = [i for i in places.get(_encoder.encode(item), []) if i >= done]
        if later:
            partners[index] = later[0]
            done = later[0] + 1
    return partners | _edited(native, seen, partners)


def _edited(native: list[Any], seen: list[Any], partners: dict[int, int]) -> dict[int, int]:
    """One element alone on both sides between two matches, and alike: the same one, edited."""
    edges = [(-1, -1), *sorted(partners.items()), (len(native), len(seen))]
    found: dict[int, int] = {}
    for (left, left_seen), (right, right_seen) in pairwise(edges):
        ours = range(left + 1, right)
        theirs = [i for i in range(left_seen + 1, right_seen) if not isinstance(seen[i], Absent)]
        if len(ours) == len(theirs) == 1 and _alike(native[ours[0]], seen[theirs[0]]):
            found[ours[0]] = theirs[0]
    return found


def _alike(one: Any, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return any(key in other and same(value, other[key]) for key, value in one.items())
