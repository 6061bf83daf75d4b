"""What a FHIR server says it can do (CapabilityStatement), beside what the client rules need of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from adapters.contract import Finding, Record

NEEDED: Final = ("read", "create", "update", "search-type")


def findings(statement: Record, types: Sequence[str], *, history: bool = False) -> tuple[Finding, ...]:
    """One line for each thing that is wrong or weak; one that says all is well when nothing is. history: the
    types' histories are needed."""
    if statement.get("resourceType") != "CapabilityStatement":
        return (Finding("error", "Serveren svarer ikke med et CapabilityStatement på /metadata."),)
    needed = (*NEEDED, "history-type") if history else NEEDED
    found = [*_version(statement), *_types(statement, types, needed)]
    return tuple(found) or (Finding("ok", "FHIR R4-serveren kan det Stafettbro trenger."),)


def _version(statement: Record) -> Iterator[Finding]:
    version = str(statement.get("fhirVersion", "ukjent"))
    if not version.startswith("4.0."):
        yield Finding("error", f"Serveren sier at den bruker FHIR {version[:10]}; det må være R4 (4.0.1).")
    elif version != "4.0.1":
        yield Finding("warning", f"Serveren sier at den bruker FHIR {version[:10]}; 4.0.1 er ventet.")


def _types(statement: Record, types: Sequence[str], needed: Sequence[str]) -> Iterator[Finding]:
    server: Record = next((r for r in _dicts(statement.get("rest")) if r.get("mode") == "server"), {})
    known = {str(r.get("type")): r for r in _dicts(server.get("resource"))}
    if "Patient" not in known:
        yield Finding("error", "Serveren har ikke Patient; personer kan ikke gjenkjennes.")
    for kind in types:
        if kind not in known:
            yield Finding("warning", f"Serveren har ikke {kind}; slike poster kan ikke sendes dit.")
        else:
            yield from _abilities(kind, known[kind], needed)


def _abilities(kind: str, resource: Record, needed: Sequence[str]) -> Iterator[Finding]:
    able = {str(i.get("code")) for i in _dicts(resource.get("interaction"))}
    for code in needed:
        if code not in able:
            yield Finding("warning", f"Serveren oppgir ikke {code} for {kind}.")
    if resource.get("conditionalCreate") is not True:
        yield Finding(
            "warning", f"Serveren oppgir ikke betinget opprettelse for {kind}; gjentak kan gi dubletter."
        )
    if resource.get("versioning") != "versioned-update":
        text = f"Serveren oppgir ikke If-Match for {kind}; samtidige endringer kan gå tapt der."
        yield Finding("warning", text)


def _dicts(value: Any) -> list[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
