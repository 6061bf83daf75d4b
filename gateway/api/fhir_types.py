"""The resource types under /fhir and what each can be searched by. The CapabilityStatement and the routes
read the same table, so that it never claims more than there is. Types that no log or plan has are taken in,
kept and given back all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.model import Resource
from mappings.profiles.parameters import Parameter, parameters


@dataclass(frozen=True, slots=True)
class Kind:
    """One type. status: (search parameter, element); includes: search parameter -> path of its references.
    subject: whether `subject` is a parameter beside `patient`."""

    name: str
    status: tuple[str, str] | None = None
    category: bool = False
    patient: bool = True
    subject: bool = True
    writable: bool = False
    includes: Mapping[str, str] = field(default_factory=dict)

    @property
    def about(self) -> tuple[str, ...]:
        """Parameters that name the patient."""
        return (("patient", "subject") if self.subject else ("patient",)) if self.patient else ()

    @property
    def own(self) -> Mapping[str, Parameter]:
        """Parameters of our own, by name: what R4 cannot search by."""
        return {one.name: one for one in parameters() if self.name in one.on}

    @property
    def parameters(self) -> tuple[str, ...]:
        """Everything it can be searched by, controls aside."""
        common = (*self.about, *(("category",) if self.category else ()))
        state = (self.status[0],) if self.status else ()
        return ("_id", "_lastUpdated", "identifier", *common, *state, *self.own)


_ABOUT = {"subject": "subject", "patient": "subject"}
_OURS = (
    Kind(
        "Appointment",
        ("status", "status"),
        subject=False,
        writable=True,
        includes={
            "actor": "participant.actor",
            "patient": "participant.actor",
            "supporting-info": "supportingInformation",
        },
    ),
    Kind(
        "CarePlan",
        ("status", "status"),
        category=True,
        writable=True,
        includes={
            **_ABOUT,
            "goal": "goal",
            "activity-reference": "activity.reference",
            "care-team": "careTeam",
            "replaces": "replaces",
        },
    ),
    Kind(
        "CareTeam",
        ("status", "status"),
        category=True,
        writable=True,
        includes={**_ABOUT, "participant": "participant.member"},
    ),
    Kind(
        "Communication",
        ("status", "status"),
        category=True,
        writable=True,
        includes={
            **_ABOUT,
            "sender": "sender",
            "recipient": "recipient",
            "based-on": "basedOn",
            "part-of": "partOf",
        },
    ),
    Kind(
        "Consent",
        ("status", "status"),
        category=True,
        subject=False,
        writable=True,
        includes={
            "patient": "patient",
            "consentor": "performer",
            "actor": "provision.actor.reference",
            "data": "provision.data.reference",
            "source-reference": "sourceReference",
        },
    ),
    Kind(
        "DocumentReference",
        ("status", "status"),
        category=True,
        writable=True,
        includes={**_ABOUT, "author": "author", "related": "context.related"},
    ),
    Kind("Goal", ("lifecycle-status", "lifecycleStatus"), category=True, writable=True, includes=_ABOUT),
    Kind(
        "Observation",
        ("status", "status"),
        category=True,
        writable=True,
        includes={**_ABOUT, "focus": "focus", "based-on": "basedOn", "performer": "performer"},
    ),
    Kind("Patient", patient=False),
    Kind("PractitionerRole", patient=False),
    Kind("RelatedPerson", subject=False, includes={"patient": "patient"}),
    Kind(
        "ServiceRequest",
        ("status", "status"),
        category=True,
        writable=True,
        includes={
            **_ABOUT,
            "requester": "requester",
            "performer": "performer",
            "based-on": "basedOn",
            "replaces": "replaces",
        },
    ),
)
# Types about one patient that strangers may hand in. (type, whether `subject` names the patient)
_SUBJECTS = """AdverseEvent Basic ChargeItem ClinicalImpression CommunicationRequest Composition Condition
DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest Encounter Flag GuidanceResponse
ImagingStudy Invoice List MeasureReport Media MedicationAdministration MedicationDispense MedicationRequest
MedicationStatement Procedure QuestionnaireResponse RequestGroup RiskAssessment Specimen"""
_PATIENTS = """AllergyIntolerance BodyStructure Claim ClaimResponse Coverage CoverageEligibilityRequest
CoverageEligibilityResponse DetectedIssue Device EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory
Immunization ImmunizationEvaluation ImmunizationRecommendation MolecularSequence NutritionOrder
ResearchSubject SupplyDelivery Task VisionPrescription"""
_STRANGERS = (
    *(Kind(name, writable=True, includes=_ABOUT) for name in _SUBJECTS.split()),
    *(Kind(name, subject=False, writable=True) for name in _PATIENTS.split()),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (*_OURS, *_STRANGERS)}


def pointed(resource: Resource, path: str) -> Iterator[str]:
    """References at a path ("participant.member"), lists on the way opened."""
    yield from _follow(resource, path.split("."))


def _follow(value: Any, steps: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _follow(one, steps)
    elif isinstance(value, dict):
        if steps:
            yield from _follow(value.get(steps[0]), steps[1:])
        elif isinstance(value.get("reference"), str):
            yield value["reference"]


def codings(value: Any) -> Iterator[tuple[str | None, str | None]]:
    """(system, code) of a code, a CodeableConcept or a list of either."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        for one in value:
            yield from codings(one)
    elif isinstance(value, dict):
        for coding in value.get("coding", []):
            yield coding.get("system"), coding.get("code")
