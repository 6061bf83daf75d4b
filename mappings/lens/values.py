"""Lenses for single values: how a native text, date, code or reference looks as one FHIR leaf.

A lens never fails: what FHIR cannot hold becomes the nearest it can, or nothing, and the residue keeps the
written form. Whether a native value is acceptable at all is decided before, in checks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mappings import canonical
from mappings.lens.times import fhir_time
from mappings.model import Ids, Json

Get = Callable[[Json, Ids], Json]  # FHIR node -> native value; None: nothing
Put = Callable[[Json, Json, Ids], Json]  # FHIR node, native value (None: none) -> new node


@dataclass(frozen=True, slots=True)
class Lens:
    """One native value and its place in FHIR."""

    get: Get
    put: Put


_CONTROL: Final = {c: None for c in range(32) if c not in (9, 10, 13)} | {0x7F: None}
_HAS_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CODE: Final = re.compile(r"[^\s]+( [^\s]+)*")
ORGANIZATION_NUMBER: Final = re.compile(r"[0-9]{9}")


def _same(node: Json, _: Ids) -> Json:
    return node


def _leaf(convert: Callable[[Json], Json]) -> Lens:
    return Lens(get=_same, put=lambda _, value, __: None if value is None else convert(value))


def _text(value: Json) -> Json:
    if _HAS_CONTROL.search(value):
        value = value.translate(_CONTROL)
    return value if value and not value.isspace() else None


def is_blank(value: Json) -> bool:
    """A text with nothing in it that FHIR could hold."""
    return isinstance(value, str) and _text(value) is None


def _token(value: Json) -> Json:
    return value if _CODE.fullmatch(value) and not _HAS_CONTROL.search(value) else None


def _uri(value: Json) -> Json:
    return value if value and not re.search(r"\s", value) else None


def _base64(value: Json) -> Json:
    try:
        return base64.b64encode(base64.b64decode(value)).decode("ascii") or None
    except (binascii.Error, ValueError):
        return None


def coded(table: Mapping[Json, str]) -> Lens:
    """A code table: native value -> FHIR code. What the table does not know is not seen."""
    back = {code: native for native, code in table.items()}
    return Lens(
        get=lambda node, _: back.get(node) if isinstance(node, str) else None,
        put=lambda _, value, __: None if value is None else table.get(value),
    )


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


_RECORD: Final = canonical.identifier_system("record/")


def _elsewhere_get(node: Json, _: Ids) -> Json:
    system = node.get("system") or ""
    if not system.startswith(_RECORD) or not node.get("value"):
        return None
    return {"system": system.removeprefix(_RECORD), "id": node["value"]}


def _elsewhere_put(_: Json, value: Json, __: Ids) -> Json:
    if value is None or not value.get("id") or _uri(value.get("system") or "") is None:
        return None
    return {"system": _RECORD + value["system"], "value": value["id"]}


def _given_get(node: Json, _: Ids) -> Json:
    """Given names as one text: FHIR may hold them apart."""
    return node if isinstance(node, str) else " ".join(part for part in node if part) or None


def _given_put(_: Json, value: Json, __: Ids) -> Json:
    kept = None if value is None else _text(value)
    return None if kept is None else [kept]


_SCALARS: Final = {str: "valueString", bool: "valueBoolean", int: "valueInteger"}


def _scalar_get(node: Json, _: Ids) -> Json:
    return next((node[name] for name in _SCALARS.values() if name in node), None)


def _scalar_put(node: Json, value: Json, _: Ids) -> Json:
    rest = {k: v for k, v in (node or {}).items() if k not in _SCALARS.values()}
    name = _SCALARS.get(type(value))
    kept = _text(value) if name == "valueString" else value
    if name == "valueInteger" and not -(2**31) <= value < 2**31:
        kept = None
    return {**rest, name: kept} if name and kept is not None else rest or None


KINDS: Final[Mapping[str, Lens]] = {
    "text": _leaf(_text),
    "date": _leaf(lambda value: value),
    "moment": _leaf(fhir_time),
    "time": _leaf(fhir_time),
    "boolean": _leaf(lambda value: value),
    "token": _leaf(_token),
    "uri": _leaf(_uri),
    "base64": _leaf(_base64),
    "fnr": _leaf(_text),
    "dnr": _leaf(_text),
    "fhn": _leaf(_text),
    "orgnr": _leaf(_text),
    "ref": Lens(_native_of, _reference),
    "mention": Lens(_native_of, _reference),
    "named": Lens(_native_of, _named),
    "writer": Lens(_native_of, _writer),
    "frame": Lens(_native_of, _reference),
    "given": Lens(_given_get, _given_put),
    "elsewhere": Lens(_elsewhere_get, _elsewhere_put),
    "scalar": Lens(_scalar_get, _scalar_put),
}
