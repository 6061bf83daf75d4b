"""How fast somebody may go on: so many steps at once after a pause, and so many a second in the long run. Of
this process alone; knows nothing of what the steps are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

REMEMBERED = 10_000  # those who are in a hurry at the same time


class Pace:
    """A bucket for each of them. Safe to share between threads. rate: steps a second; most: at once."""

    def __init__(self, rate: float, most: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = most
        self._now = now
        self._left: dict[Hashable, tuple[float, float]] = {}  # steps left, and when that was
        self._lock = threading.Lock()

    def wait(self, who: Hashable) -> float:
        """0 where a step may be taken, which then counts; else seconds until it may."""
        now = self._now()
        with self._lock:
            left, when = self._left.pop(who, (self._most, now))
            left = min(self._most, left + (now - when) * self._rate)
            taken = left >= 1
            self._left[who] = (left - 1 if taken else left, now)
            if len(self._left) > REMEMBERED:
                self._left.pop(next(iter(self._left)))  # who has been quiet for longest
        return 0.0 if taken else (1 - left) / self._rate
