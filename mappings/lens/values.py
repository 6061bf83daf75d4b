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

from mappings.lens.forms import date_form
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
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_CODE: Final = re.compile(r"[^\s]+( [^\s]+)*")


def _same(node: Json, _: Ids) -> Json:
    return node


def leaf(convert: Callable[[Json], Json]) -> Lens:
    """A value that stands in FHIR as it is, as far as FHIR can hold it."""
    return Lens(get=_same, put=lambda _, value, __: None if value is None else convert(value))


def text(value: Json) -> Json:
    """A text as FHIR can hold it: without control characters, and not blank."""
    if _HAS_CONTROL.search(value):
        value = value.translate(_CONTROL)
    return value if value and not value.isspace() else None


def is_blank(value: Json) -> bool:
    """A text with nothing in it that FHIR could hold."""
    return isinstance(value, str) and text(value) is None


def _token(value: Json) -> Json:
    return value if _CODE.fullmatch(value) and not _HAS_CONTROL.search(value) else None


def uri(value: Json) -> Json:
    """A URI, which has no spaces."""
    return value if value and not re.search(r"\s", value) else None


def _absolute(value: Json) -> Json:
    """A URI with a scheme: what FHIR asks of a system."""
    return value if _SCHEME.match(value) and uri(value) else None


def _base64(value: Json) -> Json:
    try:
        return base64.b64encode(base64.b64decode(value)).decode("ascii") or None
    except (binascii.Error, ValueError):
        return None


def coded(table: Mapping[Json, str]) -> Lens:
    """A code table: native value -> FHIR code. What the table does not know is not seen; of several words for
    one code the first is the one that is told."""
    back = {code: native for native, code in reversed(list(table.items()))}
    return Lens(
        get=lambda node, _: back.get(node) if isinstance(node, str) else None,
        put=lambda _, value, __: None if value is None else table.get(value),
    )


def dated(form: str, zone: str | None) -> Lens:
    """A date or time in the system's own writing."""
    known = date_form(form, zone)
    return Lens(
        get=lambda node, _: known.native(node) if isinstance(node, str) else None,
        put=lambda _, value, __: None if value is None else known.fhir(value),
    )


_SCALARS: Final = {str: "valueString", bool: "valueBoolean", int: "valueInteger"}


def _scalar_get(node: Json, _: Ids) -> Json:
    return next((node[name] for name in _SCALARS.values() if name in node), None)


def _scalar_put(node: Json, value: Json, _: Ids) -> Json:
    rest = {k: v for k, v in (node or {}).items() if k not in _SCALARS.values()}
    name = _SCALARS.get(type(value))
    kept = text(value) if name == "valueString" else value
    if name == "valueInteger" and not -(2**31) <= value < 2**31:
        kept = None
    return {**rest, name: kept} if name and kept is not None else rest or None


LEAVES: Final[Mapping[str, Lens]] = {
    "text": leaf(text),
    "date": leaf(lambda value: value),
    "moment": leaf(fhir_time),
    "time": leaf(fhir_time),
    "boolean": leaf(lambda value: value),
    "token": leaf(_token),
    "uri": leaf(_absolute),
    "base64": leaf(_base64),
    "fnr": leaf(text),
    "dnr": leaf(text),
    "fhn": leaf(text),
    "orgnr": leaf(text),
    "scalar": Lens(_scalar_get, _scalar_put),
}
