"""What goals, measures, logs and plans commit somebody to: by when, whether it is still open, and who is
responsible. Pure readers of hub resources; a date that cannot be read, or cannot be meant, is no deadline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from mappings.canonical import extension
from mappings.lens.times import moment
from mappings.lens.views import is_withdrawn
from mappings.model import Json, Resource
from mappings.persons import day_of, named
from mappings.reading import belongs_to, category_of, kind_of

__all__ = [
    "Commitment",
    "Standing",
    "What",
    "commitment_of",
    "commits",
    "evaluated",
    "holders_of",
    "standing_of",
]

Deadline = date | datetime
TYPES: Final = frozenset({"CarePlan", "Goal", "ServiceRequest"})
HOLDERS: Final = {
    "stafettlogg": frozenset({"stafettholder"}),
    "individuell-plan": frozenset({"koordinator", "barnekoordinator"}),
}
_MEANT: Final = range(1900, 2200)
_REVISION: Final = extension("revisjon")
_OVER: Final = frozenset({"completed", "cancelled", "rejected", "revoked", "entered-in-error"})
_STANDINGS: Final = {"draft": "draft", "on-hold": "paused", "completed": "ended", "revoked": "ended",
                     "entered-in-error": "ended"}  # fmt: skip


class What(StrEnum):
    """What is to be done by the deadline."""

    EVALUATION = "evaluation"  # of a goal
    MEASURE = "measure"
    REVISION = "revision"  # of a plan


class Standing(StrEnum):
    """How a log or plan stands. One whose status is not known counts as active: then somebody looks."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Commitment:
    """deadlines: earliest first; a date counts whole. responsible: a hub reference, or "system|value"; None
    where nobody is named."""

    what: What
    deadlines: tuple[Deadline, ...]
    open: bool
    responsible: str | None = None


def commitment_of(resource: Resource) -> Commitment | None:
    """What it commits somebody to; None where it is nothing of the kind."""
    match resource.get("resourceType"):
        case "Goal":
            dues = [t.get("dueDate") for t in resource.get("target") or ()]
            return Commitment(What.EVALUATION, _deadlines(dues), _open(resource))
        case "ServiceRequest" if category_of(resource) == frozenset({"tiltak"}):
            end = (resource.get("occurrencePeriod") or {}).get("end")
            return Commitment(What.MEASURE, _deadlines([end]), _open(resource), _responsible(resource))
        case "CarePlan":
            dues = [e.get("valueDate") for e in resource.get("extension") or () if e.get("url") == _REVISION]
            return Commitment(What.REVISION, _deadlines(dues), _open(resource))
    return None


def commits(resource: Resource) -> object:
    """All that reminders of deadlines rest on in it, to compare with another version; None: nothing."""
    made, when = commitment_of(resource), evaluated(resource)
    return None if made is None and when is None else (made, when, belongs_to(resource))


def standing_of(plan: Resource) -> Standing:
    """How this log or plan stands."""
    if is_withdrawn(plan):
        return Standing.ENDED
    return Standing(_STANDINGS.get(str(plan.get("status")), "active"))


def holders_of(plan: Resource) -> frozenset[str]:
    """The roles of which somebody must take part in this log or plan; none in a stranger's."""
    return HOLDERS.get(kind_of(plan) or "", frozenset())


def evaluated(observation: Resource) -> Deadline | None:
    """The day of a goal's evaluation; None where it is none or says none."""
    if kind_of(observation) != "evaluering" or is_withdrawn(observation):
        return None
    return _deadline(observation.get("effectiveDateTime"))


def _open(resource: Resource) -> bool:
    status = resource.get("lifecycleStatus") or resource.get("status")
    return status not in _OVER and not is_withdrawn(resource)


def _responsible(request: Resource) -> str | None:
    return next((name for p in request.get("performer") or () if (name := named(p))), None)


def _deadlines(texts: list[Json]) -> tuple[Deadline, ...]:
    return tuple(sorted(_known(texts), key=_order))


def _known(texts: list[Json]) -> Iterator[Deadline]:
    for text in texts:
        found = _deadline(text)
        if found is not None:
            yield found


def _deadline(text: Json) -> Deadline | None:
    if not isinstance(text, str):
        return None
    found = moment(text) or day_of(text, first=False)
    return found if found is not None and found.year in _MEANT else None


def _order(deadline: Deadline) -> date:
    return deadline.date() if isinstance(deadline, datetime) else deadline
