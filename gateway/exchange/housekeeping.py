"""What a worker does once a second beside its runs: lets dates fall due, takes lanes over from the dead, asks
whose turn it is to poll, and now and then sweeps. Sends nothing itself."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from adapters.contract import Adapter
from gateway.config import Settings
from gateway.events import Event, log
from gateway.exchange import deviations, disclosures, opening, recovery, reminders, timers, watching
from gateway.exchange.facts import FactsReader
from gateway.exchange.liveness import Liveness
from gateway.exchange.poll import Poller
from gateway.exchange.watching import Watcher
from gateway.hub import erasing, shown_proofs
from gateway.hub.audit.heads import Heads
from gateway.hub.audit.sealer import Sealer
from gateway.hub.review import DEADLINES, REMINDERS
from gateway.hub.store import Store
from gateway.intake import Intake

OPENED = 5  # transactions a second and recipient that open lanes
TURNS = 4  # transactions a second and tenant that look at deadlines
MOST_REMINDED = 4 * reminders.MOST  # persons a second


@dataclass(slots=True)
class Counters:
    """What metrics show of a worker."""

    runs: int = 0
    repaired: int = 0  # lanes the sweeper had to wake: should stay zero
    taken_over: int = 0
    failed: int = 0


@dataclass(slots=True)
class Housekeeper:
    """One worker's. Every method is a few short transactions, called outside the event loop."""

    store: Store
    settings: Settings
    adapters: Mapping[str, Adapter]
    intake: Intake
    clock: Callable[[], datetime]
    counters: Counters
    facts: FactsReader
    _opening: set[str] = field(default_factory=set)  # tenants with a first synchronization under way
    _sealer: Sealer | None = None
    _swept: float = -math.inf  # the first time at once: a new worker looks for what others left

    def keep(self, life: Liveness) -> None:
        """Dates, the dead, and the sweep when it is time."""
        now = self.clock()
        with self.store.across() as connection:
            turning = timers.tenants_due(connection, timers.EDGE, now)
            reminded = timers.tenants_due(connection, REMINDERS, now)
            watched = timers.tenants_due(connection, DEADLINES, now)
            late = recovery.tenants_overdue(connection, now)
        self._turn(turning, now)
        self._remind(reminded, now)
        self._watch(watched, now)
        for tenant in late:
            self._look_for_dead(tenant, life, now)
        if time.monotonic() - self._swept > self.settings.sweep_seconds:
            self._swept = time.monotonic()
            self._opening |= set(self.settings.tenant_ids)
            self._sweep(life)
        for tenant in tuple(self._opening):
            self._open(tenant, now)

    def seal(self) -> None:
        """Chain what was written in the audit. What fails here holds nothing else up."""
        if self._sealer is None:
            heads = Heads.of(self.settings)
            self._sealer = Sealer(self.store, heads, self.clock, self.settings.audit_head_seconds)
        for tenant in self.settings.tenant_ids:
            try:
                self._sealer.round(tenant)
            except (SQLAlchemyError, OSError):
                log(Event.SEALING_FAILED, level=logging.ERROR, tenant=tenant, trace=True)

    def polls_due(self) -> list[Poller]:
        """A poller, its turn claimed, for each system that is to be asked for changes now."""
        pollers = (
            Poller(system, self.store, self.adapters[system.id], self.intake, self.clock)
            for system in self.settings.systems
            if system.poll_seconds is not None and system.id in self.adapters
        )
        return [poller for poller in pollers if poller.my_turn()]

    def _turn(self, tenants: list[str], now: datetime) -> None:
        """Dates that fall due, so many persons at most: what is left comes the next second."""
        left = timers.MOST_EDGES
        for tenant in tenants:
            if left <= 0:
                return
            with self.store.write(tenant) as connection:
                left -= timers.run_edges(connection, tenant, now, left)

    def _remind(self, tenants: list[str], now: datetime) -> None:
        """A few short transactions, so many persons at most: what is left comes the next second."""
        patience = {t.id: timedelta(days=t.partial_consent_days) for t in self.settings.tenants}
        left = MOST_REMINDED
        for tenant in (one for one in tenants if one in patience):
            reviewed = reminders.MOST
            while reviewed == reminders.MOST and left > 0:
                own = {tenant: patience[tenant]}
                with self.store.write(tenant) as connection:
                    reviewed = reminders.review(connection, self.facts, own, now)
                left -= reviewed

    def _watch(self, tenants: list[str], now: datetime) -> None:
        """The same for deadlines, every tenant in its turn: a backlog of one delays no other."""
        watcher = Watcher(self.settings, self.facts, self.facts.key)
        waiting = [one for one in tenants if one in self.settings.tenant_ids]
        for _ in range(TURNS):
            for tenant in tuple(waiting):
                with self.store.write(tenant) as connection:
                    if watcher.review(connection, tenant, now) < watching.MOST:
                        waiting.remove(tenant)

    def _open(self, tenant: str, now: datetime) -> None:
        """Lanes to recipients that are new, for so many persons at most: the rest follows the next second."""
        with self.store.read(tenant) as connection:
            systems = opening.unfinished(connection, tenant)
        if not systems:
            self._opening.discard(tenant)
        for system in systems:
            for _ in range(OPENED):
                with self.store.write(tenant) as connection:
                    if not opening.advance(connection, tenant, system, now):
                        break

    def _look_for_dead(self, tenant: str, life: Liveness, now: datetime) -> None:
        with self.store.read(tenant) as connection:
            overdue = recovery.overdue(connection, tenant, now)
        for row in overdue:
            if row.owner is not None and life.dead(row.owner):
                self._take_over(row, now)

    def _take_over(self, row: Any, now: datetime) -> None:
        with self.store.write(row.tenant) as connection:
            if recovery.release_dead(connection, row, now):
                disclosures.finish_run(
                    connection,
                    row.tenant,
                    person=row.person,
                    recipient=row.recipient,
                    run=row.run,
                    now=now,
                )
                self.counters.taken_over += 1
                log(Event.LANE_TAKEN_OVER, lane=row.id)

    def _sweep(self, life: Liveness) -> None:
        for system in self.settings.systems:
            self.intake.retry_waiting(system)
        with self.store.outside(write=True) as connection:
            shown_proofs.forget(connection, self.clock())
        repaired = 0
        for tenant in self.settings.tenant_ids:
            with self.store.write(tenant) as connection:
                repaired += recovery.sweep(connection, tenant, self.clock())
                disclosures.finish_overdue(connection, tenant, self.clock())
                deviations.settle(connection, tenant, self.clock())
        self.counters.repaired += repaired
        if repaired:
            log(Event.LANES_REPAIRED, level=logging.ERROR, worker=life.id, lanes=repaired)
        erasing.finish(self.store, self.settings.tenant_ids)
