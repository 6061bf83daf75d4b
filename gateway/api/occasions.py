"""What the audit is to know of a request before its route begins: who calls, by which route, and whether it
looks for something. Names of routes and clients alone."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.hub.audit import occasion

API: Final = "api"
# Systems hand in what is theirs and fetch what is for them: what is told with that is written as disclosures.
# What consent does not gate stands in a store of its own, and leaves no trace in the hub.
UNWITNESSED: Final = scopes.UNGATED | {
    scopes.RECORDS_WRITE, scopes.RECORDS_READ, scopes.FHIR_WRITE, scopes.RECEIPTS_WRITE, scopes.METRICS_READ,
}  # fmt: skip
ABOUT_NOBODY: Final = frozenset({"/fhir/metadata"})
SEARCHES: Final = frozenset(
    {"/fhir/{type}", "/fhir/{type}/_search", "/worklist", "/worklist/search", "/notices", "/deviations",
     "/lanes", "/fhir/AuditEvent"}
)  # fmt: skip


def admitted(request: Request, caller: Caller, scope: str) -> None:
    """Note who calls, and by which route."""
    route = getattr(request.scope.get("route"), "path", "")
    here = occasion.at_hand()
    if here.source == API:
        occasion.asked_by(caller.tenant, caller.client_id, caller.system, f"{request.method} {route}")
        here.searching = route in SEARCHES
        here.silent = scope in UNWITNESSED or route in ABOUT_NOBODY
