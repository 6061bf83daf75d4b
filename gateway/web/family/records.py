"""What a reader sees of a log or plan as records of the neutral format: each by the lens of its kind, from
what the judge left of it. What has no form there is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import mappings
from gateway.web.insight import Insight
from gateway.web.language import OSLO
from mappings import reading
from mappings.model import Ids, NotExpressible, Record, State

FORMATS: Final = ("stafettlogg", "individuell-plan")
READER: Final = "~min-side"


def records(insight: Insight, *kinds: str) -> Iterator[tuple[str, Record]]:
    """References and records of resources of these FHIR types, newest first."""
    ids = _ids(insight)
    for ref in insight.items():
        if ref.partition("/")[0] in kinds and (found := _record(insight, ref, ids)) is not None:
            yield ref, found


def _ids(insight: Insight) -> Ids:
    """Everything that is seen, by the name it has here."""
    natives = {one: one for one in insight.seen}
    return Ids(f"Patient/{insight.here.person}", insight.here.frame, READER, natives, natives)


def _record(insight: Insight, ref: str, ids: Ids) -> Record | None:
    resource = insight.seen[ref]
    for name in FORMATS:
        mapping = mappings.load(name)
        slots = mapping.slots(resource)
        if slots is None:
            continue
        focus = {slot: insight.seen[one] for slot, one in slots.items() if one in insight.seen}
        try:
            return mapping.get(State(focus), ids)
        except NotExpressible:
            continue
    return None


def participants(insight: Insight) -> Iterator[tuple[str, Record]]:
    """Who takes part in the log or plan, as far as the reader sees them."""
    ids = _ids(insight)
    for ref, resource in insight.seen.items():
        mine = reading.belongs_to(resource) == insight.here.frame and not reading.in_error(resource)
        if mine and ref.startswith(("PractitionerRole/", "RelatedPerson/")):
            found = _record(insight, ref, ids)
            if found is not None:
                yield ref, found


def text(value: Any) -> str:
    """Text of a field; nothing where there is none."""
    return value.strip() if isinstance(value, str) else ""


def day(value: Any) -> date | None:
    """The day of a date or moment, in Norway."""
    at = moment(value)
    if at is not None:
        return at.astimezone(OSLO).date()
    try:
        return date.fromisoformat(text(value)[: len("2026-11-21")])
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """A point in time; None for a date alone, and for what is neither."""
    given = text(value)
    if len(given) <= len("2026-11-21"):
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
