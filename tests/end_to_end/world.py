"""A gateway between three connected systems, for end-to-end tests. What every such world can do, and the one
with the gateway inside the test, its clock fixed; `served` has it as a process."""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from gateway import service
from gateway.config import Settings
from gateway.demo.sample_children import records
from gateway.exchange import steering
from gateway.exchange.reasons import Reason
from gateway.exchange.timers import POLL
from gateway.hub.schema.tables import lane, recipient, timer
from gateway.intake import Offered
from tests.end_to_end.configuration import TENANT, configuration, write_tokens
from tests.end_to_end.hub import Hub
from tests.end_to_end.standing import disagreements
from tests.end_to_end.systems import Systems, hub_id
from tests.end_to_end.waiting import wait_until

WRITTEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # the day the samples are about
QUIET_WITHIN = 90.0
SELDOM = timedelta(hours=1)
POLL_OF_BUP = (timer.c.kind == POLL, timer.c.subject == "bup")
NOBODY = "http://127.0.0.1:1"


class Clock:
    """Starts at a fixed time and runs on from there."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)


@dataclass
class World(ABC):
    """What both kinds of world have in common."""

    systems: Systems
    hub: Hub
    clock: Callable[[], datetime]
    today: date
    _taken: int = field(default=0, init=False)

    @abstractmethod
    def hand_in(self, system: str, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """A system tells the gateway of records; one answer each."""

    def alive(self) -> None:  # noqa: B027 - only one kind can end
        """Fails if the gateway has ended."""

    def sample(self, system: str, child: str) -> list[dict[str, Any]]:
        """A child's records in a system, as if written around the world's today."""
        return records(system, child, self.today)

    def now(self) -> str:
        """The present, as a records system writes it."""
        return self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def begin(self, *children: str) -> None:
        """Each child's records stand in their systems, BUP has its two patients, and the gateway is told."""
        for child in children:
            self.tell(child)
        self.quiet()

    def tell(self, child: str) -> None:
        """One child's records, first into their own systems, then to the gateway."""
        for system, peer in (
            ("stafettlogg", self.systems.stafettlogg),
            ("individuell-plan", self.systems.plan),
        ):
            if (system, child) == ("individuell-plan", "jonas"):
                continue  # he has no plan
            own = self.sample(system, child)
            if system == "stafettlogg":
                self.systems.bup.admit(own[0]["barn"])
            peer.seed(own)
            answers = self.hand_in(system, own)
            assert {a["status"] for a in answers} == {"stored"}, answers

    def edit(self, system: str, record_id: str, **fields: Any) -> dict[str, Any]:
        """Someone changes a record in a records system, which tells the gateway. Returns the answer."""
        peer = {"stafettlogg": self.systems.stafettlogg, "individuell-plan": self.systems.plan}[system]
        changed = {**peer.record(record_id), **fields, "endret": self.now()}
        peer.save(changed)
        return self.hand_in(system, [changed])[0]

    def write(self, system: str, record: dict[str, Any]) -> dict[str, Any]:
        """Someone writes a new record in a records system, which tells the gateway. Returns the answer."""
        peer = {"stafettlogg": self.systems.stafettlogg, "individuell-plan": self.systems.plan}[system]
        new = {**record, "endret": self.now()}
        peer.save(new)
        return self.hand_in(system, [new])[0]

    def quiet(self) -> None:
        """Wait until nothing moves any more: every lane is idle, and a whole round of asking BUP, begun after
        the last change, has brought nothing."""
        until = time.monotonic() + QUIET_WITHIN
        while True:
            self.rest()
            before = self.hub.mark()
            self.polled()
            self.rest()
            if self.hub.mark() == before:
                return
            assert time.monotonic() < until, f"does not come to rest: {self.hub.pending()}"

    def rest(self) -> None:
        """Wait until every lane is idle."""
        wait_until(self._idle, "every lane idle")

    @abstractmethod
    def polled(self) -> None:
        """Wait until BUP has been asked for changes, from the first type to the last, after now."""

    def _idle(self) -> bool:
        self.alive()
        return not self.hub.pending()

    def goal_at_bup(self, record_id: str) -> dict[str, Any]:
        """A goal of the log as it stands at BUP: once."""
        own = self.hub.ref("stafettlogg", record_id).partition("/")[2]
        (found,) = [goal for goal in self.systems.bup.all("Goal") if hub_id(goal) == own]
        return found

    def in_plan(self, record_id: str) -> dict[str, Any]:
        """A record of the log as it stands in the plan."""
        native = self.hub.names().at("individuell-plan", self.hub.ref("stafettlogg", record_id))
        assert native is not None, f"{record_id} is not in the plan"
        return self.systems.plan.record(native)

    def assert_agreed(self) -> None:
        """Every system that holds an item holds the same of it."""
        records = {
            "stafettlogg": self.systems.stafettlogg.records(),
            "individuell-plan": self.systems.plan.records(),
        }
        assert disagreements(records, self.systems.bup.everything(), self.hub.names()) == []

    def arrived(self) -> dict[str, int]:
        """How many writes each system has been sent."""
        return {name: len(wire.writes()) for name, wire in self.systems.wires().items()}


