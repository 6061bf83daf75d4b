"""Worker processes of a simulation: real workers, each on a loop of its own, stepped by the simulator; killed
and paused at any point between two steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Adapter
from gateway.exchange import liveness
from gateway.exchange.liveness import FileLiveness
from gateway.exchange.worker import Worker
from gateway.service import Service
from tests.simulation.network import Flight
from tests.simulation.virtual_loop import Clock, VirtualLoop


@dataclass
class Process:
    """One worker process, alive, paused or dead."""

    number: int
    service: Service
    adapters: Mapping[str, Adapter]
    clock: Clock
    flights: Callable[[], list[Flight]]
    worker: Worker = field(init=False)
    loop: VirtualLoop = field(init=False)
    paused: bool = False
    dead: list[Any] = field(default_factory=list)  # kept until the run ends, so that nothing of them goes on
    taken_over: int = 0
    repaired: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process."""
        self.loop = VirtualLoop(self.clock)
        self.worker = Worker(
            store=self.service.store,
            settings=self.service.settings,
            mappings=self.service.mappings,
            adapters=self.adapters,
            facts=self.service.facts,
            intake=self.service.intake,
            clock=self.clock,
        )
        self.worker._life = liveness.take(
            self.service.store, self.service.settings.state_folder, self.clock()
        )
        self.worker._ensure_recipients()
        self.worker._runners = {s.id: self.worker._runner(s) for s in self.worker._recipients()}
        self.worker.house._swept = 0.0 if self.number else self.worker.house._swept

    @property
    def life(self) -> Any:
        """Its lock."""
        return self.worker._life

    def claim(self) -> int:
        """Claim lanes and begin their runs."""
        claims = self.worker._claim()
        for claim in claims:
            self.loop.call_soon(self.worker._start, claim)
        self.loop.settle()
        return len(claims)

    def keep_house(self) -> None:
        """Dates, the dead, reminders."""
        self.worker.house._swept = float("inf")
        self.worker.house.keep(self.life)

    def sweep(self) -> None:
        """What is done once a minute."""
        self.worker.house._sweep(self.life)

    def poll(self) -> int:
        """Ask the systems whose turn it is."""
        pollers = self.worker.house.polls_due()
        for poller in pollers:
            self.loop.call_soon(self.worker._begin, poller.poll())
        self.loop.settle()
        return len(pollers)

    @property
    def busy(self) -> bool:
        """Whether something of it is under way."""
        return bool(self.worker._running or self.loop.jobs)

    def kill(self) -> None:
        """kill -9: its lock is free, nothing of it goes on; what has left may still arrive."""
        assert isinstance(self.life, FileLiveness)
        self.life._file.close()
        for flight in self.flights():
            if flight.process == self.number and not flight.future.done():
                flight.future.cancel()
        self._count()
        self.dead.append((self.loop, self.worker))
        self.paused = False

    def end(self) -> None:
        """The run is over."""
        self._count()
        self.life.close()

    def _count(self) -> None:
        counters = self.worker.counters
        self.taken_over += counters.taken_over
        self.repaired += counters.repaired
        self.failed += counters.failed
