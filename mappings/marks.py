"""The marks that protect what a resource says: its labels, whom it tells about, and what kind of entry it is,
by which it is shared. Whoever gives a resource back without them has said nothing about them; only where it
was made are they taken away. Pure."""

from __future__ import annotations

from typing import Any, Final

from mappings.canonical import THIRD_PERSON
from mappings.model import Resource, State
from mappings.narrowing import REDACTED
from mappings.reading import category_of

_CODING: Final = ("system", "code")
_KIND: Final = ("category", "type", "code")  # where a resource says what kind of entry it is


def kept(theirs: State, held: State) -> State:
    """What a system says, with the marks that it held; the very `theirs` where none is missing."""
    focus = {slot: with_marks(one, held.focus.get(slot)) for slot, one in theirs.focus.items()}
    same = all(focus[slot] is one for slot, one in theirs.focus.items())
    return theirs if same else State(focus, theirs.rest)


def with_marks(theirs: Resource, before: Resource | None) -> Resource:
    """One resource with the marks that it had; the very `theirs` where none is missing."""
    if before is None:
        return theirs
    return added(_of_its_kind(theirs, before), before)


def added(resource: Resource, other: Resource) -> Resource:
    """A resource with what another edition protects besides; the very `resource` where that is nothing."""
    meta = resource.get("meta") or {}
    labels = _whole(_labels(other), list(meta.get("security") or ()))
    extensions = _whole(_third(other), list(resource.get("extension") or ()))
    out = resource if labels is None else {**resource, "meta": {**meta, "security": labels}}
    return out if extensions is None else {**out, "extension": extensions}


def _of_its_kind(theirs: Resource, before: Resource) -> Resource:
    """The resource as an entry of all categories that it was of, and of none if nobody knows; the very
    `theirs` where it is."""
    wanted, out = category_of(before), theirs
    for name in _KIND:
        found = category_of(out)
        if found == wanted or (wanted and found > wanted):
            break
        rest = {key: value for key, value in out.items() if key != name}
        out = {**rest, name: before[name]} if name in before else rest
    return out


def _whole(marks: list[Any], said: list[Any]) -> list[Any] | None:
    """What is said, with every mark before it; None where none is missing."""
    known = [_essence(one) for one in said]
    if all(_essence(mark) in known for mark in marks):
        return None
    had = [_essence(mark) for mark in marks]
    return [*marks, *(one for one in said if _essence(one) not in had)]


def _labels(resource: Resource) -> list[Any]:
    return [one for one in (resource.get("meta") or {}).get("security") or () if _is_label(one)]


def _third(resource: Resource) -> list[Any]:
    return [one for one in resource.get("extension") or () if _is_third(one)]


def _is_label(coding: Any) -> bool:
    return any(coding.get(key) != REDACTED[key] for key in _CODING)


def _is_third(extension: Any) -> bool:
    return bool(extension.get("url") == THIRD_PERSON)


def _essence(mark: Any) -> Any:
    """What two forms of a mark have in common: a server may add or leave out a display."""
    if "url" in mark:
        reference = mark.get("valueReference") or {}
        return mark["url"], reference.get("reference"), str(reference.get("identifier"))
    return tuple(mark.get(key) for key in _CODING)
