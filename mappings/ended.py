"""The notice that sharing has ended, as a recipient gets it: whom it is about there, and which of what it
holds will not be brought up to date any more. No content. Pure; decides nothing.

Source: shared law.md, "Withdrawal" (the notice carries our identifier and no content).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mappings.canonical import BELONGS_TO, code_system
from mappings.lens.times import moment
from mappings.model import Json, Resource

VARSEL: Final = code_system("varsel")
ENDED: Final = "deling-avsluttet"
ALL: Final = "Delingen er avsluttet. Det dere har fra før, blir ikke oppdatert."
SOME: Final = "Delingen av noen av postene er avsluttet. Det dere har fra før av dem, blir ikke oppdatert."
_CATEGORY: Final = [{"coding": [{"system": VARSEL, "code": ENDED}]}]

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE: Final = re.compile(r"[A-Z][A-Za-z]{1,40}/[A-Za-z0-9\-.]{1,64}")


def notice(own: str, patient: str, about: Iterable[str], at: str) -> Resource:
    """As a FHIR server gets it. own: id of the notice; patient, about: hub references."""
    return {
        "resourceType": "Communication",
        "id": own,
        "status": "completed",
        "category": _CATEGORY,
        "subject": {"reference": patient},
        "about": [{"reference": ref} for ref in sorted(set(about))],
        "sent": at,
    }


def message(own: str, patient: str, frame: str, at: str, *, whole: bool) -> Resource:
    """As a record system gets it: a message in its own log or plan (frame). whole: nothing of what it holds
    of others is shared any more."""
    bare = notice(own, patient, (), at)
    del bare["about"]
    return {
        **bare,
        "extension": [{"url": BELONGS_TO, "valueReference": {"reference": frame}}],
        "payload": [{"contentString": ALL if whole else SOME}],
    }


def is_notice(resource: Resource) -> bool:
    """Whether this is a notice of a gateway, ours or another's."""
    listed = resource.get("category")
    return resource.get("resourceType") == "Communication" and any(
        coding.get("system") == VARSEL
        for concept in (listed if isinstance(listed, list) else ())
        for coding in concept.get("coding") or ()
    )


def is_bare(resource: Resource) -> bool:
    """Whether there is nothing in it but what a notice has."""
    own: Json = resource.get("id")
    at: Json = resource.get("sent")
    patient: Json = (resource.get("subject") or {}).get("reference")
    about: list[Json] = [one.get("reference") for one in resource.get("about") or ()]
    frame: Json = next(
        (
            e["valueReference"].get("reference")
            for e in resource.get("extension") or ()
            if e.get("url") == BELONGS_TO
        ),
        "CarePlan/-",
    )
    if not (is_id(own) and is_time(at) and all(is_reference(one) for one in (patient, frame, *about))):
        return False
    forms = (
        notice(own, patient, about, at),
        message(own, patient, frame, at, whole=True),
        message(own, patient, frame, at, whole=False),
    )
    return resource in forms


def is_id(value: object) -> bool:
    """Whether it can be no more than an id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_reference(value: object) -> bool:
    """Whether it can be no more than a reference to a resource."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def is_time(value: object) -> bool:
    """Whether it can be no more than a point in time."""
    return isinstance(value, str) and moment(value) is not None
