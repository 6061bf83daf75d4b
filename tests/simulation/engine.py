"""Carries out the operations of a run one by one: what passes between the systems and the gateway, and what
befalls workers, systems and requests. People and consents stand in their own modules, as does the end."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.simulation.deciding import Deciding
from tests.simulation.installation import CLINICS
from tests.simulation.operations import Op
from tests.simulation.people import People
from tests.simulation.processes import Process
from tests.simulation.rest import Rest
from tests.simulation.world import World

WRITES = 0.85  # of events of requests, those of deliveries where there are any
AT_ONCE = 0.7  # of turns of asking, those that go well and at once
BEGINNING = 3  # rounds
LATE = 0.6  # of stopped workers, those that were stopped right before a request left
PLAIN = ("n", "do", "dt")


class Engine:
    """Drives one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._people = People(world)
        self._deciding = Deciding(world)
        self._rest = Rest(world, self._deciding.close_narrowings)

    def begin(self, given: list[Op]) -> None:
        """The consents that stand from the beginning, and everyone has what there is."""
        for op in given:
            self._deciding.do_consent(op)
        for _ in range(BEGINNING):
            while self.world.workers[0].claim():
                self._rest.drain()
            self.world.installation.clock.forward(1.0)

    def run(self, ops: list[Op]) -> None:
        """Every operation, then rest."""
        for op in ops:
            self.step(op)
        self._rest.rest()

    def step(self, op: Op) -> None:
        """One operation."""
        world, name = self.world, f"do_{op['do']}"
        world.installation.clock.forward(op["dt"])
        world.say(f"{op['n']:4} {op['do']} {json.dumps({k: v for k, v in op.items() if k not in PLAIN})}")
        world.counts[op["do"]] += 1
        able = next(one for one in (self, self._people, self._deciding) if hasattr(one, name))
        getattr(able, name)(op)
        world.network.tidy()
        self._deciding.close_narrowings()

    def do_push(self, op: Op) -> None:
        """A log or plan tells the gateway of what was written there."""
        native = self.world.native[op["system"]]
        waiting, native.outbox = native.outbox, []
        if op["how"] == "one":
            native.outbox = waiting[1:]
            waiting = waiting[:1]
        if op["how"] == "twice":
            waiting = waiting + waiting
        if op["how"] == "shuffled":
            random.Random(op["n"]).shuffle(waiting)
        if waiting:
            self.world.hand_in(op["system"], waiting)

    def _worker(self, op: Op) -> Process | None:
        worker = self.world.workers[op["worker"]]
        return None if worker.paused else worker

    def do_claim(self, op: Op) -> None:
        """A worker looks for something to do."""
        worker = self._worker(op)
        if worker is not None:
            self.world.counts["runs"] += worker.claim()

    def do_job(self, op: Op) -> None:
        """One database step of some worker's runs."""
        ready = [w for w in self.world.workers if w.loop.jobs and not w.paused]
        if ready:
            worker = ready[op["worker"] % len(ready)]
            worker.loop.run_job(int(op["pick"] * len(worker.loop.jobs)))

    def do_net(self, op: Op) -> None:
        """One event of some request's way."""
        able = [
            f
            for f in self.world.network.flights
            if not f.gone and (f.left is not None or not self.world.workers[f.process].paused)
        ]
        if able:
            told = [f for f in able if f.attempt is not None] if op["pick"] < WRITES else []
            flight = (told or able)[op["n"] % len(told or able)]
            self.world.network.step(flight, op["fate"])
            self.world.settle()

    def do_poll(self, op: Op) -> None:
        """A worker asks the clinics."""
        worker = self._worker(op)
        if worker is None or not worker.poll() or op["pick"] > AT_ONCE:
            return
        while asking := [
            f
            for f in self.world.network.flights
            if f.process == worker.number and not f.attempt and not f.gone
        ]:
            self.world.network.step(asking[0], "ok")
            worker.loop.settle()
            while worker.loop.jobs:
                worker.loop.run_job(0)

    def do_house(self, op: Op) -> None:
        """A worker keeps house."""
        worker = self._worker(op)
        if worker is not None:
            worker.keep_house()

    def do_sweep(self, op: Op) -> None:
        """A worker sweeps."""
        worker = self._worker(op)
        if worker is not None:
            worker.sweep()

    def do_kill(self, op: Op) -> None:
        """A worker dies, and its supervisor starts another."""
        worker = self.world.workers[op["worker"]]
        worker.kill()
        self.world.network.tidy()
        worker.start()

    def do_pause(self, op: Op) -> None:
        """A worker is stopped."""
        self.world.workers[op["worker"]].paused = True

    def do_resume(self, op: Op) -> None:
        """It goes on: where it was stopped right before bytes went, they go first, however late it is."""
        worker = self.world.workers[op["worker"]]
        for flight in list(self.world.network.flights):
            about_to = worker.paused and flight.process == worker.number and flight.left is None
            if about_to and op["pick"] < LATE and not flight.abandoned:
                self.world.network.leave(flight)
                self.world.network.arrive(flight)
        worker.paused = False
        self.world.settle()

    def do_tick(self, op: Op) -> None:
        """Time passes."""
        self.world.installation.clock.forward(op["seconds"])
        self.world.settle()

    def do_jump(self, op: Op) -> None:
        """Days pass."""
        self.world.installation.clock.forward(op["days"] * 86400.0)
        self.world.settle()

    def do_backup(self, op: Op) -> None:
        """A system takes a backup."""
        self._system(op["system"]).remember()

    def do_restore(self, op: Op) -> None:
        """A system is put back to its last backup."""
        if self._system(op["system"]).restore():
            self.world.counts["restored"] += 1
            self.world.restored.add(op["system"])
            self.world.rechecked.discard(op["system"])

    def do_outage(self, op: Op) -> None:
        """A system is not to be reached for a while."""
        self.world.outages[op["system"]] = self.world.seconds + op["seconds"]

    def _system(self, name: str) -> Any:
        return self.world.clinics[name] if name in CLINICS else self.world.native[name]
