"""What the demo's issuer remembers between two steps of a login: each thing under a random name, for a short
while, to be taken once. In memory: a login does not outlive the process."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

MOST = 500
What = TypeVar("What")


class Waiting(Generic[What]):
    """Things of one kind. Safe to share between threads. seconds: how long each waits."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._held: dict[str, tuple[float, What]] = {}
        self._lock = threading.Lock()

    def keep(self, what: What) -> str:
        """Its name from now on. The oldest goes where there are too many."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._held[name] = (self._clock() + self._seconds, what)
            if len(self._held) > MOST:
                self._held.pop(next(iter(self._held)))
        return name

    def look(self, name: str) -> What | None:
        """What waits under this name; it goes on waiting."""
        with self._lock:
            until, what = self._held.get(name, (0.0, None))
        return what if self._clock() < until else None

    def take(self, name: str) -> What | None:
        """What waits under this name, for the only time."""
        with self._lock:
            until, what = self._held.pop(name, (0.0, None))
        return what if self._clock() < until else None
