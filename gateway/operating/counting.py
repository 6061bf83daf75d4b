"""Counts what a route would send to everybody, however many they are: some persons at a time, between which
others get their turn, with how far it has come told all the while. Of one process; forgotten when it ends."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select

from gateway.hub.schema.tables import person
from gateway.hub.store import Store
from gateway.operating.forecast import Forecast, Sum, every_id

KEPT: Final = timedelta(minutes=15)  # then what was counted is old, and is counted anew
MOST: Final = 20  # counts that are kept


class Route(NamedTuple):
    """Between which systems of a tenant."""

    tenant: str
    source: str
    recipient: str


@dataclass(slots=True)
class Count:
    """One count. begun: as of when it decides; of: how many persons there were then; broken: somebody could
    not be looked at."""

    forecast: Forecast
    begun: datetime
    of: int
    total: Sum = field(default_factory=Sum)
    done: bool = False
    broken: bool = False
    _left: Iterator[str] = field(default_factory=lambda: iter(()))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of_everybody(cls, store: Store, forecast: Forecast) -> Count:
        """Begin. Looks at nobody yet."""
        tenant = forecast.system.tenant
        with store.read(tenant) as connection:
            many = connection.execute(
                select(func.count()).select_from(person).where(person.c.tenant == tenant)
            ).scalar_one()
        return cls(forecast, forecast.now, int(many), _left=every_id(store, tenant))

    def on(self, goes: Callable[[], bool]) -> None:
        """Look at one person after the other as long as this goes on, or until all are seen. Whoever finds
        somebody at it leaves it to them."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            while not self.done and goes():
                one = next(self._left, None)
                if one is None:
                    self.done = True
                else:
                    self.forecast.add(one, self.total)
        except BaseException:
            self.broken = True  # somebody is missing in it
            raise
        finally:
            self._turn.release()


class Counts:
    """The counts of one process, the newest of each route."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Route, Count] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, route: Route, now: datetime, begin: Callable[[], Count]) -> Count:
        """The count of a route: the one that is kept, or one that is begun now."""
        with self._lock:
            known = self._kept.get(route)
            if known is None or known.broken or now - known.begun > KEPT:
                known = self._kept[route] = begin()
            self._kept.move_to_end(route)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return known
