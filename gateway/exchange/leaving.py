"""Answers to readers that are on their way: what is told in one is written as sending before its first byte,
and closed when the last one is handed over, or nobody is there to take it. A withdrawal waits for them.

Source: shared law.md, "Withdrawal". What is told outside an answer (a command line) is told at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.exchange import disclosures

GRACE = 5.0  # seconds after an answer is cut off, before its disclosure may be called over


@dataclass(slots=True)
class Leaving:
    """One answer. attempts: (tenant, id) of what is told in it. until: no byte of it leaves after this, by
    the monotonic clock."""

    attempts: list[tuple[str, str]] = field(default_factory=list)
    until: float | None = None

    def note(self, tenant: str, attempt: str, seconds: float) -> None:
        """This is told in the answer, which has so long from now."""
        self.attempts.append((tenant, attempt))
        if self.until is None:
            self.until = time.monotonic() + seconds


_ANSWER: ContextVar[Leaving | None] = ContextVar("answer", default=None)


@contextmanager
def answering() -> Iterator[Leaving]:
    """Around one request."""
    leaving = Leaving()
    token = _ANSWER.set(leaving)
    try:
        yield leaving
    finally:
        _ANSWER.reset(token)


def begin(tenant: str, attempt: str, now: datetime, seconds: float) -> tuple[str, datetime | None]:
    """State and deadline of a disclosure that is being written: sending, where there is an answer to send."""
    leaving = _ANSWER.get()
    if leaving is None:
        return disclosures.DELIVERED, None
    leaving.note(tenant, attempt, seconds)
    return disclosures.SENDING, now + timedelta(seconds=seconds + GRACE)


def own() -> frozenset[str]:
    """What is told in the answer to the request at hand, if there is one."""
    leaving = _ANSWER.get()
    return frozenset(attempt for _, attempt in leaving.attempts) if leaving else frozenset()


def finish(connection: Connection, leaving: Leaving, *, whole: bool, now: datetime) -> None:
    """The answer has ended. whole: its last byte was handed over."""
    state, error = (disclosures.DELIVERED, None) if whole else (disclosures.UNKNOWN, "reader-went-away")
    for tenant in sorted({tenant for tenant, _ in leaving.attempts}):
        own = [(attempt, state, error) for other, attempt in leaving.attempts if other == tenant]
        disclosures.finish(connection, tenant, own, now)
