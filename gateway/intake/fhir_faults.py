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


def faults(resource: Resource, at: str = "") -> list[tuple[str, str]]:
    """(expression, what is wrong there) of everything that is not R4; nothing for a valid resource."""
    kind = str(resource.get("resourceType"))
    model = _model(kind)
    if model is None:
        return [(f"{at or 'Resource'}.resourceType", "no such type")]
    try:
        empty = list(islice(_empty(resource, at or kind), MOST_FAULTS))
        if empty:
            return [(place, "empty") for place in empty]
        model.model_validate_json(jsontext.encode(resource))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)[:MOST_FAULTS]
        return [(_expression(at or kind, one["loc"]), one["type"].replace("_", " ")) for one in found]
    except RecursionError:
        return [(at or kind, "nested too deeply")]
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


def _model(kind: str) -> type[BaseModel] | None:
    """The model of a resource type; None where there is no such type."""
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
