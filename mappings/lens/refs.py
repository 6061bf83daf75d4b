"""Lenses for references: the id of another record of the same system, whoever wrote, who may be told. A name
without an id stands as a name and is never matched with anyone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mappings import canonical
from mappings.lens.values import Lens, text, uri
from mappings.lens.wording import Wording
from mappings.model import Ids, Json

ORGANIZATION_NUMBER: Final = re.compile(r"[0-9]{9}")


def _logical(system: str, value: str) -> Json:
    return {"identifier": {"system": canonical.identifier_system(f"record/{system}"), "value": value}}


def _native_of(node: Json, ids: Ids) -> Json:
    """The native id a FHIR Reference names in this system, literally or by this system's own identifier."""
    reference = node.get("reference")
    if reference is not None and not reference.startswith("Patient/"):  # a person is no record
        found = ids.natives.get(reference)
        if found is not None:
            return found
    identifier = node.get("identifier")
    if identifier and identifier.get("system") == canonical.identifier_system(f"record/{ids.system}"):
        return identifier.get("value")
    return None


def _reference(_: Json, value: Json, ids: Ids) -> Json:
    if value is None:
        return None
    known = ids.refs.get(value)
    return _logical(ids.system, value) if known is None else {"reference": known}


def _named(_: Json, value: Json, ids: Ids) -> Json:
    return None if value is None else _logical(ids.system, value)


def _writer(_: Json, value: Json, ids: Ids) -> Json:
    """Always someone: without a named writer the system itself."""
    if value is not None:
        return _logical(ids.system, value)
    return {"identifier": {"system": canonical.identifier_system("system"), "value": ids.system}}


def belonging(lens: Lens) -> Lens:
    """The log or plan a record belongs to: as the resource says, else where this system keeps the person."""
    return Lens(lambda node, ids: lens.get(node, ids) or ids.natives.get(ids.frame), lens.put)


def recipient(services: Mapping[Json, str]) -> Lens:
    """One who may be told: a service code, an organization number, or a participant's id."""
    service_system = canonical.identifier_system("tjeneste")

    def get(node: Json, ids: Ids) -> Json:
        identifier = node.get("identifier") or {}
        if identifier.get("system") in (service_system, canonical.ENH):
            return identifier.get("value")
        return _native_of(node, ids)

    def put(_: Json, value: Json, ids: Ids) -> Json:
        if value is None:
            return None
        if value in services:
            return {"type": "Organization", "identifier": {"system": service_system, "value": value}}
        if ORGANIZATION_NUMBER.fullmatch(value):
            return {"type": "Organization", "identifier": {"system": canonical.ENH, "value": value}}
        return _reference(_, value, ids)

    return Lens(get, put)


def by_cells(lens: Lens, wording: Wording) -> Lens:
    """A reference whose id is made of the value ({}) and other fields of the record."""

    def get(node: Json, ids: Ids) -> Json:
        return short_id(wording, lens.get(node, ids), ids.cells)

    def put(node: Json, value: Json, ids: Ids) -> Json:
        return lens.put(node, None if value is None else full_id(wording, value, ids.cells), ids)

    return Lens(get, put)


def full_id(wording: Wording, value: Json, cells: Mapping[str, Json]) -> Json:
    """The id that the value stands for in a record with these cells; without those, the value itself."""
    return wording.filled({**cells, "": value}) or value


def short_id(wording: Wording, own: Json, cells: Mapping[str, Json]) -> Json:
    """The value by which a record with these cells names that id; None: it cannot. An id of another form, as
    our own are, is a value by itself."""
    parts = wording.parts(own) if isinstance(own, str) else None
    if parts is None:
        return own
    if any(cells.get(name) != part for name, part in parts.items() if name):
        return None
    return parts[""]


def _display_get(node: Json, _: Ids) -> Json:
    return node.get("display")


def _display_put(_: Json, value: Json, __: Ids) -> Json:
    kept = None if value is None else text(value)
    return None if kept is None else {"display": kept}


def _writer_name_put(node: Json, value: Json, ids: Ids) -> Json:
    return _display_put(node, value, ids) or _writer(node, None, ids)


_RECORD: Final = canonical.identifier_system("record/")


def _elsewhere_get(node: Json, _: Ids) -> Json:
    system = node.get("system") or ""
    if not system.startswith(_RECORD) or not node.get("value"):
        return None
    return {"system": system.removeprefix(_RECORD), "id": node["value"]}


def _elsewhere_put(_: Json, value: Json, __: Ids) -> Json:
    if value is None or not value.get("id") or uri(value.get("system") or "") is None:
        return None
    return {"system": _RECORD + value["system"], "value": value["id"]}


REFERENCES: Final[Mapping[str, Lens]] = {
    "ref": Lens(_native_of, _reference),
    "mention": Lens(_native_of, _reference),
    "named": Lens(_native_of, _named),
    "writer": Lens(_native_of, _writer),
    "frame": Lens(_native_of, _reference),
    "display": Lens(_display_get, _display_put),
    "writer-name": Lens(_display_get, _writer_name_put),
    "elsewhere": Lens(_elsewhere_get, _elsewhere_put),
}
