"""What FHIR R4 says of an element, by the models of fhir.resources: which elements a resource has, and which
codes a required binding allows.
"""

from __future__ import annotations

import re
import typing
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class

_NAME: Final = re.compile(r"([A-Za-z_]+)(?:\[0\]|\([^()]*\)|<[^<>]*>|\{[^{}]*\})?\*?(?:\.|$)")
_EVERYWHERE: Final = frozenset(
    ("id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension")
)


def names(way: str) -> tuple[str, ...]:
    """The names of the elements that a way passes."""
    return tuple(_NAME.findall(way))


def elements(resource: str) -> tuple[str, ...]:
    """The elements of a type of resource, without those that every type has."""
    model = _model(resource)
    sequence = [] if model is None else model.elements_sequence()
    return tuple(name for name in sequence if name not in _EVERYWHERE)


def bound_codes(resource: str, way: str) -> frozenset[str]:
    """The codes that R4 allows at a place; none where it does not bind them."""
    model = _model(resource)
    found: frozenset[str] = frozenset()
    for name in names(way):
        known = None if model is None else model.model_fields.get(name)
        if known is None:
            return frozenset()
        found = frozenset((known.json_schema_extra or {}).get("enum_values", ()))
        model = _model(_type_of(known.annotation))
    return found


def _type_of(annotation: Any) -> str:
    """The name of the type inside Optional and List."""
    inner = [one for one in typing.get_args(annotation) if one is not type(None)]
    if inner:
        return _type_of(inner[0])
    return str(getattr(annotation, "__name__", "")).removesuffix("Type")


def _model(name: str) -> Any:
    try:
        return get_fhir_model_class(name)
    except (KeyError, ValueError):  # no type of that name
        return None
