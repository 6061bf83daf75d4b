"""Referrals read from hub resources: to whom, by whom, and how far they have come there; and what a
recipient's Task says of one. Pure; whether somebody may refer is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mappings.canonical import ENH, code_system, extension, identifier_system
from mappings.model import Json, Resource
from mappings.reading import category_of

STATE: Final = extension("henvisningstilstand")  # sub-extensions tilstand, tidspunkt, grunn
STATES: Final = ("mottatt", "vurdert", "avslag", "venteliste", "oppstart", "avsluttet")
PROFESSION: Final = "urn:oid:2.16.578.1.12.4.1.1.9060"  # Volven 9060: kategori helsepersonell
_STATE_CODES: Final = code_system("henvisningstilstand")
_TJENESTE: Final = identifier_system("tjeneste")
_BY_STATUS: Final[Mapping[str, str]] = {
    "received": "mottatt",
    "accepted": "vurdert",
    "rejected": "avslag",
    "on-hold": "venteliste",
    "in-progress": "oppstart",
    "completed": "avsluttet",
    "cancelled": "avsluttet",
    "failed": "avsluttet",
}
_BY_REQUEST: Final[Mapping[str, str]] = {
    "on-hold": "venteliste",
    "revoked": "avslag",
    "completed": "avsluttet",
}
_REASON: Final = "http://hl7.org/fhir/StructureDefinition/request-statusReason"


@dataclass(frozen=True, slots=True)
class Step:
    """One state of a referral at its recipient. at: a FHIR dateTime, as it was written."""

    state: str
    at: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """To a service or an organization number, by a participant ("PractitionerRole/…"); None: not said."""

    service: str | None
    organization: str | None
    referrer: str | None
    steps: tuple[Step, ...]


def referral_of(resource: Resource) -> Referral | None:
    """The referral; None for anything else."""
    if resource.get("resourceType") != "ServiceRequest" or "henvisning" not in category_of(resource):
        return None
    identifiers = [one.get("identifier") or {} for one in _dicts(resource.get("performer"))]
    to = {str(one.get("system")): str(one.get("value")) for one in reversed(identifiers) if "value" in one}
    requester = resource.get("requester")
    referrer = requester.get("reference") if isinstance(requester, dict) else None
    return Referral(to.get(_TJENESTE), to.get(ENH), referrer, tuple(_steps(resource)))


def with_step(resource: Resource, step: Step) -> Resource:
    """The referral with one more state; the same object where it says that already. Two states of one time
    would be one to those who know them by it: the later said takes its place."""
    if step in _steps(resource):
        return resource
    kept = [one for one in _dicts(resource.get("extension")) if not (_is_step(one) and _at(one) == step.at)]
    parts: list[Json] = [
        {"url": "tilstand", "valueCode": step.state},
        {"url": "tidspunkt", "valueDateTime": step.at},
    ]
    if step.reason:
        parts.append({"url": "grunn", "valueString": step.reason})
    return {**resource, "extension": [*kept, {"url": STATE, "extension": parts}]}


def focus_of(task: Resource) -> str | None:
    """What a Task is about, as a reference of the hub."""
    focus = task.get("focus") if task.get("resourceType") == "Task" else None
    reference = focus.get("reference") if isinstance(focus, dict) else None
    return reference if isinstance(reference, str) else None


def step_of(task: Resource, otherwise: str) -> Step | None:
    """What a Task says of the referral it is about. otherwise: when, where it does not say so itself."""
    business = task.get("businessStatus")
    codes = [c.get("code") for c in _codings(business) if c.get("system") == _STATE_CODES]
    text = business.get("text") if isinstance(business, dict) else None
    stated = next((one for one in (*codes, text) if one in STATES), None)
    state = stated or _BY_STATUS.get(str(task.get("status")))
    if state is None or task.get("status") == "entered-in-error":
        return None
    return Step(state, str(task.get("lastModified") or otherwise), reason_of(task))


def moment_of(task: Resource) -> datetime | None:
    """When a Task was last changed, as it says itself."""
    try:
        found = datetime.fromisoformat(task.get("lastModified") or "")
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def step_of_request(request: Resource, at: str) -> Step | None:
    """What the status of the referral itself says, where its recipient has changed it."""
    state = _BY_REQUEST.get(str(request.get("status")))
    if state is None:
        return None
    given = (
        e.get("valueCodeableConcept") for e in _dicts(request.get("extension")) if e.get("url") == _REASON
    )
    return Step(state, at, reason_of({"statusReason": next(given, None)}))


def reason_of(task: Resource) -> str | None:
    """Why, in the words of whoever said it."""
    reason = task.get("statusReason")
    if not isinstance(reason, dict):
        return None
    displays = [c.get("display") for c in _codings(reason)]
    return next((one for one in (reason.get("text"), *displays) if isinstance(one, str) and one), None)


def professions_of(participant: Resource) -> frozenset[str]:
    """Volven 9060 codes of a participant: LE doctor, PS psychologist, SP nurse, …"""
    concepts = [*_dicts(participant.get("code"))]
    for person in _dicts(participant.get("contained")):
        concepts += [one.get("code") or {} for one in _dicts(person.get("qualification"))]
    found = (c for one in concepts for c in _codings(one))
    return frozenset(str(c.get("code")) for c in found if c.get("system") == PROFESSION)


def _steps(resource: Resource) -> Iterator[Step]:
    for one in _dicts(resource.get("extension")):
        if _is_step(one):
            parts = {part.get("url"): part for part in _dicts(one.get("extension"))}
            state, reason = parts.get("tilstand", {}), parts.get("grunn", {})
            yield Step(str(state.get("valueCode")), _at(one), reason.get("valueString"))


def _is_step(one: dict[str, Any]) -> bool:
    return one.get("url") == STATE


def _at(one: dict[str, Any]) -> str:
    found = (p.get("valueDateTime") for p in _dicts(one.get("extension")) if p.get("url") == "tidspunkt")
    return str(next(found, ""))


def _codings(concept: Json) -> list[dict[str, Any]]:
    return _dicts(concept.get("coding")) if isinstance(concept, dict) else []


def _dicts(value: Json) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
