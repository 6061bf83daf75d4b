"""The search parameters as the contract shows them. What each type supports stands in the
CapabilityStatement; see fhir_query for how they are read."""

from __future__ import annotations

from typing import Any

from gateway.api.answers import FHIR_JSON

_ID = r"^[A-Za-z0-9\-.]{1,64}$"
_SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "patient": ("The one patient", {"type": "string", "pattern": r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$"}),
    "subject": ("The same as patient", {"type": "string", "pattern": r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$"}),
    "_id": ("Ids, with commas between", {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"}),
    "_lastUpdated": (
        "With eq, ge, gt, le or lt before it",
        {
            "type": "string",
            "pattern": r"^(eq|ge|gt|le|lt)?20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$",
        },
    ),
    "identifier": ("system|value; never a national id", {"type": "string", "minLength": 1, "maxLength": 300}),
    "category": ("code or system|code", {"type": "string", "minLength": 1, "maxLength": 300}),
    "status": ("code", {"type": "string", "minLength": 1, "maxLength": 100}),
    "lifecycle-status": ("code; of a Goal", {"type": "string", "minLength": 1, "maxLength": 100}),
    "nivaa": ("BTI level; of a CarePlan", {"type": "string", "minLength": 1, "maxLength": 100}),
    "bekymring": ("What worries; of a CarePlan", {"type": "string", "minLength": 1, "maxLength": 100}),
    "_include": ("As CarePlan:goal", {"type": "string", "example": "CarePlan:goal"}),
    "_sort": ("By time of change", {"type": "string", "enum": ["_lastUpdated", "-_lastUpdated"]}),
    "_count": ("At most this many on a page", {"type": "integer", "minimum": 0, "maximum": 200}),
    "_total": ("Whether to count", {"type": "string", "enum": ["none", "estimate", "accurate"]}),
    "_cursor": ("From a next link", {"type": "string", "pattern": _ID}),
}
PARAMETERS = [
    {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
    for name, (text, schema) in _SHAPES.items()
]
SEARCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {name: schema for name, (_, schema) in _SHAPES.items()},
                }
            }
        },
    }
}
RESOURCE_BODY = {
    "requestBody": {
        "required": True,
        "content": {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/Resource"}}},
    }
}
BUNDLE_BODY = {
    "requestBody": {
        "required": True,
        "content": {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/Bundle"}}},
    }
}
