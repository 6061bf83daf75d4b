"""An entry of the audit as FHIR tells it: AuditEvent (R4) after the patterns of IHE BALP (Basic Audit Log
Patterns 1.1), where one fits. Ids, codes and times; it reads nothing and decides nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from gateway.config import Settings, System
from gateway.hub.audit.entries import Kind, Outcome
from gateway.hub.audit.listing import Looked
from mappings.canonical import ENH, identifier_system

PREFIX: Final = "audit-"  # of the ids of these; those of systems are elsewhere
PATTERN: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
EVENT: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
PART: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TYPES: Final = "http://hl7.org/fhir/resource-types"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
OUTCOMES: Final = {Outcome.DONE: "0", Outcome.REFUSED: "4", Outcome.FAILED: "8"}
Codes = tuple[tuple[str, str, str], tuple[str, str, str] | None, str]
# type, subtype and action of each kind.
CODES: Final[dict[Kind, Codes]] = {
    Kind.READ: ((EVENT, "rest", "Restful Operation"), (INTERACTION, "read", "read"), "R"),
    Kind.SEARCH: ((EVENT, "rest", "Restful Operation"), (INTERACTION, "search", "search"), "E"),
    Kind.DISCLOSURE: (
        (DICOM, "110106", "Export"),
        (LIFECYCLE, "disclose", "Disclose Record Lifecycle Event"),
        "R",
    ),
    Kind.DECISION: ((DICOM, "110110", "Patient Record"), None, "U"),
    Kind.EMERGENCY: (
        (DICOM, "110113", "Security Alert"),
        (DICOM, "110127", "Emergency Override Started"),
        "E",
    ),
    Kind.LOGIN: ((DICOM, "110114", "User Authentication"), (DICOM, "110122", "Login"), "E"),
    Kind.CONFIGURATION: (
        (DICOM, "110113", "Security Alert"),
        (DICOM, "110129", "Security Configuration"),
        "U",
    ),
    Kind.OPERATION: ((DICOM, "110100", "Application Activity"), None, "E"),
}
LOGGED_OUT: Final = (DICOM, "110123", "Logout")
SOURCE: Final = (DICOM, "110153", "Source Role ID")  # where data comes from; of a search, who asks
DESTINATION: Final = (DICOM, "110152", "Destination Role ID")


@dataclass(frozen=True, slots=True)
class Rendering:
    """Renders for one installation. base: its own address under /fhir."""

    settings: Settings
    base: str

    def event(self, one: Looked) -> dict[str, Any]:
        """The resource."""
        kind, subtype, action = CODES[one.kind]
        if one.action == "logged out":
            subtype = LOGGED_OUT
        profile = pattern(one)
        made: dict[str, Any] = {
            "resourceType": "AuditEvent",
            "id": f"{PREFIX}{one.number}",
            **({"meta": {"profile": [f"{PATTERN}{profile}"]}} if profile else {}),
            "type": coding(*kind),
            **({"subtype": [coding(*subtype)]} if subtype else {}),
            "action": action,
            "recorded": one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "outcome": OUTCOMES[one.outcome],
        }
        if one.outcome is not Outcome.DONE:
            made["outcomeDesc"] = one.state or str(one.details.get("code") or one.details.get("status") or "")
        if one.kind is Kind.EMERGENCY:
            made["purposeOfEvent"] = [{"coding": [coding(REASON, "ETREAT", "Emergency Treatment")]}]
        made["agent"] = list(self._agents(one))
        made["source"] = {"observer": self._ourselves()}
        made["entity"] = list(_entities(one))
        return {name: value for name, value in made.items() if value not in ([], "")}

    def _ourselves(self) -> dict[str, Any]:
        return {"identifier": {"system": "urn:ietf:rfc:3986", "value": self.base}, "display": "Stafettbro"}

    def _agents(self, one: Looked) -> Iterator[dict[str, Any]]:
        """The other, we ourselves, and who it was of the other where that is known."""
        searched = one.kind is Kind.SEARCH
        rest = one.kind in (Kind.READ, Kind.SEARCH, Kind.DISCLOSURE)
        other, own = (SOURCE, DESTINATION) if searched else (DESTINATION, SOURCE)
        asked = one.kind is not Kind.DISCLOSURE
        person = one.client is not None and one.client.startswith(("PractitionerRole/", "RelatedPerson/"))
        if rest or one.system or one.client:
            yield {
                **({"type": {"coding": [coding(*other)]}} if rest else {}),
                "who": self._who(one),
                "requestor": asked and not person,
                **({"network": self._place(one.system)} if rest else {}),
            }
        yield {
            **({"type": {"coding": [coding(*own)]}} if rest else {}),
            "who": self._ourselves(),
            "requestor": not asked,
            **({"network": {"address": self.base, "type": "5"}} if rest else {}),
        }
        if person:
            recipient = coding(PART, "IRCP", "information recipient")
            yield {"type": {"coding": [recipient]}, "who": {"reference": one.client}, "requestor": True}

    def _who(self, one: Looked) -> dict[str, Any]:
        system = self._system(one.system)
        if system is not None:
            return {"identifier": {"system": ENH, "value": system.organization}, "display": system.id}
        own = one.system or one.client or "unknown"
        return {"identifier": {"system": identifier_system("client"), "value": own}}

    def _place(self, name: str | None) -> dict[str, Any]:
        """Where the other is. The address somebody comes from is not kept: it would tell where people are."""
        system = self._system(name)
        if system is not None and system.url:
            return {"address": system.url, "type": "5"}
        return {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}

    def _system(self, name: str | None) -> System | None:
        return self.settings.system(name) if name else None


def pattern(one: Looked) -> str | None:
    """The pattern of BALP that it follows; none for what failed, which the patterns leave to others."""
    if one.kind is Kind.DISCLOSURE and one.person and one.items:
        return "PrivacyDisclosure.Source"
    if one.outcome is not Outcome.DONE:
        return None
    if one.kind is Kind.SEARCH:
        return "PatientQuery" if one.person else "Query"
    if one.kind is Kind.READ and one.person and len(one.items) == 1:
        return "PatientRead"
    return None


def _entities(one: Looked) -> Iterator[dict[str, Any]]:
    if one.person is not None:
        yield {
            "what": {"reference": f"Patient/{one.person}"},
            "type": coding(ENTITY, "1", "Person"),
            "role": coding(ROLE, "1", "Patient"),
        }
    if one.kind is Kind.SEARCH:
        query = b64encode(one.action.encode()).decode()  # what was looked for might be a national id
        role = coding(ROLE, "24", "Query")
        yield {"type": coding(ENTITY, "2", "System Object"), "role": role, "query": query}
    single = len(one.items) == 1 and one.kind is Kind.READ
    for ref, version in one.items:
        yield {
            "what": {"reference": f"{ref}/_history/{version}" if version else ref},
            "type": coding(ENTITY, "2", "System Object")
            if single
            else coding(TYPES, ref.partition("/")[0], ref.partition("/")[0]),
            "role": coding(ROLE, "4", "Domain Resource"),
        }
    if one.kind not in (Kind.READ, Kind.SEARCH, Kind.DISCLOSURE):
        yield _about(one)


def _about(one: Looked) -> dict[str, Any]:
    """What was done to what, where no resource was told."""
    known = one.subject is not None and one.subject.startswith("Consent/")
    named = {"identifier": {"system": identifier_system("audit"), "value": one.subject}}
    what = {"reference": one.subject} if known else named if one.subject else None
    detail = [
        {"type": name, "valueString": value if isinstance(value, str) else ", ".join(map(str, value))}
        for name, value in one.details.items()
        if isinstance(value, (str, list)) and value
    ]
    return {
        **({"what": what} if what else {}),
        "type": coding(TYPES, "Consent", "Consent") if known else coding(ENTITY, "2", "System Object"),
        "role": coding(ROLE, "4", "Domain Resource"),
        "name": one.action,
        **({"detail": detail} if detail else {}),
    }


def coding(system: str, code: str, display: str) -> dict[str, str]:
    """A Coding."""
    return {"system": system, "code": code, "display": display}
