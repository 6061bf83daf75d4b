"""What a mapping file leaves out, section by section: fields that stay with their system, codes without a
partner, places that two fields share, and what the other side does not get to see. Read from the declaration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mappings.lens.declaration import Field, SectionDeclaration, SystemDeclaration
from mappings.lens.views import IN_ERROR
from mappings.model import ITEM, Json
from mappings.trial.elements import bound_codes, elements, names

_SLOT_TYPES: Final = {"provenance": "Provenance"}


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing left out: which kind, the field or element it is about, and more in a few words."""

    kind: str
    name: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A field that is no object, and where it stands: slot, type of resource, and the whole way."""

    name: str
    field: Field
    slot: str
    resource: str
    way: str


KINDS: Final = {
    "unmapped": "stays with its system: no other one gets it",
    "shared place": "two fields fight for one place in FHIR",
    "shared code": "two native codes mean one FHIR code: FHIR alone gives back the first",
    "code unknown here": "FHIR codes that this system has no word for",
    "in extensions": "kept by any FHIR server, shown only by who knows the extension",
    "not shown": "elements of the FHIR resource that this system cannot show",
}


def gaps(declared: SystemDeclaration, section: SectionDeclaration) -> tuple[Gap, ...]:
    """Everything that the section leaves out."""
    places = tuple(_places(section, section.fields, ITEM, "", ""))
    return (
        *(Gap("unmapped", name) for name in _unmapped(section.fields, "")),
        *_shared_places(places),
        *(gap for place in places for gap in _codes(declared, place)),
        *(Gap("in extensions", p.name) for p in places if "extension(" in p.way or "extension{" in p.way),
        *_not_shown(section, places, declared),
    )


def _places(
    section: SectionDeclaration, fields: tuple[Field, ...], slot: str, above: str, name: str
) -> Iterator[Place]:
    """Every field that is no object, with the way to it; a list's star stays in the way."""
    for field in fields:
        here = field.slot or slot
        way = f"{above}.{field.to}" if above and field.to else above or field.to or ""
        own = f"{name}.{field.name}" if name else field.name
        if field.fields and (field.to is not None or field.slot is not None or not field.parts):
            yield from _places(section, field.fields, here, way, own)
        elif field.kind == "branch" or field.to is not None:
            yield Place(own, field, here, _resource(section, here), way)


def _resource(section: SectionDeclaration, slot: str) -> str:
    if slot == ITEM:
        return section.resource
    known = {one.name: one.resource for one in section.slots} | _SLOT_TYPES
    return known.get(slot, "Patient")


def _unmapped(fields: tuple[Field, ...], above: str) -> Iterator[str]:
    for field in fields:
        if field.fields:
            yield from _unmapped(field.fields, f"{above}{field.name}.")
        elif field.to is None and field.kind != "branch":
            yield f"{above}{field.name}"


def _shared_places(places: tuple[Place, ...]) -> Iterator[Gap]:
    by_place: dict[tuple[str, str], list[str]] = defaultdict(list)
    for place in places:
        if place.way and place.field.kind != "branch":
            by_place[place.slot, place.way].append(place.name)
    for (_, way), sharing in by_place.items():
        if len(sharing) > 1:
            yield Gap("shared place", " and ".join(sharing), way)


def _codes(declared: SystemDeclaration, place: Place) -> Iterator[Gap]:
    field = place.field
    if field.kind == "code":
        table = declared.codes[field.codes or ""]
        yield from _shared_codes(place.name, table.items())
        yield from _unknown(place.name, bound_codes(place.resource, place.way), set(table.values()))
    elif field.kind == "branch":
        rows = declared.branches[field.codes or ""]
        yield from _shared_codes(
            place.name, ((code, repr(sorted(_writes(row).items(), key=str))) for code, row in rows.items())
        )
        for way, known in _known_at(rows.values()).items():
            whole = f"{place.way}.{way}" if place.way else way
            yield from _unknown(place.name, bound_codes(place.resource, whole), known)


def _shared_codes(name: str, rows: Iterable[tuple[Json, str]]) -> Iterator[Gap]:
    natives: dict[str, list[str]] = defaultdict(list)
    for native, code in rows:
        natives[code].append(str(native))
    for code, sharing in natives.items():
        if len(sharing) > 1:
            yield Gap("shared code", name, f"{' and '.join(sharing)} = {code}")


def _unknown(name: str, allowed: frozenset[str], known: set[str]) -> Iterator[Gap]:
    missing = allowed - known - {IN_ERROR}
    if missing:
        yield Gap("code unknown here", name, ", ".join(sorted(missing)))


def _writes(row: Json) -> dict[str, Json]:
    return {way: value for way, value in row.items() if way != "also"}


def _known_at(rows: Iterable[Json]) -> dict[str, set[str]]:
    """way -> the codes that some row writes there or is known by."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for form in (_writes(row), *row.get("also", ())):
            for way, value in form.items():
                if isinstance(value, str):
                    found[way].add(value)
    return found


def _not_shown(
    section: SectionDeclaration, places: tuple[Place, ...], declared: SystemDeclaration
) -> Iterator[Gap]:
    shown = {names(p.way)[0] for p in places if p.slot == ITEM and names(p.way)}
    shown |= {n for p in places if p.slot == ITEM for n in _branch_elements(declared, p)}
    shown |= {*section.template, *(names(way)[0] for way in section.ensure)}
    shown |= {names(section.kind[0])[0]} if section.kind else set()
    shown |= {slot.link for slot in section.slots if slot.link}
    if any(p.way == "" and p.field.kind != "branch" for p in places):  # value[x]
        shown |= {name for name in elements(section.resource) if name.startswith("value")}
    left = [name for name in elements(section.resource) if name not in shown]
    if left:
        yield Gap("not shown", section.resource, ", ".join(left))


def _branch_elements(declared: SystemDeclaration, place: Place) -> Iterator[str]:
    if place.field.kind == "branch" and not place.way:
        for way in _known_at(declared.branches[place.field.codes or ""].values()):
            yield names(way)[0]
