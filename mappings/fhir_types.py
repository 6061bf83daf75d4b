"""What the mapping of FHIR servers must know of R4's resource types: which carry an identifier, and which
never travel by themselves. A test holds the tables against HL7's definitions."""

from __future__ import annotations

from typing import Final

SINGLE_IDENTIFIER: Final = frozenset(
    [
        "AdverseEvent",
        "Bundle",
        "Composition",
        "ConceptMap",
        "MedicinalProductIngredient",
        "QuestionnaireResponse",
        "SpecimenDefinition",
        "SubstanceSpecification",
        "TestReport",
        "TestScript",
    ]
)
WITHOUT_IDENTIFIER: Final = frozenset(
    [
        "AuditEvent",
        "Binary",
        "CapabilityStatement",
        "CompartmentDefinition",
        "GraphDefinition",
        "ImplementationGuide",
        "Linkage",
        "MedicationKnowledge",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductUndesirableEffect",
        "MessageHeader",
        "NamingSystem",
        "OperationDefinition",
        "OperationOutcome",
        "Parameters",
        "Provenance",
        "SearchParameter",
        "Subscription",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "TerminologyCapabilities",
        "VerificationResult",
    ]
)
NEVER_SENT: Final = frozenset({"AuditEvent", "Patient", "Provenance"})
WITHOUT_FRAME: Final = frozenset(
    {"Binary", "Bundle", "Location", "Organization", "Parameters", "Patient", "Practitioner"}
)
