"""Address protection (B1), element by element: what of a FHIR resource reveals where the person lives or
goes.

A verdict only; redaction does the cutting. Source: folkeregister practice, bvl § 13-5, as law.md lists it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from consent.decision import Plan
from consent.names import ENH, NATIONAL_IDS, OURS
from consent.places import reveals

STRICT: Final = "strengtFortrolig"
WHOLLY: Final = frozenset({"Organization", "Location", "HealthcareService", "Endpoint", "Device"})
_ALWAYS: Final = frozenset(
    """
    address telecom contact photo position managingOrganization generalPractitioner serviceProvider
    custodian location locationReference locationCode organization onBehalfOf healthcareService endpoint
    managingEntity valueAddress valueContactPoint  hospitalization  signature entity
    """.split()  # noqa: SIM905 (a list of words)
)
_ATTACHMENTS: Final = frozenset(
    """
    attachment contentAttachment valueAttachment sourceAttachment
    """.split()  # noqa: SIM905 (a list of words)
)
_UNITS: Final = re.compile(r"(?:^|/)(?:Organization|Location|HealthcareService|Endpoint)/")
_UNIT_TYPES: Final = frozenset({"Organization", "Location", "HealthcareService", "Endpoint"})
_FREE: Final = frozenset(
    """
    text description title contentString valueString valueMarkdown comment patientInstruction note
    summary instruction reason topic label detail conclusion authorString alias name div display
    """.split()  # noqa: SIM905 (a list of words)
)
_CODED: Final = frozenset(
    """
    resourceType id reference system code version url uri status lifecycleStatus intent language
    contentType use type unit mode profile versionId lastUpdated family given prefix suffix birthDate
    gender priority hash
    """.split()  # noqa: SIM905 (a list of words)
)
_DATED: Final = re.compile(r"\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?)?)?$")


def cut(kind: str, key: str, value: Any) -> bool:
    """Whether an element goes out, whatever anyone releases. kind: the type of the resource it stands in."""
    if key in _ALWAYS or (kind == "Provenance" and key == "who") or key == "source":
        return True
    if key == "identifier":
        return not _kept_identifier(kind, value)
    if isinstance(value, dict):
        return _is_unit(value)
    return False


def held(kind: str, key: str, value: Any, plan: Plan, parent: str) -> bool:
    """Whether an element is held until the stafettholder releases it. parent: the key it stands under."""
    if key in _ATTACHMENTS or (kind == "Binary" and key == "data"):
        return True
    if not isinstance(value, str) or key in _CODED or _DATED.match(value):
        return False
    if parent == "name" or (parent == "meta" and key == "tag"):
        return False  # what people are called; a name of a unit is cut with the unit
    if reveals(value, plan.places):
        return True
    return plan.protection == STRICT and _by_people(key, value, parent)


def _by_people(key: str, value: str, parent: str) -> bool:
    """Whether it is text that somebody wrote, and not the display of a code."""
    if key == "display" and parent == "coding":
        return False
    return key in _FREE or " " in value.strip()


def _kept_identifier(kind: str, value: Any) -> bool:
    """The child's own national id names no place; a service code names a kind of service and no unit."""
    system = value.get("system") if isinstance(value, dict) else None
    if kind == "Patient" and system in NATIONAL_IDS:
        return True
    return bool(system == OURS.ids("tjeneste"))


def _is_unit(value: dict[str, Any]) -> bool:
    """Whether a reference leads to an organization or place, or names somebody only by an identifier."""
    kind = value.get("type")
    if isinstance(kind, str) and kind in _UNIT_TYPES and not _by_service(value):
        return True
    if isinstance(value.get("reference"), str) and _UNITS.search(value["reference"]):
        return True
    identifier = value.get("identifier")
    return isinstance(identifier, dict) and (
        identifier.get("system") == ENH
        or ("reference" not in value and not _by_service(value) and "resourceType" not in value)
    )


def _by_service(value: dict[str, Any]) -> bool:
    identifier = value.get("identifier")
    return isinstance(identifier, dict) and identifier.get("system") == OURS.ids("tjeneste")
