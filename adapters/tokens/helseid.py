"""What HelseID wants to know beside who calls: on whose behalf (the organization), and for the trust
framework in which care relationship. Values only; asks nobody.

Sources: HelseID, "organisasjonsnumre" (assertion_details, helseid_authorization) and the profile of the
trust framework (nhn:tillitsrammeverk:parameters), as its own client libraries write them; Volven 8655,
9060, 9151.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Purpose = Literal["TREAT", "COC", "ETREAT", "BTG"]
ENH: Final = "urn:oid:2.16.578.1.12.4.1.4.101"  # organization numbers
RESH: Final = "urn:oid:2.16.578.1.12.4.1.4.102"  # departments of health care
OF_SEVERAL: Final = "urn:oid:1.0.6523"  # parent and child in one value
PURPOSES: Final = "urn:oid:2.16.840.1.113883.1.11.20448"  # HL7 PurposeOfUse
PURPOSE_DETAILS: Final = "urn:oid:2.16.578.1.12.4.1.1.9151"
SERVICES: Final = "urn:oid:2.16.578.1.12.4.1.1.8655"
PROFESSIONS: Final = "urn:oid:2.16.578.1.12.4.1.1.9060"


@dataclass(frozen=True, slots=True)
class Trust:
    """The care relationship, as the trust framework names it. Departments are RESH ids, the others
    organization numbers; decision: the id of the local decision that this access rests on."""

    purpose: Purpose
    purpose_details: str
    healthcare_service: str
    profession: str
    legal_entity: str
    point_of_care: str
    department: str | None = None
    decision: str | None = None
    decision_by_user: bool = False
    patient_point_of_care: str | None = None
    patient_department: str | None = None


def organization(child: str | None, parent: str | None) -> dict[str, Any] | None:
    """The organization we call on behalf of: the unit alone, or (a client of several) with the one above
    it."""
    if parent is not None:
        value = f"NO:ORGNR:{parent}" + (f":{child}" if child else "")
        identifier = {"system": OF_SEVERAL, "type": "ENH", "value": value}
    elif child is not None:
        identifier = {"system": ENH, "type": "ENH", "value": child}
    else:
        return None
    role = {"organization": {"identifier": identifier}}
    return {"type": "helseid_authorization", "practitioner_role": role}


def trust_framework(trust: Trust) -> dict[str, Any]:
    """The attributes of the trust framework."""
    practitioner = {
        "authorization": {"code": trust.profession, "system": PROFESSIONS},
        "legal_entity": _unit(trust.legal_entity),
        "point_of_care": _unit(trust.point_of_care),
        **({"department": _department(trust.department)} if trust.department else {}),
    }
    relationship: dict[str, Any] = {
        "healthcare_service": {"code": trust.healthcare_service, "system": SERVICES},
        "purpose_of_use": {"code": trust.purpose, "system": PURPOSES},
        "purpose_of_use_details": {"code": trust.purpose_details, "system": PURPOSE_DETAILS},
    }
    if trust.decision is not None:
        relationship["decision_ref"] = {"id": trust.decision, "user_selected": trust.decision_by_user}
    patient = {
        **({"point_of_care": _unit(trust.patient_point_of_care)} if trust.patient_point_of_care else {}),
        **({"department": _department(trust.patient_department)} if trust.patient_department else {}),
    }
    return {
        "type": "nhn:tillitsrammeverk:parameters",
        "practitioner": practitioner,
        "care_relationship": relationship,
        "patients": [patient] if patient else [],
    }


def details(child: str | None, parent: str | None, trust: Trust | None) -> dict[str, Any]:
    """The claim of our assertion that carries all this; none where there is nothing to say."""
    rows = [organization(child, parent), trust_framework(trust) if trust else None]
    said = [row for row in rows if row is not None]
    return {"assertion_details": said} if said else {}


def _unit(number: str) -> dict[str, str]:
    return {"id": number, "system": ENH}


def _department(number: str) -> dict[str, str]:
    return {"id": number, "system": RESH}
