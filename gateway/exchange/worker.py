"""A worker: a loop that claims lanes and runs them, asks polled systems for changes, lets timers fall due,
takes over from the dead and sweeps. Several may run beside each other; the database is what they share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.contract import Adapter
from gateway.config import Settings, System
from gateway.events import Event, log
from gateway.exchange import breaker, disclosures, lanes, liveness, opening
from gateway.exchange.facts import FactsReader
from gateway.exchange.housekeeping import Counters, Housekeeper
from gateway.exchange.lanes import Claim
from gateway.exchange.liveness import Liveness
from gateway.exchange.prepare import Preparer
from gateway.exchange.run import Runner
from gateway.exchange.send import Sender
from gateway.hub.audit import occasion
from gateway.hub.store import Store
from gateway.intake import Intake
from mappings.model import RecordMapping

IDLE_SECONDS = 0.05  # how long a worker sleeps when nothing woke it; another process may have
HOUSEKEEPING_SECONDS = 1.0
TAKE_AT_ONCE = 64
DATABASE_THREADS = 4  # more of them mostly wait for each other: 16 doubled the latency at 50 entries a second


@dataclass(slots=True)
class Worker:
    """One worker process's loop."""

    store: Store
    settings: Settings
    mappings: Mapping[str, RecordMapping]
    adapters: Mapping[str, Adapter]
    facts: FactsReader
    intake: Intake
    clock: Callable[[], datetime]
    counters: Counters = field(default_factory=Counters)
    beside: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()  # what else has its turn once a second
    _nudged: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _stopping: bool = False
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _life: Liveness | None = None
    house: Housekeeper = field(init=False)
    _runners: dict[str, Runner] = field(default_factory=dict)
    _kept_house: float = 0.0

    def __post_init__(self) -> None:
        self.house = Housekeeper(
            self.store, self.settings, self.adapters, self.intake, self.clock, self.counters, self.facts
        )

    def nudge(self) -> None:
        """There may be something to do. From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._nudged.set)

    def stop(self) -> None:
        """End after the runs under way."""
        self._stopping = True
        self.nudge()

    @property
    def id(self) -> str | None:
        """This worker's name in lanes and disclosures."""
        return self._life.id if self._life else None

    async def run(self) -> None:
        """Work until stopped."""
        with occasion.of(None):
            await self._run()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(DATABASE_THREADS, "db"))
        await asyncio.to_thread(self._ensure_recipients)
        self._runners = {s.id: self._runner(s) for s in self._recipients()}
        self._life = await self._take_lock()
        log(Event.WORKER_STARTED, worker=self._life.id)
        try:
            await self._work()
        finally:
            if self._running:
                await asyncio.wait(self._running)
            name = self.id
            if self._life is not None:
                self._life.close()
            log(Event.WORKER_STOPPED, worker=name)

    async def _work(self) -> None:
        while not self._stopping:
            self._nudged.clear()
            try:
                await self._keep_lock()
                claimed = await asyncio.to_thread(self._claim)
                for claim in claimed:
                    self._start(claim)
                await self._housekeep()
            except Exception:  # noqa: BLE001 - the database may be away for a while; the loop must outlive it
                self.counters.failed += 1
                log(Event.WORKER_FAILED, level=logging.ERROR, worker=self.id, trace=True)
                await asyncio.sleep(HOUSEKEEPING_SECONDS)
                continue
            if len(claimed) < TAKE_AT_ONCE:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._nudged.wait()
        except TimeoutError:
            return

    # --- runs --------------------------------------------------------------------------------------------

    def _recipients(self) -> list[System]:
        return [s for s in self.settings.systems if s.deliver == "push"]

    def _ensure_recipients(self) -> None:
        with self.store.write(*self.settings.tenant_ids) as connection:
            breaker.ensure_recipients(connection, self.settings.systems)
            for tenant in self.settings.tenant_ids:
                opening.note(connection, self.settings, tenant, self.clock())

    def _runner(self, system: System) -> Runner:
        mapping = self.mappings[system.id]
        return Runner(
            system=system,
            store=self.store,
            preparer=Preparer(system, self.settings, mapping, self.facts),
            sender=Sender(system, mapping, self.adapters[system.id]),
            intake=self.intake,
            clock=self.clock,
            alive=self._holds_lock,
        )

    def _claim(self) -> list[Claim]:
        life = self._life
        if life is None:
            return []
        now = self.clock()
        with self.store.across() as connection:
            waiting = lanes.recipients_waiting(connection, now)
        claims: list[Claim] = []
        for tenant, recipient in waiting:
            runner = self._runners.get(recipient)
            if runner is None or runner.system.tenant != tenant:
                continue
            with self.store.write(tenant) as connection:
                claims += lanes.claim(
                    connection, runner.system, owner=life.id, now=self.clock(), limit=TAKE_AT_ONCE
                )
        return claims

    def _start(self, claim: Claim) -> None:
        if not self._holds_lock():
            return  # claimed under a name that is lost meanwhile: taken over like the rest
        self._begin(self._run_lane(claim))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_lane(self, claim: Claim) -> None:
        self.counters.runs += 1
        runner = self._runners[claim.recipient]
        crowded = len(self._running) >= runner.system.slots  # then a lane may wait for the slot of this one
        try:
            waits = await runner.run(claim)
        except Exception:  # noqa: BLE001 - one lane's fault must not end the others; it is tried again
            self.counters.failed += 1
            log(Event.RUN_FAILED, level=logging.ERROR, lane=claim.lane, run=claim.run, trace=True)
            await asyncio.to_thread(self._abandon, claim)
            return
        if waits or crowded or claim.probe:
            self._nudged.set()

    def _abandon(self, claim: Claim) -> None:
        """A run that failed inside: what it had begun may have arrived; the lane tries again later."""
        now = self.clock()
        with self.store.write(claim.tenant) as connection:
            disclosures.finish_run(
                connection,
                claim.tenant,
                person=claim.person,
                recipient=claim.recipient,
                run=claim.run,
                now=now,
            )
            lanes.end(connection, claim, lanes.failed(claim, now), now)

    # --- housekeeping ------------------------------------------------------------------------------------

    async def _housekeep(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._kept_house < HOUSEKEEPING_SECONDS:
            return
        self._kept_house = now
        if self._life is not None:
            await asyncio.to_thread(self.house.keep, self._life)
            await asyncio.to_thread(self.house.seal)
        for poller in await asyncio.to_thread(self.house.polls_due):
            self._begin(poller.poll())
        for turn in self.beside:
            self._begin(turn())

    # --- the lock ----------------------------------------------------------------------------------------

    def _holds_lock(self) -> bool:
        return self._life is not None and self._life.held()

    async def _take_lock(self) -> Liveness:
        life = await asyncio.to_thread(liveness.take, self.store, self.settings.state_folder, self.clock())
        loop = asyncio.get_running_loop()

        def lost() -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it every send
                loop.call_soon_threadsafe(self._cancel, life)

        life.watch(lost)
        return life

    def _cancel(self, life: Liveness) -> None:
        """The lock is lost, with its connection: others may take our lanes over. Every send is cancelled at
        once, whatever else this worker may be waiting for."""
        if life is not self._life:
            return
        log(Event.LOCK_LOST, level=logging.WARNING, worker=life.id, sends=len(self._running))
        for task in self._running:
            task.cancel()
        self._nudged.set()

    async def _keep_lock(self) -> None:
        """Without its lock this worker goes on under a new name; what it had begun is taken over as from the
        dead."""
        if self._holds_lock():
            return
        if self._life is not None:
            self._cancel(self._life)
            self._life.close()
            self._life = None
        if self._running:
            await asyncio.wait(self._running)
        self._life = await self._take_lock()
        log(Event.WORKER_STARTED, worker=self._life.id)
