"""The CapabilityStatement, made from the same table that the routes read: what is really supported."""

from __future__ import annotations

from typing import Any

from gateway.api.fhir_types import KINDS, Kind
from mappings import canonical

DATE = "2026-11-21"
TYPES = {
    "_id": "token",
    "_lastUpdated": "date",
    "identifier": "token",
    "patient": "reference",
    "subject": "reference",
    "category": "token",
    "status": "token",
    "lifecycle-status": "token",
}
SECURITY = "OAuth 2 token (JWT): bound to the client's key by DPoP (RFC 9449), or a bearer token"
READING = ("read", "vread", "history-instance", "search-type")
WRITING = ("create", "update")


AUDIT: dict[str, Any] = {
    "type": "AuditEvent",
    "documentation": "Who did what with whose data, for those who oversee it.",
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "no-version",
    "searchParam": [{"name": "patient", "type": "reference"}, {"name": "date", "type": "date"}],
}


def statement(base: str) -> dict[str, Any]:
    """The statement of this server."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Stafettbro"},
        "implementation": {"description": "Stafettbro", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Every answer holds what the caller's system may see at that moment. A "
                "search names one patient.",
                "security": {"description": SECURITY},
                "resource": [*(_resource(kind) for kind in KINDS.values()), AUDIT],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def _parameter(kind: Kind, name: str) -> dict[str, Any]:
    own = kind.own.get(name)
    if own is None:
        return {"name": name, "type": TYPES[name]}
    definition = f"{canonical.BASE}/SearchParameter/{name}"
    return {"name": name, "definition": definition, "type": "token", "documentation": own.description}


def _resource(kind: Kind) -> dict[str, Any]:
    codes = (*READING, *(WRITING if kind.writable else ()))
    made: dict[str, Any] = {
        "type": kind.name,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update" if kind.writable else "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": kind.writable,
        "searchParam": [_parameter(kind, name) for name in kind.parameters],
    }
    if kind.includes:
        made["searchInclude"] = [f"{kind.name}:{name}" for name in kind.includes]
    return made
