"""Whether a resource has the shape of FHIR R4, by the models of fhir.resources, which are imported only
when asked for. Says where it has not, never what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from mappings import jsontext
from mappings.model import Json, Resource


def misshapen(resource: Resource) -> str | None:
    """The first place that is not R4, with the reason; None for a valid resource."""
    kind = str(resource.get("resourceType"))
    try:
        model = get_fhir_model_class(kind)
    except (KeyError, ValueError):
        return f"{kind}: no such type of resource"
    empty = next(_empty(resource, kind), None)
    if empty is not None:
        return f"{empty}: empty"
    try:
        model.model_validate_json(jsontext.encode(resource))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in (kind, *first["loc"]))
        return f"{place}: {first['type'].replace('_', ' ')}"
    return None


def _empty(value: Json, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        parts = [(f"{at}.{key}", inner) for key, inner in value.items()]
    elif isinstance(value, list):
        parts = [(f"{at}[{index}]", inner) for index, inner in enumerate(value)]
    else:
        parts = []
        if value in (None, ""):
            yield at
    if value in ({}, []):
        yield at
    for place, inner in parts:
        yield from _empty(inner, place)
