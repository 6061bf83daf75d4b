"""The BTI level of a log as a path over time: the steps for a table, and where they lie in a picture. Reads a
CarePlan as its reader may see it; what is not in it is not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from consent.days import day
from gateway.intake.writing import OPEN
from gateway.timeline import level_history, level_of
from gateway.web.chart import along
from mappings.model import Resource

HIGHEST: Final = 3
LEFT: Final = 6.0  # percent, for the numbers of the levels


@dataclass(frozen=True, slots=True)
class Step:
    """One level for some time. until: None where it lasts. x, width: percent of the picture."""

    level: int
    since: date
    until: date | None
    reason: str | None
    x: float
    width: float


def now(plan: Resource) -> int | None:
    """The level an open log says it is at; None where it says none, or may not be seen to. A log that is
    closed stays at the level it ended with, which is nobody's now."""
    return level_of(plan) if plan.get("status") in OPEN else None


def path(plan: Resource, moment: datetime) -> list[Step]:
    """The steps, oldest first. Those whose days cannot be read are left out."""
    found = sorted(_readable(plan), key=lambda one: one[1])
    if not found:
        return []
    today = max(day(moment), *(one[2] or one[1] for one in found))
    first = found[0][1]
    return [_step(one, found[n + 1 :], first, today) for n, one in enumerate(found)]


def _step(
    one: tuple[int, date, date | None, str | None],
    later: Sequence[tuple[int, date, date | None, str | None]],
    first: date,
    today: date,
) -> Step:
    level, since, until, reason = one
    until = until or (later[0][1] if later else None)
    x, end = (along(on, first, today, LEFT) for on in (since, until or today))
    return Step(level, since, until, reason, x, round(max(end - x, 0.5), 2))


def _readable(plan: Resource) -> list[tuple[int, date, date | None, str | None]]:
    out = []
    for level, since, until, reason in level_history(plan):
        try:
            ends = date.fromisoformat(until) if until else None
            out.append((level, date.fromisoformat(since), ends, reason))
        except ValueError:  # a month or a year alone is no step that could be drawn
            continue
    return out
