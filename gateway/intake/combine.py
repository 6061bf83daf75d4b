"""Requests that arrive at the same time share one transaction: while one batch is being stored the next one
gathers. Each request gets its own answers; one that fails inside is tried by itself, so that it harms none.

An idle gateway stores a single record at once; nothing waits for company.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from gateway.config import System
from gateway.intake.answer import Answer
from gateway.intake.arrival import Offered
from gateway.intake.take import Intake

MOST = 200  # records in one transaction


@dataclass(slots=True)
class _Request:
    system: System
    offered: Sequence[Offered]
    answer: Future[list[Answer]] = field(default_factory=Future)


class Combiner:
    """Gathers requests from many threads or tasks. Two storers overlap where the database can commit beside
    itself (PostgreSQL); SQLite has one writer."""

    def __init__(self, intake: Intake, storers: int) -> None:
        self._intake = intake
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"intake-{n}", daemon=True) for n in range(storers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, system: System, offered: Sequence[Offered]) -> Future[list[Answer]]:
        """Take records in, soon. The future ends with the answers, in order, after the commit."""
        request = _Request(system, offered)
        self._waiting.put(request)
        return request.answer

    def close(self) -> None:
        """Store what waits, then end."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._gate:  # one storer gathers at a time, so that a burst becomes one batch
                first = self._waiting.get()
                if first is None:
                    return
                gathered, last = self._gather(first)
            self._store(gathered)
            if last:
                return

    def _gather(self, first: _Request) -> tuple[list[_Request], bool]:
        gathered, count = [first], len(first.offered)
        while count < MOST:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return gathered, True
            gathered.append(following)
            count += len(following.offered)
        return gathered, False

    def _store(self, gathered: list[_Request]) -> None:
        by_system: dict[str, list[_Request]] = {}
        for request in gathered:
            if not request.answer.set_running_or_notify_cancel():
                continue  # nobody waits for it any more, and nothing of it has begun
            by_system.setdefault(request.system.id, []).append(request)
        for requests in by_system.values():
            self._store_together(requests)

    def _store_together(self, requests: list[_Request]) -> None:
        offered = [one for request in requests for one in request.offered]
        try:
            answers = self._intake.take(requests[0].system, offered)
        except Exception as error:  # noqa: BLE001 - given to whom it concerns; the storer lives on
            self._store_apart(requests, error)
            return
        start = 0
        for request in requests:
            end = start + len(request.offered)
            request.answer.set_result(answers[start:end])
            start = end

    def _store_apart(self, requests: list[_Request], error: Exception) -> None:
        if len(requests) == 1:
            requests[0].answer.set_exception(error)
            return
        for request in requests:
            self._store_together([request])
