"""Whether what someone writes under /fhir has the shape of FHIR R4, by the models of fhir.resources. Only a
judge: the hub keeps the raw JSON. Says where something is wrong, never what stood there."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway import jsontext
from gateway.api.answers import Misshapen
from mappings.model import Resource

MOST_FAULTS = 20


def check(kind: str, resource: Any, place: str = "") -> Resource:
    """The resource, if it is a valid one of this type. place: expression of where it stands, in a Bundle.
    Raises Misshapen."""
    at = place or kind
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Misshapen([(f"{at}.resourceType", f"A resource of type {kind} is needed here")])
    try:
        get_fhir_model_class(kind).model_validate_json(jsontext.encode(resource))
    except ValidationError as error:
        raise Misshapen(_faults(error, at)) from None
    return resource


def _faults(error: ValidationError, at: str) -> list[tuple[str, str]]:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [(_expression(at, one["loc"]), one["type"].replace("_", " ")) for one in found[:MOST_FAULTS]]


def _expression(at: str, location: tuple[int | str, ...]) -> str:
    text = at
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text
