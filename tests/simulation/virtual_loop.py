"""An event loop whose time is the simulator's and whose threads are steps: what production code hands to a
thread waits here until the simulator lets it run. Never sleeps, never starts a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

FOREVER = 10_000  # rounds without coming to rest


class Clock:
    """Virtual time: moves only when it is told to."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.seconds = 0.0

    def __call__(self) -> datetime:
        """The present."""
        return self.start + timedelta(microseconds=round(self.seconds * 1e6))

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


class _NoSelector:
    """Nothing to wait for: the loop returns at once."""

    def select(self, _timeout: float | None) -> list[Any]:
        return []

    def close(self) -> None:
        return


class VirtualLoop(asyncio.BaseEventLoop):
    """One process's loop. `jobs` are calls that production code has handed to a thread."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._selector = _NoSelector()
        self._clock = clock
        self.jobs: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self.faults: list[str] = []
        self.set_exception_handler(self._fault)

    def time(self) -> float:
        """Virtual seconds."""
        return self._clock.seconds

    def _process_events(self, _events: list[Any]) -> None:
        return

    def _write_to_self(self) -> None:
        return

    def _fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """The call waits for the simulator."""
        future: asyncio.Future[Any] = self.create_future()
        self.jobs.append((future, lambda: func(*args)))
        return future

    def settle(self) -> None:
        """Run what is ready and what is due, until everyone waits."""
        for _ in range(FOREVER):
            due = self._scheduled and self._scheduled[0].when() <= self.time()  # type: ignore[attr-defined]
            if not self._ready and not due:  # type: ignore[attr-defined]
                return
            self.call_soon(self.stop)
            self.run_forever()
        raise AssertionError("the loop does not come to rest")

    def run_job(self, number: int) -> None:
        """Let one call happen, then everyone who waited for it."""
        future, call = self.jobs.pop(number)
        if not future.cancelled():
            try:
                found = call()
            except Exception as error:  # noqa: BLE001 - belongs to whoever waits for it
                future.set_exception(error)
            else:
                future.set_result(found)
        self.settle()
