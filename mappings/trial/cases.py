"""One case that the laws are put to: records of a section, and what some system holds of an item, changed
by others.

A case is a plain value: it can be written to a file and tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import count
from typing import Any, Final

from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, ITEM, Ids, Json, Record, Resource, State
from mappings.trial.edits import FOREIGN, Editor
from mappings.trial.records import ids_for, maker


@dataclass(frozen=True, slots=True)
class Case:
    """first, second: records with anything in them. clean: one that FHIR can hold whole. focus, rest: what
    the system holds before `second` is written; rest is None where the item came from another system."""

    first: Record = field(default_factory=dict)
    second: Record = field(default_factory=dict)
    clean: Record = field(default_factory=dict)
    focus: Mapping[str, Resource] = field(default_factory=dict)
    rest: Json = None

    @property
    def state(self) -> State:
        """What the system holds."""
        return State(self.focus, self.rest)

    def as_json(self) -> dict[str, Json]:
        """The case as JSON; what is empty is left out."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name))}


class CaseMaker:
    """Makes cases of a section. Everything that can be prepared is prepared here."""

    def __init__(self, mapping: SystemMapping, section: Section, *, synonyms: bool = False) -> None:
        self.ids: Ids = ids_for(mapping, section)
        self._mapping = mapping
        self._editor = Editor(mapping, section.declared)
        self._optional = sorted(section.owned)
        odd, clean = maker(mapping, section), maker(mapping, section, clean=True, synonyms=synonyms)
        self._odd, self._clean = odd.make, clean.make
        self.sizes: Final = (odd.size, odd.size, clean.size, odd.size, 2 + self._editor.maker.size)

    def case(self, first: bytes, second: bytes, clean: bytes, held: bytes, edits: bytes) -> Case:
        """The case these bytes mean, `sizes` of them each."""
        state = self._held(self._odd(held, 0), edits)
        return Case(self._odd(first, 0), self._odd(second, 0), self._clean(clean, 0), state.focus, state.rest)

    def _held(self, native: Record, edits: bytes) -> State:
        """What a system holds after it said `native`, and others did what they do. Nothing if that cannot be:
        the laws find the same with `first`."""
        try:
            state = self._mapping.put(native, EMPTY, self.ids)
        except Exception:  # noqa: BLE001 -- a broken mapping may raise anything, and the laws tell of it
            return EMPTY
        focus: dict[str, Any] = dict(state.focus)
        for bit, slot in enumerate(self._optional):
            if edits[0] >> bit & 1:
                focus.pop(slot, None)
        if edits[1] & 1:
            focus[ITEM] = with_foreign(focus[ITEM])
        focus = self._editor.edited(focus, edits[2:])
        return State(focus, None if edits[1] & 2 else state.rest)


def with_foreign(item: Resource) -> Resource:
    """The resource with content that no system of ours knows."""
    joined = {
        key: value if isinstance(value, str) else [*value, *item.get(key, ())]
        for key, value in FOREIGN.items()
    }
    return {**item, **joined}


def with_names(item: Resource) -> Resource:
    """The resource with an id on each element of each list, as another system may give them."""
    numbers = count()

    def named(value: Json, *, element: bool) -> Any:
        if isinstance(value, dict):
            parts = {key: named(inner, element=False) for key, inner in value.items()}
            return {"id": f"e{next(numbers)}", **parts} if element else parts
        return [named(inner, element=True) for inner in value] if isinstance(value, list) else value

    return dict(named(item, element=False))
