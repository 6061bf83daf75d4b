"""Registered in error: a resource marked so, as its own mapping would mark it, and what is left of one for a
recipient that holds it and may be told nothing else. Pure; decides nothing.

Source: shared law.md, "Withdrawal" ("registered in error" carries our identifier and no content).
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from mappings.canonical import BELONGS_TO, ENTRY_KIND, MARK, RECORDED_IN_ERROR, policy
from mappings.ended import is_id, is_reference, is_time
from mappings.lens.owned import following
from mappings.lens.views import IN_ERROR, WITHDRAWN
from mappings.model import Json, Resource

TEXT: Final = "Feilregistrert"  # stands where a recipient must have some text
_BY_TAG: Final = frozenset({"PractitionerRole", "RelatedPerson"})
_SUBJECT: Final = {"RelatedPerson": "patient", "Consent": "patient", "PractitionerRole": None}
_BEFORE: Final = {
    "Goal": "cancelled",
    "ServiceRequest": "revoked",
}  # the status it is shown with, crossed out
_ENTRY_KINDS: Final = frozenset(
    {
        "stafettlogg", "individuell-plan", "hovedmaal", "delmaal", "tiltak", "henvisning", "evaluering",
        "effekt", "forhold", "lysglimt", "notat", "melding", "moetereferat", "overfoering",
    }
)  # fmt: skip
_SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
_LOINC: Final = "http://loinc.org"
_FIXED: Final[dict[str, Resource]] = {
    "Goal": {"description": {"text": TEXT}},
    "Observation": {"code": {"text": TEXT}},
    "ServiceRequest": {"code": {"text": TEXT}},
    "Communication": {"payload": [{"contentString": TEXT}]},
    "CarePlan": {"intent": "plan"},
    "DocumentReference": {
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain",
                    "data": b64encode(TEXT.encode()).decode(),
                    "title": TEXT,
                }
            }
        ]
    },
    "Consent": {
        "scope": {"coding": [{"system": _SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": _LOINC, "code": "59284-0"}]}],
        "policy": [{"uri": policy("samtykke")}],
    },
}


def marked(resource: Resource, at: str, reason: str | None = None) -> Resource:
    """A copy, registered in error at this time for this reason (a sentence). The status it had stays in the
    mark, so that it can be taken back."""
    kind = resource["resourceType"]
    status = "lifecycleStatus" if kind == "Goal" else "status"
    mark = _mark(at, reason, None if kind in _BY_TAG else resource.get(status))
    others = [e for e in resource.get("extension") or () if e.get("url") != RECORDED_IN_ERROR]
    made = {**resource, "extension": [*others, mark]}
    return {**made, **_said(made, status)}


def marked_with(owned: Resource, item: Resource) -> Resource:
    """What an item owns, marked with it."""
    return following(owned, item)


def emptied(resource: Resource, at: str) -> Resource:
    """What may be told of it where nothing may be told: which it is, and that it is registered in error.
    Made of its type and id, whose it is, its kind and where it belongs; nothing anyone wrote."""
    kind = resource["resourceType"]
    made: Resource = {"resourceType": kind, "id": resource["id"], **_FIXED.get(kind, {})}
    belonging = [
        {"url": BELONGS_TO, "valueReference": {"reference": e["valueReference"]["reference"]}}
        for e in resource.get("extension") or ()
        if e.get("url") == BELONGS_TO
    ]
    made["extension"] = [*belonging, _mark(at, None, _BEFORE.get(kind))]
    kinds = _kinds(resource)
    if kinds:
        made["category"] = [{"coding": kinds}]
    if kind == "ServiceRequest":
        made["intent"] = "order" if resource.get("intent") == "order" else "plan"
    made |= _whose(kind, resource)
    if kind == "Communication":
        made["sent"] = at
    return {**made, **_said(made, "lifecycleStatus" if kind == "Goal" else "status")}


def is_emptied(resource: Resource) -> bool:
    """Whether there is nothing in it but what `emptied` leaves."""
    at = _marked_at(resource)
    named = is_id(resource.get("id")) and all(is_reference(ref) for ref in _references(resource))
    return at is not None and named and emptied(resource, at) == resource


def is_only_marked(resource: Resource, before: Resource) -> bool:
    """Whether it is what it was before, and the bare mark."""
    at = _marked_at(resource)
    return at is not None and marked(before, at) == resource


def _marked_at(resource: Resource) -> str | None:
    marks = (e for e in resource.get("extension") or () if e.get("url") == RECORDED_IN_ERROR)
    mark: Json = next(marks, {})
    times = (e.get("valueDateTime") for e in mark.get("extension") or () if e["url"] == "tidspunkt")
    at = next(times, None)
    return str(at) if is_time(at) else None


def _said(made: Resource, status: str) -> Resource:
    """How its type says that it is registered in error."""
    kind = made["resourceType"]
    tags = [t for t in (made.get("meta") or {}).get("tag") or () if t.get("system") != MARK]
    meta = {**(made.get("meta") or {}), "tag": [*tags, {"system": MARK, "code": WITHDRAWN}]}
    if kind in _BY_TAG:
        return {"meta": meta, "active": False}
    if kind == "Appointment" and not ("start" in made and "end" in made):
        return {"meta": meta, "status": "cancelled"}  # app-3 forbids entered-in-error without both times
    return {status: IN_ERROR}


def _mark(at: str, reason: str | None, before: str | None) -> Resource:
    parts: list[Resource] = [{"url": "tidspunkt", "valueDateTime": at}]
    if reason:
        parts.append({"url": "grunn", "valueString": reason})
    if before and before != IN_ERROR:
        parts.append({"url": "status", "valueCode": before})
    return {"url": RECORDED_IN_ERROR, "extension": parts}


def _kinds(resource: Resource) -> list[Resource]:
    categories = resource.get("category")
    return [
        {"system": ENTRY_KIND, "code": coding["code"]}
        for concept in (categories if isinstance(categories, list) else ())
        for coding in concept.get("coding") or ()
        if coding.get("system") == ENTRY_KIND and coding.get("code") in _ENTRY_KINDS
    ]


def _references(resource: Resource) -> list[Json]:
    """Everything in an emptied one that leads somewhere."""
    name = _SUBJECT.get(resource.get("resourceType", ""), "subject")
    own = [resource[name].get("reference")] if name and isinstance(resource.get(name), dict) else []
    actors = [p.get("actor") or {} for p in resource.get("participant") or ()]
    own += [actor["reference"] for actor in actors if "reference" in actor]
    belonging = [e for e in resource.get("extension") or () if e.get("url") == BELONGS_TO]
    return own + [(e.get("valueReference") or {}).get("reference") for e in belonging]


def _whose(kind: str, resource: Resource) -> Resource:
    if kind == "Appointment":
        people = resource.get("participant") or ()
        child = next(
            (
                p["actor"]["reference"]
                for p in people
                if str((p.get("actor") or {}).get("reference", "")).startswith("Patient/")
            ),
            None,
        )
        actor = {"reference": child} if child else {"display": TEXT}
        return {"participant": [{"actor": actor, "status": "needs-action"}]}
    name = _SUBJECT.get(kind, "subject")
    reference = (resource.get(name) or {}).get("reference") if name else None
    return {name: {"reference": reference}} if name and reference else {}
