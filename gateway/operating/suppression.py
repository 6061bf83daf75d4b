"""What may be shown of counts of children without telling of any of them. Values only, nothing is read here.

The counts of a topic are a partition: each child is in one cell. Three things are held, against somebody who
knows how this works, all that is shown, and how many there are in all:

1. A count below `SMALL` is not shown, nor whether it is nothing. So that it cannot be computed either, at
   least one that is not small is hidden with it, in an order that depends on no count, and more until those
   that are hidden hold `TOGETHER` or more. Then each hidden small count may still be any of 0, 1, 2, 3 and 4.
   Where all together are fewer, nothing is shown at all.
2. What is shown stays until at least `APART` children count otherwise (`settled`), compared with everything
   that was ever shown. So no two that are shown differ by what fewer children do, and subtracting one from
   another tells of none of them.
3. Of times, a median and quartiles are shown, of at least `MANY` children and to the nearest `NEAREST` days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SMALL: Final = 5
TOGETHER: Final = 10
APART: Final = 5
MANY: Final = 20
NEAREST: Final = 5  # days

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a topic. cells: None for one that is hidden; whole: of all, None where that is too."""

    cells: dict[str, int | None]
    whole: int | None

    def share(self, cell: str) -> int | None:
        """The cell's part of all in whole percent; None where either is hidden."""
        number = self.cells[cell]
        return None if number is None or not self.whole else round(100 * number / self.whole)


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took for half of the children, for a quarter and for three quarters; days."""

    median: int
    low: int
    high: int


def shown(counts: Counts) -> Shown:
    """The cells that may be shown. The order of counts must be the same always."""
    small = {cell for cell, number in counts.items() if number < SMALL}
    hidden = set(small)
    for cell in counts:
        if not small or (hidden > small and _sum(counts, hidden) >= TOGETHER):
            break
        hidden.add(cell)
    whole = sum(counts.values())
    cells = {cell: None if cell in hidden else number for cell, number in counts.items()}
    return Shown(cells, None if hidden and _sum(counts, hidden) < TOGETHER else whole)


def times(counts: Counts) -> Times | None:
    """Median and quartiles of days, by how many children each number of days has (as text); None for too
    few."""
    days = sorted(int(on) for on, children in counts.items() for _ in range(children))
    if len(days) < MANY:
        return None
    low, median, high = (_at(days, part) for part in (0.25, 0.5, 0.75))
    return Times(median, low, high)


def settled(now: Counts, before: Iterable[Counts]) -> Counts:
    """What is to be shown of: the counts as they are now, or, where too few children count otherwise, the
    earlier ones that they are too near. before: all that was ever shown of, the newest first."""
    return next((one for one in before if changed(one, now) < APART), now)


def changed(before: Counts, after: Counts) -> int:
    """How many children must at least have come, gone or moved for one to become the other."""
    gained = [after.get(cell, 0) - before.get(cell, 0) for cell in {*before, *after}]
    return max(sum(n for n in gained if n > 0), -sum(n for n in gained if n < 0))


def _sum(counts: Counts, cells: Iterable[str]) -> int:
    return sum(counts[cell] for cell in cells)


def _at(days: list[int], part: float) -> int:
    return NEAREST * round(days[int(part * (len(days) - 1))] / NEAREST)
