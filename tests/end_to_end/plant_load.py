"""A steady load on the plant, and how long each entry took from being posted to its first arrival at each
recipient."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from itertools import cycle

from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, wait_until
from tests.end_to_end.plant_standing import is_write, item


def load(
    plant: Plant, children: Sequence[Child], label: str, *, entries: int, every: float
) -> dict[str, int]:
    """New goals, one request each, evenly in time over the children. Item -> when it was posted (ns)."""
    posted: dict[str, int] = {}
    pause, begun = threading.Event(), time.monotonic()
    for number, child in zip(range(entries), cycle(children), strict=False):
        pause.wait(max(0.0, begun + number * every - time.monotonic()))
        at = time.monotonic_ns()
        (answer,) = plant.post([child.goal(f"{label}{number}", number)])
        assert answer["status"] == "stored", answer
        posted[answer["resource"].partition("/")[2]] = at
    return posted


def latencies(plant: Plant, posted: dict[str, int], recipients: Sequence[str]) -> list[float]:
    """Seconds from post to arrival, of every entry at every one of these recipients, sorted. Waits until all
    have arrived."""
    out: list[float] = []
    for name in recipients:
        wait_until(partial(plant.quiet, name), 60, f"everything has arrived at {name}")
        seen = arrivals(plant, name)
        out += [(seen[one] - at) / 1e9 for one, at in posted.items()]
    return sorted(out)


def arrivals(plant: Plant, name: str) -> dict[str, int]:
    """Item -> when it first arrived at a recipient (ns)."""
    first: dict[str, int] = {}
    for one in plant.recipients[name].arrivals():
        if is_write(one):
            first.setdefault(item(one), one["at"])
    return first


def quantile(sorted_values: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]
