"""One measure as CarePlan.activity.detail, and what a recipient changed in a detail put back onto it.

Element by element: only an element that was changed is put back, so that whatever a detail cannot say of a
ServiceRequest is never touched. Pure; values in and out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mappings.fhir_restore import same
from mappings.model import Json, Resource

PERTAINS_TO_GOAL: Final = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
NO_DESCRIPTION: Final = "Tiltak uten beskrivelse"  # some receivers demand one
STATUS: Final = {
    "draft": "not-started",
    "active": "in-progress",
    "on-hold": "on-hold",
    "completed": "completed",
    "revoked": "cancelled",
    "entered-in-error": "entered-in-error",
    "unknown": "unknown",
}
_BACK: Final = {detail: own for own, detail in STATUS.items()} | {"scheduled": "draft", "stopped": "revoked"}
_ALIKE: Final = (
    "instantiatesCanonical",
    "instantiatesUri",
    "code",
    "reasonCode",
    "reasonReference",
    "doNotPerform",
    "performer",
)
_SCHEDULED: Final = ("scheduledTiming", "scheduledPeriod", "scheduledString")
_OCCURRENCE: Final = ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming")
# What of a ServiceRequest a detail is made of; nothing else of it reaches the recipient.
SAYS: Final = frozenset(
    {*_ALIKE, *_OCCURRENCE, "resourceType", "id", "status", "note", "locationReference", "quantityQuantity"}
)


def reduced(measure: Resource) -> Resource:
    """What of a measure stands in a detail and in its activity: all a recipient can be said to hold."""
    kept = {key: value for key, value in measure.items() if key.removeprefix("_") in SAYS}
    goals = [e for e in measure.get("extension", []) if e.get("url") == PERTAINS_TO_GOAL]
    return {**kept, "extension": goals} if goals else kept


def activity_of(measure: Resource) -> dict[str, Json]:
    """The activity of a measure, its detail in it; what came after the first note is its progress."""
    detail: dict[str, Json] = {"kind": "ServiceRequest"}
    detail |= {key: measure[key] for name in _ALIKE for key in (name, f"_{name}") if key in measure}
    goals = _goals(measure)
    if goals:
        detail["goal"] = goals
    detail["status"] = STATUS.get(str(measure.get("status")), "unknown")
    detail |= _scheduled(measure)
    places = measure.get("locationReference") or []
    if places:
        detail["location"] = places[0]
    if "quantityQuantity" in measure:
        detail["quantity"] = measure["quantityQuantity"]
    notes = measure.get("note") or []
    detail["description"] = _description(measure)
    return {"progress": notes[1:], "detail": detail} if notes[1:] else {"detail": detail}


def applied(measure: Resource, before: dict[str, Json], activity: dict[str, Json]) -> Resource:
    """The measure after a recipient changed its activity from `before` to `activity`. What has no place in a
    ServiceRequest is left to the caller, who sees it by rendering anew."""
    changed = dict(measure)
    old, new = before.get("detail") or {}, activity.get("detail") or {}
    for name in _ALIKE:
        for key in (name, f"_{name}"):
            _take(changed, key, old.get(key), new.get(key))
    for name, put in _PUT.items():
        if not same(old.get(name), new.get(name)):
            put(changed, new.get(name))
    if not same(_only(old, _SCHEDULED), _only(new, _SCHEDULED)):
        _reschedule(changed, new)
    if not same(before.get("progress"), activity.get("progress")):
        _put_progress(changed, activity.get("progress"))
    return changed


def _take(changed: Resource, key: str, old: Json, new: Json) -> None:
    if not same(old, new):
        _set(changed, key, new)


def _set(changed: Resource, key: str, value: Json) -> None:
    if value is None:
        changed.pop(key, None)
    else:
        changed[key] = value


def _only(detail: dict[str, Json], names: tuple[str, ...]) -> dict[str, Json]:
    return {name: detail[name] for name in names if name in detail}


def _goals(measure: Resource) -> list[Json]:
    found = [e for e in measure.get("extension", []) if e.get("url") == PERTAINS_TO_GOAL]
    return [e["valueReference"] for e in found if "valueReference" in e]


def _description(measure: Resource) -> str:
    code = measure.get("code") or {}
    first: dict[str, Any] = next(iter(measure.get("note") or ()), {})
    display = next((c["display"] for c in code.get("coding") or () if c.get("display")), None)
    return str(first.get("text") or code.get("text") or display or NO_DESCRIPTION)


def _scheduled(measure: Resource) -> dict[str, Json]:
    if "occurrencePeriod" in measure:
        return {"scheduledPeriod": measure["occurrencePeriod"]}
    if "occurrenceTiming" in measure:
        return {"scheduledTiming": measure["occurrenceTiming"]}
    if "occurrenceDateTime" in measure:
        return {"scheduledTiming": {"event": [measure["occurrenceDateTime"]]}}
    return {}


def _reschedule(changed: Resource, detail: dict[str, Json]) -> None:
    moment = "occurrenceDateTime" in changed
    if "scheduledString" in detail:
        return  # a ServiceRequest has no words for a time
    for name in _OCCURRENCE:
        changed.pop(name, None)
        changed.pop(f"_{name}", None)
    if "scheduledPeriod" in detail:
        changed["occurrencePeriod"] = detail["scheduledPeriod"]
    timing = detail.get("scheduledTiming")
    if timing is None:
        return
    events = timing.get("event") or []
    if moment and len(events) == 1 and set(timing) == {"event"} and isinstance(events[0], str):
        changed["occurrenceDateTime"] = events[0]
    else:
        changed["occurrenceTiming"] = timing


def _put_status(changed: Resource, status: Json) -> None:
    changed["status"] = _BACK.get(str(status), "unknown")


def _put_goals(changed: Resource, goals: Json) -> None:
    others = [e for e in changed.get("extension", []) if e.get("url") != PERTAINS_TO_GOAL]
    made = [{"url": PERTAINS_TO_GOAL, "valueReference": goal} for goal in goals or []]
    _set(changed, "extension", [*others, *made] or None)


def _put_place(changed: Resource, place: Json) -> None:
    others = (changed.get("locationReference") or [])[1:]
    _set(changed, "locationReference", [place, *others] if place is not None else others or None)


def _put_quantity(changed: Resource, quantity: Json) -> None:
    if "quantityRatio" not in changed and "quantityRange" not in changed:
        _set(changed, "quantityQuantity", quantity)


def _put_description(changed: Resource, text: Json) -> None:
    notes = changed.get("note") or []
    if text is None:
        return  # a description that was taken away is no note that was deleted
    first = {**notes[0], "text": text} if notes else {"text": text}
    changed["note"] = [first, *notes[1:]]


def _put_progress(changed: Resource, progress: Json) -> None:
    notes = changed.get("note") or []
    if notes:
        changed["note"] = [notes[0], *(progress or [])]


_PUT: Final[dict[str, Callable[[Resource, Json], None]]] = {
    "status": _put_status,
    "goal": _put_goals,
    "location": _put_place,
    "quantity": _put_quantity,
    "description": _put_description,
}
