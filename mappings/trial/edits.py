"""What other systems may do to a record's FHIR between two writes of ours: elements removed, values
changed, content of their own beside ours, the same said in another place. What comes out is FHIR as far as
its types go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from mappings.lens.assemble import Assembler
from mappings.lens.declaration import Field, SectionDeclaration
from mappings.lens.system import SystemMapping
from mappings.lens.ways import Way
from mappings.model import ITEM, Json, Resource
from mappings.trial.choices import Maker

Focus = dict[str, Resource]
Place = tuple[Any, Any, Json]  # container, key or index, value

_EDITS: Final = 3
_BYTES: Final = 6  # of one edit: what, which resource, where (2), how (2)
_FIXED: Final = frozenset({"resourceType", "id", "url"})
_NEEDED: Final = frozenset(  # a valid resource keeps them
    ("status", "lifecycleStatus", "intent", "subject", "patient", "code", "target", "agent", "who")
)
_MARK: Final = {"url": "http://example.org/e", "valueString": "x"}
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT.*")
_DATES: Final = ("2027-03-04", "2026-12-31")
_TIMES: Final = ("2027-03-04T05:06:07.80Z", "2026-12-31T23:59:59+01:00")
_TEXTS: Final = ("endret", "b", " ")
FOREIGN: Final[Resource] = {
    "language": "nb",
    "implicitRules": "http://example.org/rules",
    "identifier": [{"system": "urn:peer", "value": "17"}],
    "extension": [_MARK],
    "modifierExtension": [{"url": "http://example.org/m", "valueBoolean": False}],
}


class Editor:
    """Edits of the FHIR of one section's records."""

    def __init__(self, mapping: SystemMapping, section: SectionDeclaration) -> None:
        self._codes = _fhir_codes(mapping)
        self._moves = tuple(_moves(Assembler(mapping.declared), section))
        self.maker = Maker(_EDITS * _BYTES, self._bytes)

    def edited(self, focus: Focus, choices: bytes) -> Focus:
        """The focus after the edits that these bytes mean; the one given is not changed."""
        if not any(choices[i * _BYTES] for i in range(_EDITS)):
            return focus
        changed: Focus = {slot: _copy(resource) for slot, resource in focus.items()}
        for number in range(_EDITS):
            self._edit(changed, choices[number * _BYTES : (number + 1) * _BYTES])
        return {slot: _pruned(resource) for slot, resource in changed.items()}

    def _bytes(self, data: bytes, at: int) -> bytes:
        return data[at : at + _EDITS * _BYTES]

    def _edit(self, focus: Focus, choice: bytes) -> None:
        what, which, high, low, how, more = choice
        slots = sorted(focus, key=lambda slot: (slot != ITEM, slot))
        slot = slots[which % len(slots)] if which >= 128 else ITEM
        places = list(_places(focus[slot]))
        if what == 0 or not places:
            return
        place = places[(high << 8 | low) % len(places)]
        kind = what % 8
        if kind == 1:
            _remove(place)
        elif kind in (2, 3):
            self._change(place, how, more)
        elif kind in (4, 5):
            _add_beside(place, how)
        elif kind == 6:
            _repeat(place, how)
        elif self._moves:
            slot, source, target = self._moves[how % len(self._moves)]
            if slot in focus:
                focus[slot] = _moved(focus[slot], source, target)

    def _change(self, place: Place, how: int, more: int) -> None:
        container, key, value = place
        if isinstance(value, bool):
            container[key] = not value
        elif isinstance(value, int):
            container[key] = value + 1
        elif isinstance(value, str):
            container[key] = self._other_text(value, how, more)

    def _other_text(self, value: str, how: int, more: int) -> str:
        if _DATE.fullmatch(value):
            return _DATES[how % 2]
        if _TIME.fullmatch(value):
            return _TIMES[how % 2]
        pool = self._codes if value in self._codes else _TEXTS
        return pool[(how << 8 | more) % len(pool)]


def _fhir_codes(mapping: SystemMapping) -> tuple[str, ...]:
    """Every code the file knows in FHIR, and one that it does not."""
    codes = {code for table in mapping.declared.codes.values() for code in table.values()}
    for rows in mapping.declared.branches.values():
        codes |= {text for row in rows.values() for text in _texts(row) if re.fullmatch(r"[A-Za-z-]+", text)}
    return ("annet", *sorted(codes))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _moves(assembler: Assembler, section: SectionDeclaration) -> Iterator[tuple[str, Way, Way]]:
    """(slot, where a field is written, another place it is read from) of each field that has such places."""
    path = ("section", section.name)
    for slot, above, field in _flat(section.fields, ITEM, ""):
        for other in field.also:
            written, elsewhere = (f"{above}{text}" for text in (field.to or "", other))
            yield slot, assembler.way(written, path), assembler.way(elsewhere, path)


def _flat(fields: tuple[Field, ...], slot: str, above: str) -> Iterator[tuple[str, str, Field]]:
    for field in fields:
        yield field.slot or slot, above, field
        if field.fields and not field.many:
            yield from _flat(field.fields, field.slot or slot, f"{above}{field.to}." if field.to else above)


def _moved(resource: Resource, source: Way, target: Way) -> Resource:
    value = source.get(resource)
    if not isinstance(value, str):
        return resource
    moved: Resource = target.put(source.put(resource, None), value)
    return moved


def _places(node: Json) -> Iterator[Place]:
    """Every place below a resource that may be edited without leaving its type."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(items):
        if key not in _FIXED:
            yield node, key, value
        yield from _places(value)


def _remove(place: Place) -> None:
    container, key, _ = place
    if key not in _NEEDED:
        del container[key]


def _add_beside(place: Place, how: int) -> None:
    """Content of another system's: an extension, an element, a coding that comes first."""
    container, key, value = place
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value.insert(0 if how % 2 else len(value), _foreign_element(key))
    elif isinstance(value, dict):
        value["extension"] = [*value.get("extension", ()), dict(_MARK)]
    elif isinstance(container, dict):
        container[f"_{key}"] = {"extension": [dict(_MARK)]}


def _foreign_element(key: Json) -> Resource:
    if key == "coding":
        return {"system": "urn:peer", "code": "17"}
    return dict(_MARK) if key in ("extension", "modifierExtension") else {"extension": [dict(_MARK)]}


def _repeat(place: Place, how: int) -> None:
    """A list turned round, or with one element twice."""
    value = place[2]
    if isinstance(value, list) and how % 2:
        value.reverse()
    elif isinstance(value, list) and value:
        value.append(_copy(value[how // 2 % len(value)]))


def _copy(value: Json) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _pruned(value: Json) -> Any:
    """Without the empty objects and lists that removal leaves: FHIR has none."""
    if isinstance(value, dict):
        kept = {key: _pruned(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ({}, [])}
    if isinstance(value, list):
        return [inner for inner in map(_pruned, value) if inner not in ({}, [])]
    return value
