"""The published contract, generated from the routes:
`python -m gateway.api.contract > openapi/stafettbro.json`.

A test fails when the file and the routes differ."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.api import (
    act_documents,
    conflict_documents,
    consent_documents,
    documents,
    identity_documents,
    recall_documents,
    receipt_documents,
    welfare_documents,
    work_documents,
)
from gateway.api.app import assemble
from gateway.api.documents import Answer, ProblemDetails

OPEN = ("/healthz", "/readyz")
METHODS = ("get", "post", "put", "patch", "delete")
REFERENCE = "#/components/schemas/{model}"
DOCUMENTED = (
    documents, act_documents, conflict_documents, consent_documents, identity_documents,
    recall_documents, receipt_documents, welfare_documents, work_documents,
)  # fmt: skip
SCHEMES = {  # each issuer's tokens are of one of these kinds, and count as no other
    "dpop": {
        "type": "http",
        "scheme": "DPoP",
        "bearerFormat": "JWT",
        "description": "A token bound to the client's key, with a proof in the header DPoP that is made for "
        'this one request (RFC 9449). A 401 with `error="use_dpop_nonce"` brings the nonce in DPoP-Nonce; so '
        "does each answer, for the next proof.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of an issuer that the installation takes bearer tokens from (RFC 6750).",
    },
}
OUTCOME = {
    "type": "object",
    "description": "FHIR R4 OperationOutcome",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code"],
                "properties": {
                    "severity": {"enum": ["fatal", "error", "warning", "information"]},
                    "code": {"type": "string"},
                    "details": {"type": "object"},
                    "diagnostics": {"type": "string"},
                    "expression": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
RESOURCE = {
    "type": "object",
    "description": "A FHIR R4 resource",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
}
BUNDLE = {
    "type": "object",
    "description": "A FHIR R4 Bundle",
    "required": ["resourceType", "type"],
    "properties": {
        "resourceType": {"const": "Bundle"},
        "type": {"type": "string"},
        "total": {"type": "integer", "minimum": 0},
        "link": {"type": "array", "items": {"type": "object"}},
        "entry": {"type": "array", "items": {"type": "object"}},
    },
}


def contract(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application."""
    document = app.openapi()
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_models(), OperationOutcome=OUTCOME, Resource=RESOURCE, Bundle=BUNDLE)
    parts["securitySchemes"] = SCHEMES
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                _mend(item[method], secured=path not in OPEN)
    return document


def _mend(operation: dict[str, Any], *, secured: bool) -> None:
    """What the generator cannot know: a parameter it cannot read is answered with 400, not with its 422."""
    operation["security"] = [{name: []} for name in SCHEMES] if secured else []
    for status, given in list(operation["responses"].items()):
        if "HTTPValidationError" in json.dumps(given):
            del operation["responses"][status]


def _models() -> dict[str, Any]:
    found: list[type[BaseModel]] = [
        model
        for module in DOCUMENTED
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Answer | ProblemDetails) and model is not Answer
    ]
    _, defined = models_json_schema(
        [(m, "serialization") for m in dict.fromkeys(found)], ref_template=REFERENCE
    )
    return dict(defined["$defs"])


def written(app: FastAPI) -> str:
    """The document as the file holds it."""
    return json.dumps(contract(app), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(assemble()))
