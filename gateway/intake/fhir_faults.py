"""Whether a resource has the shape of FHIR R4, by the models of fhir.resources. Only a judge: the hub keeps
the raw JSON. Says where something is wrong, never what stood there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.resource import Resource as FhirResource
from pydantic import BaseModel, ValidationError

from gateway import jsontext
from mappings.model import Resource

MOST_FAULTS: Final = 20
_ABSTRACT: Final = {"Resource", "DomainResource"}


def faults(resource: Resource, at: str = "") -> list[tuple[str, str]]:
    """(expression, what is wrong there) of everything that is not R4; nothing for a valid resource."""
    kind = resource.get("resourceType")
    model = _model(kind)
    if model is None:
        return [(f"{at or 'Resource'}.resourceType", "no such type")]
    try:
        empty = list(islice(_empty(resource, at or str(kind)), MOST_FAULTS))
        if empty:
            return [(place, "empty") for place in empty]
        untyped = list(islice(_untyped(resource, at or str(kind)), MOST_FAULTS))
        if untyped:
            return [(f"{place}.resourceType", why) for place, why in untyped]
        model.model_validate_json(jsontext.encode(resource))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)[:MOST_FAULTS]
        return [(_expression(at or str(kind), one["loc"]), one["type"].replace("_", " ")) for one in found]
    except RecursionError:
        return [(at or str(kind), "nested too deeply")]
    return []


def _empty(value: Any, at: str) -> Iterator[str]:
    """Places that FHIR JSON does not have and the models let pass: null, and elements without content. In a
    list a null may stand for a primitive that has only extensions."""
    if isinstance(value, dict):
        if not value:
            yield at
        for name, part in value.items():
            if part is None:
                yield f"{at}.{name}"
            else:
                yield from _empty(part, f"{at}.{name}")
    elif isinstance(value, list):
        if not value:
            yield at
        for place, part in enumerate(value):
            yield from _empty(part, f"{at}[{place}]")


def _untyped(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Resources within this one that are of no type there is: the models look theirs up and break."""
    if isinstance(value, dict):
        if "resourceType" in value and _model(value["resourceType"]) is None:
            yield at, "no such type"
        contained = value.get("contained")
        for place, part in enumerate(contained if isinstance(contained, list) else ()):
            if isinstance(part, dict) and "resourceType" not in part:
                yield f"{at}.contained[{place}]", "missing"
        for name, part in value.items():
            yield from _untyped(part, f"{at}.{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _untyped(part, f"{at}[{place}]")


def _model(kind: Any) -> type[BaseModel] | None:
    """The model of a resource type; None where there is no such type, or nothing can be of it."""
    if not isinstance(kind, str) or kind in _ABSTRACT:
        return None
    try:
        found = get_fhir_model_class(kind)
    except ValueError:
        return None
    return found if issubclass(found, FhirResource) else None


def _expression(at: str, location: tuple[int | str, ...]) -> str:
    text = at
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text
