"""Which elements FHIR R4 requires of the resources that pass here, so that what is taken away from one is
marked as masked instead of missing. Source: FHIR 4.0.1, element cardinalities.
"""

from __future__ import annotations

from typing import Any, Final

from consent.names import DATA_ABSENT

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "Appointment": ("status", "participant"),
    "Appointment.participant": ("status",),
    "AuditEvent": ("type", "recorded", "agent", "source"),
    "CarePlan": ("status", "intent", "subject"),
    "CarePlan.activity.detail": ("status",),
    "Communication": ("status",),
    "Condition": ("subject",),
    "Consent": ("status", "scope", "category"),
    "Consent.provision.actor": ("role", "reference"),
    "Consent.provision.data": ("meaning", "reference"),
    "Consent.provision.provision.actor": ("role", "reference"),
    "Consent.provision.provision.data": ("meaning", "reference"),
    "DocumentReference": ("status", "content"),
    "DocumentReference.content": ("attachment",),
    "Encounter": ("status", "class"),
    "Goal": ("lifecycleStatus", "description", "subject"),
    "Observation": ("status", "code"),
    "Observation.component": ("code",),
    "Provenance": ("target", "recorded", "agent"),
    "Provenance.agent": ("who",),
    "Questionnaire": ("status",),
    "QuestionnaireResponse": ("status",),
    "RelatedPerson": ("patient",),
    "ServiceRequest": ("status", "intent", "subject"),
    "Task": ("status", "intent"),
}
PRIMITIVES: Final = frozenset({"status", "intent", "lifecycleStatus", "recorded", "meaning"})
LISTS: Final = frozenset(
    {
        ("AuditEvent", "agent"),
        ("Consent", "category"),
        ("DocumentReference", "content"),
        ("Provenance", "target"),
        ("Provenance", "agent"),
    }
)
_MASK: Final = {"url": DATA_ABSENT, "valueCode": "masked"}


def without_orphans(node: dict[str, Any], out: dict[str, Any]) -> None:
    """A primitive's `_sibling` goes with it, and lists of primitives lose their siblings when they lose
    one."""
    for key in node:
        other = f"_{key}"
        if other in out and (
            key not in out or (isinstance(node[key], list) and len(node[key]) != len(out[key]))
        ):
            del out[other]


def is_hollow(node: dict[str, Any], out: dict[str, Any], key: str) -> bool:
    """Whether what is left says nothing: an extension without value, an annotation without text."""
    left = set(out) - {"id"}
    if not left or (key in ("extension", "modifierExtension") and left <= {"url"}):
        return True
    if key == "note" and "text" in node and "text" not in out:
        return True
    if key == "participant" and {"actor", "member"} & (set(node) - set(out)):
        return True
    if key == "payload":
        return not any(name.startswith("content") for name in left)
    return "reference" in node and "reference" not in out


def is_mask(value: Any) -> bool:
    """Whether this is our mark in the place of something that was taken away: it tells of nothing."""
    return value in (_MASK, {"extension": [_MASK]})


def masked(shape: str, key: str) -> dict[str, Any]:
    mask: dict[str, Any] = {"extension": [dict(_MASK)]}
    if key in PRIMITIVES:
        return {f"_{key}": mask}
    if shape == "Appointment" and key == "participant":
        return {key: [{"actor": mask, "status": "needs-action"}]}
    return {key: [mask] if (shape, key) in LISTS else mask}
