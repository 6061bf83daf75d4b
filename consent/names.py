"""Names of FHIR systems and marks that this library reads and writes: the public ones, and the project's own
under a base that whoever uses the library may choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
REDACTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
}
NATIONAL_IDS: Final = frozenset(f"urn:oid:2.16.578.1.12.4.1.4.{n}" for n in (1, 2, 3, 5))
ENH: Final = "urn:oid:2.16.578.1.12.4.1.4.101"  # organization number
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"
LOINC: Final = "http://loinc.org"
PRIVACY_CONSENT: Final = "59284-0"


@dataclass(frozen=True, slots=True)
class Names:
    """The project's own canonicals under a base; the base is a name, not an address."""

    base: str = "https://stafettbro.no/fhir"

    def extension(self, name: str) -> str:
        """An extension."""
        return f"{self.base}/StructureDefinition/{name}"

    def codes(self, name: str) -> str:
        """A code system."""
        return f"{self.base}/CodeSystem/{name}"

    def ids(self, name: str) -> str:
        """An identifier system."""
        return f"{self.base}/id/{name}"

    def policy(self, name: str) -> str:
        """A policy."""
        return f"{self.base}/policy/{name}"


OURS: Final = Names()
