"""What statistics need to know of one child, as a few values that name nobody: the level of the log, how long
it took from concern to measure, and whether a deadline has passed. Reads no text, no name, no identifier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from consent.days import day
from gateway.hub import versions
from gateway.hub.notices import Kind
from gateway.hub.schema.notices import notice
from gateway.hub.versions import Version
from gateway.timeline import level_history, level_of
from mappings import reading
from mappings.canonical import CONCERNS, code_system, extension
from mappings.commitments import Standing, What, commitment_of, standing_of
from mappings.model import Resource

TYPES: Final = ("CarePlan", "Goal", "ServiceRequest", "Appointment")
UNDER_WAY: Final = frozenset({Standing.DRAFT, Standing.ACTIVE})
OVERDUE: Final = {What.EVALUATION: Kind.EVALUATION_OVERDUE, What.MEASURE: Kind.MEASURE_OVERDUE}
WONDERING: Final = "undringssamtale"
MEETINGS: Final = code_system("moeteslag")
MEETING_TIME: Final = extension("moete-tid")


@dataclass(frozen=True, slots=True)
class Child:
    """level: of the log that is under way, of several the highest; 0 where it says none, None without a log.
    days: from the first concern to the first measure, of a child with such a log; None without both.
    evaluation, measure: whether one of them is overdue; None where nothing of the kind is open with a
    deadline."""

    level: int | None = None
    days: int | None = None
    evaluation: bool | None = None
    measure: bool | None = None


def of_person(connection: Connection, tenant: str, person: str, now: datetime) -> Child:
    """One child. Raises as `versions.of_types` does for content that cannot be opened."""
    found = versions.of_types(connection, tenant, person, TYPES).values()
    valid = [one for one in found if not reading.in_error(one.resource)]
    logs = [one.resource for one in valid if reading.kind_of(one.resource) == "stafettlogg"]
    current = [plan for plan in logs if standing_of(plan) in UNDER_WAY]
    overdue = _overdue(connection, tenant, person)
    return Child(
        level=max((level_of(plan) or 0 for plan in current), default=None),
        days=_days(valid, logs, day(now)) if current else None,
        evaluation=_late(valid, What.EVALUATION, overdue),
        measure=_late(valid, What.MEASURE, overdue),
    )


def _overdue(connection: Connection, tenant: str, person: str) -> set[str]:
    """The kinds of deadlines that those who coordinate are told have passed."""
    columns = notice.c
    kinds = sorted(kind.value for kind in OVERDUE.values())
    rows = connection.execute(
        select(columns.kind).where(
            columns.tenant == tenant,
            columns.person == person,
            columns.settled.is_(None),
            columns.kind.in_(kinds),
        )
    )
    return set(rows.scalars())


def _late(valid: Iterable[Version], what: What, overdue: set[str]) -> bool | None:
    made = (commitment_of(one.resource) for one in valid)
    dated = any(one is not None and one.what is what and one.open and one.deadlines for one in made)
    return OVERDUE[what].value in overdue if dated else None


def _days(valid: Iterable[Version], logs: Iterable[Resource], today: date) -> int | None:
    concerned = min((on for on in _concerns(valid, logs) if on <= today), default=None)
    begun = min((on for one in valid if (on := _begun(one)) is not None and on <= today), default=None)
    return max(0, (begun - concerned).days) if concerned is not None and begun is not None else None


def _concerns(valid: Iterable[Version], logs: Iterable[Resource]) -> Iterator[date]:
    """When somebody was first concerned: a log with concerns was made, level 0 was noted, people met to
    wonder."""
    for plan in logs:
        if any(e.get("url") == CONCERNS for e in plan.get("extension") or ()):
            yield from _dates(plan.get("created"))
        for level, since, _, _ in level_history(plan):
            if level == 0:
                yield from _dates(since)
    for one in valid:
        coded = (one.resource.get("appointmentType") or {}).get("coding") or ()
        if any(c.get("system") == MEETINGS and c.get("code") == WONDERING for c in coded):
            yield from _dates(_start(one.resource))


def _start(meeting: Resource) -> Any:
    """When a meeting begins; one without an end says it in our extension, as the standard needs both."""
    beside = (e.get("valueDateTime") for e in meeting.get("extension") or () if e.get("url") == MEETING_TIME)
    return meeting.get("start") or next(beside, None)


def _begun(version: Version) -> date | None:
    """The day a measure began; of one that says none, the day it was written."""
    made = commitment_of(version.resource)
    if made is None or made.what is not What.MEASURE:
        return None
    said = (version.resource.get("occurrencePeriod") or {}).get("start")
    return next(_dates(said), None) if said else day(version.first_recorded or version.stored)


def _dates(text: Any) -> Iterator[date]:
    """The day of a date or time; none of what cannot be read."""
    try:
        if isinstance(text, str):
            whole = len(text) > len("2026-11-21")
            yield day(datetime.fromisoformat(text)) if whole else date.fromisoformat(text)
    except ValueError:
        return
