"""What someone writes under /fhir is R4, or is answered with the places where it is not."""

from __future__ import annotations

from typing import Any

from gateway.api.answers import Misshapen
from gateway.intake.fhir_faults import faults
from mappings.model import Resource

__all__ = ["check", "faults"]


def check(kind: str, resource: Any, place: str = "") -> Resource:
    """The resource, if it is a valid one of this type. place: expression of where it stands, in a Bundle.
    Raises Misshapen."""
    at = place or kind
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Misshapen([(f"{at}.resourceType", f"A resource of type {kind} is needed here")])
    found = faults(resource, at)
    if found:
        raise Misshapen(found)
    return resource
