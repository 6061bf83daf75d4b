"""Where things lie in the pictures that pages draw: percent of the picture, so that it is as wide as there is
room for. Numbers and days come in; a template draws, with a text for those who cannot see it and a table
beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDE: Final = 100.0
GAP: Final = 0.25  # of a column's room, left empty beside it
LEAST: Final = 2.0  # percent: what is not nothing is seen


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a picture, in percent of it. known: False where there is no number to draw."""

    x: float
    y: float
    width: float
    height: float
    known: bool


def along(on: date, first: date, last: date, left: float) -> float:
    """Where a day lies between two, beside a margin of so many percent."""
    return round(left + (WIDE - left) * (on - first).days / max(1, (last - first).days), 2)


def columns(numbers: Sequence[int | None]) -> list[Column]:
    """A column for each number, the greatest as high as the picture. None below zero."""
    top = max((n for n in numbers if n is not None), default=0)
    room = WIDE / max(1, len(numbers))
    return [_column(n, top, place * room, room) for place, n in enumerate(numbers)]


def _column(number: int | None, top: int, x: float, room: float) -> Column:
    height = max(LEAST, WIDE * number / top) if number else 0.0
    return Column(
        x=round(x + room * GAP / 2, 2),
        y=round(WIDE - height, 2),
        width=round(room * (1 - GAP), 2),
        height=round(height, 2),
        known=number is not None,
    )
