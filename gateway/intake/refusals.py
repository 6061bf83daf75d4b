"""Counts what is refused at the way in, which no other table keeps: in memory, and from there into the
database every few seconds, so that no record waits for a count. A clean stop writes what is left; a process
that is killed loses what it refused in the last `PERIOD` seconds. Numbers by system alone, never of what."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from consent.days import day
from gateway.config import System
from gateway.events import Event, log
from gateway.hub.store import Store
from gateway.hub.tallies import Count, Kind, add

PERIOD: Final = 5.0  # seconds


@dataclass(slots=True)
class Refusals:
    """One process's. Safe to use from several threads."""

    store: Store
    clock: Callable[[], datetime]
    _counted: Counter[tuple[str, date, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _timer: threading.Timer | None = None
    _closed: bool = False

    def count(self, system: System, number: int) -> None:
        """So many records of a system were refused now."""
        if number <= 0:
            return
        with self._lock:
            self._counted[system.tenant, day(self.clock()), system.id] += number
            self._wait()

    def write(self) -> bool:
        """Write what has been counted. False where the database could not: then it is kept for the next
        time."""
        with self._lock:
            counted, self._counted, self._timer = self._counted, Counter(), None
        done = True
        for tenant in sorted({tenant for tenant, _, _ in counted}):
            own = {key: number for key, number in counted.items() if key[0] == tenant}
            done &= self._write(tenant, own)
        return done

    def close(self) -> None:
        """Write what is left, and count no more by itself."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self.write()

    def _write(self, tenant: str, own: dict[tuple[str, date, str], int]) -> bool:
        counts = [Count(on, Kind.REFUSED_IN, system, n) for (_, on, system), n in own.items()]
        try:
            with self.store.write(tenant) as connection:
                add(connection, tenant, counts)
        except SQLAlchemyError:  # the database is away for a while
            log(Event.COUNTING_FAILED, level=logging.ERROR, tenant=tenant, trace=True)
            with self._lock:
                self._counted.update(own)
                self._wait()
            return False
        return True

    def _wait(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = threading.Timer(PERIOD, self.write)
            self._timer.daemon = True
            self._timer.start()
