"""Stretches of days that figures are shown by: fourteen days, twelve weeks or twelve months, the last of them
the one that today is in. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Literal

from gateway.hub.tallies import LONGEST, ByDay, Kind

View = Literal["dager", "uker", "maaneder"]
VIEWS: Final[tuple[View, ...]] = ("dager", "uker", "maaneder")
DAYS: Final = 14
WEEKS: Final = 12
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Period:
    """From its first day to its last. running: today is in it, so that it is not over."""

    first: date
    last: date
    running: bool = False


def periods(view: View, today: date) -> list[Period]:
    """The stretches of a view, oldest first."""
    if view == "dager":
        days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
        return [Period(on, on, on == today) for on in days]
    if view == "uker":
        monday = today - timedelta(days=today.weekday())
        weeks = [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]
        return [Period(on, on + timedelta(days=6), on == monday) for on in weeks]
    firsts = [_month(today, -n) for n in reversed(range(-1, MONTHS))]
    return [
        Period(first, following - timedelta(days=1), first <= today < following)
        for first, following in pairwise(firsts)
    ]


def summed(days: ByDay, kind: Kind, over: list[Period], since: date) -> list[int | None]:
    """The number of each stretch; of what tells the longest, the greatest. None for one of which no day has
    been counted: since is the first that was."""
    out: list[int | None] = []
    for period in over:
        own = [n for (on, of), n in days.items() if of is kind and period.first <= on <= period.last]
        number = max(own, default=0) if kind in LONGEST else sum(own)
        out.append(None if period.last < since else number)
    return out


def _month(today: date, away: int) -> date:
    """The first day of the month so many months away."""
    number = today.year * 12 + today.month - 1 + away
    return date(number // 12, number % 12 + 1, 1)
