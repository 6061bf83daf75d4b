"""Keeps the figures of each municipality beside a worker's runs: looks once a minute how long something has
waited, counts today and yesterday anew once an hour (every five minutes on the first day, when somebody looks
whether it works), older days once, and children once a night. Durable timers say whose turn it is; what is
counted rests on the database, so a worker that dies loses a look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from consent.days import day
from gateway.config import Settings
from gateway.events import Event, log
from gateway.exchange import timers
from gateway.hub import tallies
from gateway.hub.schema.tables import timer
from gateway.hub.store import Store
from gateway.operating import figures, statistics

FIGURES: Final = "figures"  # the kind of the timer, and its subject
LOOK: Final = timedelta(minutes=1)
COUNT: Final = timedelta(hours=1)
COUNT_AT_FIRST: Final = timedelta(minutes=5)
KEPT: Final = timedelta(days=366)  # how far back is counted
DAYS: Final = 5  # older days in one turn, each a transaction of its own


@dataclass(frozen=True, slots=True)
class Counted:
    """How far the counting has come. at: when it was done last; since: the first day that may have changed
    since; back: the older day to count next, None where there is none left; begun: the day it began, since
    when there are figures of what nothing else keeps."""

    at: datetime
    since: date
    back: date | None
    begun: date

    def since_when(self, kind: tallies.Kind) -> date:
        """The first day of which there is a figure of this kind."""
        if kind not in figures.COUNTED:
            return self.begun
        return self.back + timedelta(days=1) if self.back else date.min

    def is_due(self, now: datetime) -> bool:
        """Whether today is to be counted anew."""
        return self.at + (COUNT if self.begun < day(now) else COUNT_AT_FIRST) <= now

    def plain(self) -> dict[str, Any]:
        """As it is kept with the timer."""
        back = self.back.isoformat() if self.back else None
        since, begun = self.since.isoformat(), self.begun.isoformat()
        return {"at": self.at.isoformat(), "since": since, "back": back, "begun": begun}


@dataclass(slots=True)
class Clerk:
    """One worker's."""

    store: Store
    settings: Settings
    clock: Callable[[], datetime]
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "figures"))
    _busy: bool = False
    _set: bool = False

    async def round(self) -> None:
        """What is due, if no round is under way."""
        if self._busy:
            return
        self._busy = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.go)
        except Exception:  # noqa: BLE001 - the database may be away; the next round goes on, and runs never stop
            log(Event.COUNTING_FAILED, level=logging.ERROR, trace=True)
        finally:
            self._busy = False

    def go(self) -> None:
        """One round of the municipalities whose turn it is."""
        self._begin()
        with self.store.across() as connection:
            due = timers.tenants_due(connection, FIGURES, self.clock())
            counting = timers.tenants_due(connection, statistics.STATISTICS, self.clock())
        for tenant in (one for one in due if one in self.settings.tenant_ids):
            for _ in range(DAYS):
                with self.store.write(tenant) as connection:
                    if not self.turn(connection, tenant):
                        break
        for tenant in (one for one in counting if one in self.settings.tenant_ids):
            with self.store.write(tenant) as connection:
                statistics.turn(connection, tenant, self.clock())

    def _begin(self) -> None:
        """The first time, a timer for each municipality that has none."""
        for tenant in self.settings.tenant_ids if not self._set else ():
            with self.store.write(tenant) as connection:
                if connection.execute(select(timer.c.due).where(*_own(tenant))).first() is None:
                    timers.put(connection, tenant, FIGURES, FIGURES, self.clock())
                statistics.begin(connection, tenant, self.clock())
        self._set = True

    def turn(self, connection: Connection, tenant: str) -> bool:
        """Look and count, if it is time and no other worker does. Whether there is more to do at once."""
        now = self.clock()
        if not _mine(connection, tenant, now):
            return False
        systems = [one.id for one in self.settings.systems if one.tenant == tenant]
        before = counted(connection, tenant)
        if before is None or before.is_due(now):
            after = _recent(connection, tenant, systems, before, now)
        else:
            after = _older(connection, tenant, systems, before, now)
        tallies.add(connection, tenant, list(figures.waits(connection, tenant, now)))
        due = now + LOOK if after.back is None else now
        timers.put(connection, tenant, FIGURES, FIGURES, due, after.plain())
        return after.back is not None


def counted(connection: Connection, tenant: str) -> Counted | None:
    """How far the counting of a municipality has come; None before it has begun."""
    content = connection.execute(select(timer.c.content).where(*_own(tenant))).scalar()
    kept = timers.remembered(connection, content, tenant, FIGURES, FIGURES)
    if kept is None:
        return None
    back = date.fromisoformat(kept["back"]) if kept["back"] else None
    since, begun = date.fromisoformat(kept["since"]), date.fromisoformat(kept["begun"])
    return Counted(datetime.fromisoformat(kept["at"]), since, back, begun)


def _mine(connection: Connection, tenant: str, now: datetime) -> bool:
    """Whether the timer is due and this transaction's."""
    due = select(timer.c.due).where(*_own(tenant), timer.c.due <= now).with_for_update(skip_locked=True)
    return connection.execute(due).first() is not None


def _own(tenant: str) -> tuple[Any, ...]:
    return timer.c.tenant == tenant, timer.c.kind == FIGURES, timer.c.subject == FIGURES


def _recent(
    connection: Connection, tenant: str, systems: list[str], before: Counted | None, now: datetime
) -> Counted:
    """Today, and the days before it that may have changed since: yesterday always, for what had not ended."""
    today = day(now)
    yesterday = today - timedelta(days=1)
    first = yesterday if before is None else max(min(before.since, yesterday), today - KEPT)
    last = min(today, first + timedelta(days=2 * DAYS))
    for n in range((last - first).days + 1):
        _count(connection, tenant, systems, first + timedelta(days=n))
    if before is None:
        return Counted(now, yesterday, yesterday - timedelta(days=1), today)
    if last < today:  # the worker was away for long: the rest at its next look
        return replace(before, since=last)
    return replace(before, at=now, since=yesterday)


def _older(
    connection: Connection, tenant: str, systems: list[str], before: Counted, now: datetime
) -> Counted:
    """One day further back, the first time figures are kept in a hub that has a past."""
    if before.back is None:
        return before
    _count(connection, tenant, systems, before.back)
    earlier = before.back - timedelta(days=1)
    return replace(before, back=earlier if earlier >= day(now) - KEPT else None)


def _count(connection: Connection, tenant: str, systems: list[str], on: date) -> None:
    tallies.replace(
        connection, tenant, on, figures.COUNTED, list(figures.of_day(connection, tenant, systems, on))
    )
