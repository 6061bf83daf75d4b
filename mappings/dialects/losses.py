"""What a recipient cannot hold, by the form it gets: element paths and why, for `check` and `preview`. What
is listed here stays in the hub and comes to no harm when the recipient answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Loss:
    """One element, or family of elements, and what becomes of it there."""

    path: str
    text: str


_WITH_PLAN = "follows from the plan that it stands in"
_KEPT = "has no place in a detail; it is kept here"
LOSSES: Final[dict[str, tuple[Loss, ...]]] = {
    "reference": (),
    "inline": (
        Loss("ServiceRequest.identifier", "an activity carries only ours, in an extension"),
        Loss("ServiceRequest.category", _WITH_PLAN),
        Loss("ServiceRequest.intent", _WITH_PLAN),
        Loss("ServiceRequest.subject", _WITH_PLAN),
        Loss("ServiceRequest.authoredOn", _KEPT),
        Loss("ServiceRequest.requester", _KEPT),
        Loss("ServiceRequest.performerType", _KEPT),
        Loss("ServiceRequest.priority", _KEPT),
        Loss("ServiceRequest.orderDetail", _KEPT),
        Loss("ServiceRequest.extension", "of its extensions only the goals it pertains to go along"),
        Loss("ServiceRequest.note[0].author", "the first note goes as the description: only its words"),
        Loss("ServiceRequest.note[0].time", "the first note goes as the description: only its words"),
        Loss("ServiceRequest.locationReference[1]", "a detail has one place; further ones are kept here"),
        Loss("ServiceRequest.supportingInfo", _KEPT),
        Loss("ServiceRequest.quantityRatio", _KEPT),
        Loss("ServiceRequest.quantityRange", _KEPT),
        Loss("ServiceRequest.meta", "a detail has no labels: a labelled measure does not go there at all"),
        Loss("Observation.basedOn", "an effect goes without naming its measure, which is no resource there"),
        Loss("Communication.about", "what refers to a measure goes without that reference"),
    ),
    "document": (
        Loss("*", "everything goes as text in one document; nothing of it comes back as a change"),
        Loss("Communication", "messages, notes and small good things do not stand in the plan's document"),
        Loss("Appointment", "meetings do not stand in the plan's document"),
        Loss("DocumentReference", "other documents do not stand in the plan's document"),
        Loss("Observation", "evaluations and effects do not stand in the plan's document"),
    ),
}  # fmt: skip
