"""The end of a run: no more faults, and time goes on until nobody has anything to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.exchange import steering
from tests.simulation.installation import TENANT
from tests.simulation.world import World

ROUNDS = 400
QUIET = 160.0  # seconds in which nothing moves: a whole turn of asking of a worker that died, and one more
MOST_EVENTS = 20_000  # of one round
WAITING = """
    SELECT max(coalesce(l.next_at, 0), CASE r.breaker WHEN 'open' THEN coalesce(r.probe_at, 0) ELSE 0 END)
    AS at
    FROM lane l JOIN recipient r ON r.tenant = l.tenant AND r.system = l.recipient
    WHERE l.state = 'waiting' AND coalesce(l.last_error, '') <> 'no-such-person'"""


class Restless(AssertionError):
    """It does not come to rest."""


@dataclass
class Rest:
    """Of one world. told: called in every round, after the systems have told all they have to tell."""

    world: World
    told: Callable[[], None]

    def rest(self) -> None:
        """No more faults: time goes on until nobody has anything to do."""
        world = self.world
        world.say("---- faults stop")
        world.outages.clear()
        for worker in world.workers:
            worker.paused = False
        last = world.seconds
        for _ in range(ROUNDS):
            begun = world.seconds
            if self._round():
                last = begun
            elif begun - last > QUIET and not self._swept():
                return
        raise Restless(f"does not come to rest: {self._pending()}")

    def _swept(self) -> bool:
        """A last sweep. Whether it found anything to do: then it goes on."""
        mark = self._mark()
        self.world.workers[0].sweep()
        return bool(mark != self._mark() or self._pending())

    def _recheck(self) -> None:
        """The operator says that a system was restored: lane by lane, as `stafettbro lanes recheck` does."""
        world = self.world
        for name in sorted(world.restored - world.rechecked):
            store = world.installation.service.store
            ids = [r["id"] for r in world.rows("SELECT id FROM lane WHERE recipient = ? ORDER BY id", name)]
            with store.write(TENANT) as connection:
                steering.recheck_waiting(connection, TENANT, name)
                done = [steering.recheck(connection, TENANT, one, world.installation.clock()) for one in ids]
            if all(done):
                world.rechecked.add(name)

    def _round(self) -> bool:
        """One round of everything. Whether anything moved."""
        world = self.world
        mark = self._mark()
        self._recheck()
        for name, native in world.native.items():
            waiting, native.outbox = native.outbox, []
            if waiting:
                world.hand_in(name, waiting)
        for worker in world.workers[:1]:
            worker.keep_house()
            worker.poll()
        self.drain()
        for worker in world.workers[:1]:
            while worker.claim():
                self.drain()
        self.told()
        moved = mark != self._mark() or bool(self._pending())
        self._onward()
        return moved

    def drain(self) -> None:
        world = self.world
        for _ in range(MOST_EVENTS):
            self.world.settle()
            world.network.tidy()
            jobs = [w for w in world.workers if w.loop.jobs]
            if jobs:
                jobs[0].loop.run_job(0)
            elif able := [f for f in world.network.flights if not f.gone]:
                world.network.step(able[0], "ok")
            elif any(w.worker._running for w in world.workers):
                world.installation.clock.forward(0.5)
            else:
                return
        raise Restless("a run does not end")

    def _onward(self) -> None:
        """To the next moment at which something is due, of what is waited for."""
        world = self.world
        world.installation.clock.forward(1.0)
        dues = [r["at"] for r in world.rows(WAITING)]
        dues += [r["deadline"] for r in world.rows("SELECT deadline FROM lane WHERE state = 'running'")]
        dues += [r["due"] for r in world.rows("SELECT due FROM timer WHERE kind = 'poll'")]
        ahead = min((world.since_start(d) for d in dues), default=world.seconds) - world.seconds
        if ahead > 0:
            world.installation.clock.forward(ahead + 0.001)

    def _mark(self) -> Any:
        """What changes when anything happens that matters."""
        (row,) = self.world.rows("SELECT count(*) AS n FROM resource_version")
        (held,) = self.world.rows(
            "SELECT coalesce(sum(run), 0) AS n FROM lane WHERE coalesce(last_error, '') <> 'no-such-person'"
        )
        return row["n"], held["n"], sum(len(n.outbox) for n in self.world.native.values())

    def _pending(self) -> list[Any]:
        rows = self.world.rows(
            "SELECT recipient, state, last_error FROM lane WHERE state <> 'idle'"
            " AND coalesce(last_error, '') <> 'no-such-person'"
        )
        return [tuple(r) for r in rows]