@dataclass
class InProcess(World):
    """A gateway inside the test: the service and a worker in a thread, with the clock fixed. It asks BUP for
    changes only when the test says so."""

    service: service.Service

    def polled(self) -> None:
        """Ask BUP for changes, and wait until what it says is taken in."""
        with self.service.store.write(TENANT) as connection:
            connection.execute(update(timer).where(*POLL_OF_BUP).values(due=self.clock()))
        wait_until(self._asked, "a round of asking BUP", every=0.02)

    def _asked(self) -> bool:
        """The next turn is far away again: a turn under way is kept for minutes only."""
        due = self.hub.rows(select(timer.c.due).where(*POLL_OF_BUP))
        return bool(due) and due[0].due - self.clock() > SELDOM / 2

    def lift_breaker(self) -> None:
        """The next probe of a recipient that was down is due now."""
        with self.service.store.write(TENANT) as connection:
            connection.execute(update(recipient).values(probe_at=self.clock()))

    def held(self, system: str) -> AbstractContextManager[None]:
        """Nothing is delivered to a recipient until the block ends."""
        return _holding(self, system)

    def hand_in(self, system: str, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Through intake, as the front door does."""
        known = self.service.settings.system(system)
        assert known is not None
        offered = [Offered(record, _version(record)) for record in records]
        return [one.plain() for one in self.service.intake.take(known, offered)]


@contextmanager
def _holding(world: InProcess, system: str) -> Iterator[None]:
    store = world.service.store
    with store.write(TENANT) as connection:
        ids = [r.id for r in connection.execute(select(lane.c.id).where(lane.c.recipient == system))]
        held = [steering.hold(connection, TENANT, one, world.clock(), Reason.INVESTIGATING) for one in ids]
        assert all(held), "a lane is running"
    yield
    with store.write(TENANT) as connection:
        for one in ids:
            steering.release(connection, TENANT, one, world.clock())
    world.service.woken()


def _version(record: dict[str, Any]) -> str | None:
    version = record.get("versjon")
    return None if version is None else str(version)


@contextmanager
def in_process(database_url: str, folder: Path, systems: Systems, **bup: Any) -> Iterator[InProcess]:
    """A world with the gateway inside the test. bup: what its configuration says of BUP's system besides."""
    systems.clear()
    write_tokens(folder, systems)
    values = configuration(database_url, folder, systems, NOBODY, SELDOM.total_seconds())
    values["systems"][-1] |= bup
    settings = Settings.model_validate(values)
    clock = Clock(WRITTEN)
    built = service.build(settings, clock)
    worker = built.add_worker()
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()), daemon=True)
    thread.start()
    hub = Hub(database_url, settings.state_folder)
    try:
        yield InProcess(systems, hub, clock, WRITTEN.date(), built)
        assert worker.counters.failed == 0, "a run or the worker's loop failed inside"
        assert worker.counters.repaired == 0, "the sweeper had to wake a lane"
    finally:
        worker.stop()
        thread.join(30)
        hub.close()
        built.close()
