"""What BUP's people write: a FHIR resource as their system would make it; it knows nothing of Stafettbro."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from gateway.demo import words

Resource = dict[str, Any]
ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"
ACHIEVEMENTS = {
    "in-progress": "Pågår",
    "improving": "Bedring",
    "no-change": "Ingen endring",
    "worsening": "Forverring",
    "achieved": "Nådd",
    "not-achieved": "Ikke nådd",
}
RECEIVED = "received"
REFERRAL_STATES = {
    RECEIVED: "Mottatt",
    "accepted": "Vurdert",
    "on-hold": "Venteliste",
    "rejected": "Avslag",
    "in-progress": "Oppstart",
    "completed": "Avsluttet",
}
PERTAINS = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"


def new_goal(patient: str, author: str, text: str, due: str) -> Resource:
    """A goal of BUP's own."""
    goal: Resource = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": {"reference": patient},
        "startDate": words.today().isoformat(),
    }
    if due:
        goal["target"] = [{"dueDate": due}]
    return goal | _by("expressedBy", author)


def new_measure(patient: str, author: str, text: str, goal: str) -> Resource:
    """A measure of BUP's own, for a goal where one is chosen."""
    measure: Resource = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "plan",
        "code": {"text": text},
        "subject": {"reference": patient},
        "authoredOn": _now(),
    }
    if goal:
        measure["extension"] = [{"url": PERTAINS, "valueReference": {"reference": goal}}]
    return measure | _by("requester", author)


def answer(message: Resource, own_reference: str, author: str, text: str) -> Resource:
    """An answer to a message: to whoever sent it, about the same child and the same things."""
    reply: Resource = {
        "resourceType": "Communication",
        "inResponseTo": [{"reference": own_reference}],
        "status": "completed",
        "subject": message["subject"],
        "sent": _now(),
        "payload": [{"contentString": text}],
    }
    for name in ("category", "about", "topic"):
        if name in message:
            reply[name] = copy.deepcopy(message[name])
    if "sender" in message:
        reply["recipient"] = [copy.deepcopy(message["sender"])]
    return reply | _by("sender", author)


def task(patient: str, about: str, status: str, reason: str, old: Resource | None) -> Resource:
    """What BUP's workflow says of something it was sent: one Task for each, changed as it goes on."""
    made = {key: value for key, value in (old or {}).items() if key != "statusReason"}
    made |= {
        "resourceType": "Task",
        "status": status,
        "intent": "order",
        "for": {"reference": patient},
        "focus": {"reference": about},
        "lastModified": _now(),
    }
    return made | ({"statusReason": {"text": reason}} if reason else {})


def with_text(goal: Resource, text: str) -> Resource:
    """The goal with another wording; the rest of the description stays."""
    return {**goal, "description": {**goal.get("description", {}), "text": text}}


def with_achievement(goal: Resource, code: str) -> Resource:
    """The goal with an achievement status; reached or not reached also ends it."""
    status = {"coding": [{"system": ACHIEVEMENT, "code": code}]}
    ended = {"achieved": "completed", "not-achieved": "completed"}
    return {**goal, "achievementStatus": status, "lifecycleStatus": ended.get(code, "active")}


def achievement_of(goal: Resource) -> str:
    """The achievement code, empty when none of this system's."""
    codings = (goal.get("achievementStatus") or {}).get("coding", [])
    return next((c.get("code", "") for c in codings if c.get("system") == ACHIEVEMENT), "")


def _by(element: str, author: str) -> Resource:
    return {element: {"reference": author}} if author else {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
