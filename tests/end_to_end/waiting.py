"""Waiting for something to become true, with an end: what end-to-end tests do instead of sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, *, within: float = 45.0, every: float = 0.05) -> T:
    """The first value of `condition` that counts as true. Fails with `what` when none comes in time."""
    pause = threading.Event()
    until = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < until, f"{what}: not within {within:.0f} s"
        pause.wait(every)
    return found
