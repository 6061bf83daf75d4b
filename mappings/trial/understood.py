"""What FHIR says of a record beside what the record says: required elements that have a code in the native
format ("status"), found by writing records that leave all but one field out. And records alike but for
their texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from mappings.lens.declaration import Field
from mappings.lens.residue import same
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, Ids, Json, MappingError, Record, State
from mappings.trial.records import barest

_LATER: Final = {
    "date": "2027-03-04",
    "moment": "2027-03-04",
    "time": "2027-03-04T05:06:07Z",
    "text": "noe annet",
    "given": "Noen Annen",
}


@dataclass(frozen=True, slots=True)
class Understood:
    """unmapped: paths of fields without a place in FHIR. extras: (path, value) of what FHIR always says."""

    unmapped: frozenset[str]
    extras: tuple[tuple[str, Json], ...]


def understood(mapping: SystemMapping, section: Section, ids: Ids) -> Understood:
    """What must be known to compare a record with what FHIR alone says of it."""
    unmapped = frozenset(_unmapped(section.declared.fields, ""))
    extras: list[tuple[str, Json]] = []
    for native in barest(mapping, section):
        try:
            said = mapping.get(State(mapping.put(native, EMPTY, ids).focus), ids)
        except (MappingError, TypeError, ValueError, KeyError, AttributeError):
            continue  # the laws meet the same record and tell of it
        extras.extend(one for one in _extras(native, said, "") if one not in extras)
    return Understood(unmapped, tuple(extras))


def unsaid(wanted: Json, said: Json, known: Understood, path: str = "", *, alone: bool = True) -> str | None:
    """The first path at which FHIR says something else than wanted; None if there is none. Unless wanted is
    `alone` in it, it may say more."""
    if isinstance(wanted, dict) and isinstance(said, dict):
        return next(_unsaid_members(wanted, said, known, path, alone), None)
    if isinstance(wanted, list) and isinstance(said, list) and len(wanted) == len(said):
        pairs = zip(wanted, said, strict=True)
        found = (unsaid(one, other, known, f"{path}[]", alone=alone) for one, other in pairs)
        return next((where for where in found if where is not None), None)
    return None if same(wanted, said) else path


def _unsaid_members(wanted: Record, said: Record, known: Understood, path: str, alone: bool) -> Iterator[str]:
    for key, value in wanted.items():
        inner = f"{path}.{key}" if path else key
        if inner in known.unmapped:
            continue
        where = unsaid(value, said[key], known, inner, alone=alone) if key in said else inner
        if where is not None:
            yield where
    for key in said.keys() - wanted.keys() if alone else ():
        inner = f"{path}.{key}" if path else key
        if not any(inner == name and same(said[key], value) for name, value in known.extras):
            yield inner


def restated(record: Record, fields: tuple[Field, ...]) -> Record:
    """The record with other texts, dates and times, and with the lists and codes it had."""
    declared = {field.name: field for field in fields}
    return {key: _later(declared.get(key), value) for key, value in record.items()}


def turned_round(record: Record, fields: tuple[Field, ...]) -> Record:
    """The record with its lists the other way round."""
    lists = {field.name for field in fields if field.many and field.separator is None}
    return {key: value[::-1] if key in lists else value for key, value in record.items()}


def _later(field: Field | None, value: Json) -> Any:
    if field is None or field.many or value in (None, "", [], {}):
        return value
    if field.fields and not field.parts:
        return restated(value, field.fields)
    return value if field.parts or field.form else _LATER.get(field.kind, value)


def _unmapped(fields: tuple[Field, ...], above: str) -> Iterator[str]:
    for field in fields:
        inner = f"{above}{field.name}"
        if field.fields and not field.parts:
            yield from _unmapped(field.fields, f"{inner}[]." if field.many else f"{inner}.")
        elif field.to is None and field.kind != "branch" and not field.fields:
            yield inner


def _extras(native: Json, said: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(native, dict) and isinstance(said, dict):
        for key, value in said.items():
            inner = f"{path}.{key}" if path else key
            if key in native:
                yield from _extras(native[key], value, inner)
            else:
                yield inner, value
    elif isinstance(native, list) and isinstance(said, list):
        for one, other in zip(native, said, strict=False):
            yield from _extras(one, other, f"{path}[]")
