"""Names that FHIR resources of this project carry: our canonical base, extensions, code systems; and the
public identifier systems of HL7 Norway. One place, so that a name is written once."""

from __future__ import annotations

BASE = "https://stafettbro.no/fhir"  # a name, not an address; profiles are published under a configurable one


def extension(name: str) -> str:
    """Canonical URL of one of our extensions."""
    return f"{BASE}/StructureDefinition/{name}"


def code_system(name: str) -> str:
    """Canonical URL of one of our code systems."""
    return f"{BASE}/CodeSystem/{name}"


def value_set(name: str) -> str:
    """Canonical URL of one of our value sets."""
    return f"{BASE}/ValueSet/{name}"


def identifier_system(name: str) -> str:
    """Identifier system for ids that are ours ("item") or a connected system's own ("record/<system>")."""
    return f"{BASE}/id/{name}"


FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
DNR = "urn:oid:2.16.578.1.12.4.1.4.2"
FHN = "urn:oid:2.16.578.1.12.4.1.4.3"
HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
DUF = "urn:oid:2.16.578.1.12.4.1.4.5"
ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
RESH = "urn:oid:2.16.578.1.12.4.1.4.102"
HER = "urn:oid:2.16.578.1.12.4.1.2"
NATIONAL_IDS = frozenset({FNR, DNR, FHN, DUF})

MIDDLE_NAME = "http://hl7.no/fhir/StructureDefinition/no-basis-middlename"
PARENTAL_RESPONSIBILITY = "http://hl7.no/fhir/CodeSystem/no-basis-parental-responsibility"
ADDRESS_CONFIDENTIALITY = "http://ehelse.no/fhir/CodeSystem/gd-address-confidentiality"
JOURNAL_ACCESS = "urn:oid:2.16.578.1.12.4.1.1.9603"  # Volven 9603: NORS, NORU, NORN_FORANS, NORN_UNGDOM
DOCUMENT_TYPE = "urn:oid:2.16.578.1.12.4.1.1.9602"  # Volven 9602
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"  # PSY, SDV, ETH, HIV
OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"  # REDACTED
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"  # R

TJENESTE = code_system("tjeneste")
CATEGORY = code_system("consent-category")
ENTRY_KIND = code_system("entry-kind")
BTI_LEVEL = code_system("bti-nivaa")
CONCERN = code_system("bekymring")
ROLE = code_system("rolle")
MARK = code_system("mark")  # meta.tag: "withdrawn" where a type has no entered-in-error status

BELONGS_TO = extension("belongs-to")  # valueReference to the CarePlan (log or plan) an item belongs to
THIRD_PERSON = extension("third-person")  # valueReference to the participant an item tells about
CONCERNS = extension("bekymring")
SEVERITY = extension("alvorlighet")
LEVEL = extension("nivaa")
LEVEL_HISTORY = extension("nivaahistorikk")  # sub-extensions nivaa, fra, til, begrunnelse
RECORDED_IN_ERROR = extension("feilregistrert")
CARE_PLAN_KIND = ENTRY_KIND  # CarePlan.category: "stafettlogg" or "individuell-plan"


def policy(name: str) -> str:
    """URI of one of our policies (Consent.policy.uri)."""
    return f"{BASE}/policy/{name}"
