"""Whether a resource has the shape of FHIR R4, by the models of fhir.resources. Says where, never what."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

TYPES = (
    "Appointment",
    "Binary",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Consent",
    "DocumentReference",
    "Goal",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
)


def shape_faults(kind: str, body: bytes, resource: Any) -> list[tuple[str, str]]:
    """(expression, sentence) of each thing wrong with a resource of this type."""
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        return [("resourceType", f"The body is not a {kind}")]
    try:
        get_fhir_model_class(kind).model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        return [(".".join([kind, *map(str, fault["loc"])]), fault["msg"]) for fault in found]
    return []
