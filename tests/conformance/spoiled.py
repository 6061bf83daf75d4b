"""Resources spoiled on purpose, each in one way, so that it shows that the validator judges: by R4, by our
profiles, by the national ones, by required codes, and by what a reference leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mappings import canonical
from mappings.canonical import code_system, extension
from mappings.model import Resource
from tests.conformance.emitted import Emitted

SUBJECT: Final = {"reference": "Patient/p"}
SOUND: Final = "before it was spoiled"
PATIENT: Final[Resource] = {"resourceType": "Patient", "id": "p", "birthDate": "2015-05-17"}
GOAL: Final[Resource] = {
    "resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Sove"},
    "subject": SUBJECT,
}  # fmt: skip
EVALUATION: Final[Resource] = {
    "resourceType": "Observation", "id": "o", "status": "final", "subject": SUBJECT,
    "category": [{"coding": [{"system": canonical.ENTRY_KIND, "code": "evaluering"}]}],
    "code": {"text": "Evaluering"}, "focus": [{"reference": "Goal/g"}],
}  # fmt: skip
DOCUMENT: Final[Resource] = {
    "resourceType": "DocumentReference", "id": "d", "status": "current", "subject": SUBJECT,
    "content": [{"attachment": {"contentType": "text/plain", "data": "YQ=="}}],
}  # fmt: skip
PLAN: Final = {"coding": [{"system": canonical.DOCUMENT_TYPE, "code": "A02-2"}]}
OWN_TYPE: Final = {"coding": [{"system": code_system("dokumentslag"), "code": "annet"}]}
WRONG_RESULT: Final = {"coding": [{"system": code_system("maalresultat"), "code": "god"}]}


def _with(resource: Resource, **changed: Any) -> Resource:
    return {**resource, **changed}


# what was done -> the resource, and a part of the id or text of what must be said of it
SPOILED: Final[dict[str, tuple[Resource, str]]] = {
    "an element is missing": (
        {k: v for k, v in GOAL.items() if k != "subject"},
        "Validation_VAL_Profile_Minimum",
    ),
    "an element R4 does not have": (_with(GOAL, farge="blaa"), "Unrecognized property"),
    "a code beyond R4's required ones": (_with(GOAL, lifecycleStatus="paagaar"), "Terminology_TX_NoValid_16"),
    "a period that ends before it starts": (
        {
            **{k: v for k, v in EVALUATION.items() if k != "effectiveDateTime"},
            "effectivePeriod": {"start": "2026-02-02", "end": "2026-02-01"},
        },
        "Period#per-1",
    ),
    "an evaluation of nothing": (
        {k: v for k, v in EVALUATION.items() if k != "focus"},
        "Validation_VAL_Profile_Minimum",
    ),
    "a result that is none of ours": (
        _with(EVALUATION, valueCodeableConcept=WRONG_RESULT),
        "Terminology_TX_NoValid_1_CC",
    ),
    "a document type that is not national": (_with(DOCUMENT, type=OWN_TYPE), "Terminology_TX_NoValid_1_CC"),
    "a national document type that does not exist": (
        _with(DOCUMENT, type={"coding": [{"system": canonical.DOCUMENT_TYPE, "code": "A99-9"}]}),
        "Terminology_TX_NoValid_1_CC",
    ),
    "an extension that nobody declared": (
        _with(GOAL, extension=[{"url": extension("farge"), "valueCode": "blaa"}]),
        "Extension_EXT_Unknown_NotHere",
    ),
    "an extension where it does not belong": (
        _with(GOAL, extension=[{"url": extension("nivaa"), "valueCoding": {"code": "2"}}]),
        "Extension_EXTP_Context_Wrong",
    ),
    "an extension with another value": (
        _with(GOAL, extension=[{"url": extension("egne-ord"), "valueInteger": 7}]),
        "Extension_EXT_Type",
    ),
    "a reference that leads to something else": (
        _with(EVALUATION, focus=[{"reference": "Patient/p"}]),
        "Reference_REF_",
    ),
}


def cases() -> Iterator[Emitted]:
    """Each in a set of its own, with what it refers to; and what they were before."""
    for what, (resource, _) in SPOILED.items():
        yield Emitted(what, what, resource)
        for other in (PATIENT, GOAL):
            if other["id"] != resource["id"]:
                yield Emitted(what, "beside it", other)
    for one in (PATIENT, GOAL, EVALUATION, DOCUMENT, _with(DOCUMENT, id="ip", type=PLAN)):
        yield Emitted(SOUND, SOUND, one)
