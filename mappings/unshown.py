"""What a record system cannot show of a resource: nothing of it, or these elements of it not. They stay in
the hub; a reader of that system has to be told that there is more. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mappings.canonical import BASE
from mappings.model import (
    EMPTY,
    ITEM,
    Ids,
    Json,
    MappingError,
    NotExpressible,
    RecordMapping,
    Resource,
    State,
)

NO_FORM: Final = "Systemet har ingen posttype for dette."
_SILENT: Final = frozenset({"id", "meta", "text", "implicitRules", "language", "resourceType"})
_BESIDE: Final = frozenset(
    {"display", "userSelected", "version", "assigner", "type", "use"}
)  # of what is shown


@dataclass(frozen=True, slots=True)
class Unshown:
    """reason: why there is no record of it at all; None where there is one without these elements."""

    reason: str | None
    elements: tuple[str, ...] = ()


def unshown(mapping: RecordMapping, state: State, ids: Ids) -> Unshown | None:
    """What is missing in the system's record of this state; None when all of it is there."""
    focus = state.focus[ITEM]
    own = f"{focus['resourceType']}/{focus['id']}"
    if mapping.slots(focus) is None:
        return Unshown(NO_FORM)
    try:
        native = mapping.get(state, ids)
    except NotExpressible as error:
        return Unshown(error.reason)
    if own not in ids.natives:
        return None  # it has not come there yet: nothing is missing
    try:
        told = mapping.put(native, EMPTY, ids).focus
    except MappingError:  # it can be shown, and not be read back alone: nobody can say what is missing
        return None
    shown = {path for one in told.values() for path in _places(one)}
    lost = dict.fromkeys(path for path in _places(focus) if path not in shown)
    return Unshown(None, tuple(lost)) if lost else None


def _places(resource: Resource) -> Iterator[str]:
    """Elements and the elements inside them, without positions: "target.detailRange"."""
    for name, value in resource.items():
        if name.lstrip("_") not in _SILENT:
            yield from _inside(name, value)


def _inside(name: str, value: Json) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if name in ("extension", "modifierExtension"):
            yield from _extension(one)
        elif not isinstance(one, dict):
            yield name
        elif name == "contained":
            yield f"contained.{one.get('resourceType')}"
        else:
            yield from (f"{name}.{part}" for part in one if part.lstrip("_") not in (*_SILENT, *_BESIDE))


def _extension(one: Json) -> Iterator[str]:
    """By its name; ours are what our own mappings write."""
    url = one.get("url") if isinstance(one, dict) else None
    if isinstance(url, str) and not url.startswith(BASE):
        yield f"extension.{url.rpartition('/')[2]}"
