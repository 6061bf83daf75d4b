"""What BUP's demo FHIR server says it can do: exactly what fhir_rest does, no more."""

from __future__ import annotations

from typing import Any

from gateway.demo.fhir_shape import TYPES

INTERACTIONS = (
    "read",
    "vread",
    "update",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
PARAMETERS = (
    ("_id", "token"),
    ("_lastUpdated", "date"),
    ("identifier", "token"),
    ("patient", "reference"),
    ("subject", "reference"),
)


def capability() -> dict[str, Any]:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": {"name": "Demosystem: BUP"},
        "implementation": {"description": "Demosystem som står for BUPs eget journalsystem"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "interaction": [{"code": "history-system"}],
                "resource": [_resource(kind) for kind in TYPES],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": True,
        "searchParam": [{"name": name, "type": form} for name, form in PARAMETERS],
    }
