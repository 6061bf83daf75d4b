"""Makes faults and mends them again, always two at a time; measures how soon lanes of the killed are taken
over."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.chaos.installation import PAUSE, THINKING, Installation
from tests.chaos.schedule import Fault, Kind
from tests.end_to_end.plant import wait_until
from tests.postgres import Cluster, Missing

AT_A_TIME = 2
SWITCHES: dict[str, dict[str, Any]] = {
    "refuse 503": {"refuse": 503},
    "refuse 500": {"refuse": 500},
    "refuse 429": {"refuse": 429, "retryAfter": 1},
    "refuse 401": {"refuse": 401},
    "hang": {"hang": True},
    "reset": {"reset": True},
    "500 after having stored": {"storedThen": 500},
    "reset after having stored": {"loseAnswer": True},
}
ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
LOCKS = " AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
OWNED = """SELECT lane.id, lane.run FROM lane JOIN worker ON worker.id = lane.owner
WHERE lane.state = 'running' AND worker.pid = %s AND NOT worker.gone"""


@dataclass(slots=True)
class Chaos:
    """Makes a schedule's faults. done: how many of each kind and manner; claimed: seconds from kill -9 until
    each lane that the killed had under way was claimed by another; stuck: lanes for which nobody came."""

    made: Installation
    cluster: Cluster
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    claimed: list[float] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # faults that could not be made, or mended again
    _busy: set[str] = field(default_factory=set)
    _free: threading.Condition = field(default_factory=threading.Condition)
    _watchers: list[threading.Thread] = field(default_factory=list)

    def run(self, faults: Sequence[Fault], told: Callable[[int], None]) -> None:
        """All faults, two at a time. told: hears how many have been made."""
        waiting = iter(faults)
        taking = threading.Lock()

        def slot() -> None:
            while True:
                with taking:
                    fault = next(waiting, None)
                if fault is None:
                    return
                try:
                    self._alone(fault)
                except Exception as error:  # noqa: BLE001 - told in the report; the campaign goes on
                    self.failed.append(f"{fault}: {error!r}")
                told(self.done.total())

        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for ended in [pool.submit(slot) for _ in range(AT_A_TIME)]:
                ended.result()
        for watcher in self._watchers:
            watcher.join()

    def _alone(self, fault: Fault) -> None:
        """One fault, once nothing else is done to the same target."""
        with self._free:
            self._free.wait_for(lambda: fault.target not in self._busy)
            self._busy.add(fault.target)
        try:
            self._make(fault)
        finally:
            with self._free:
                self._busy.discard(fault.target)
                self._free.notify_all()
        self.done[(fault.kind.value, fault.how)] += 1

    def _make(self, fault: Fault) -> None:
        ways = {
            Kind.KILL: self._kill,
            Kind.STOP: self._stop,
            Kind.DATABASE: self._restart_database,
            Kind.CUT: self._cut,
            Kind.RECIPIENT: self._trouble,
        }
        ways[fault.kind](fault)

    def _kill(self, fault: Fault) -> None:
        at, pid = time.monotonic(), self.made.processes[fault.target].pid
        self.made.kill(fault.target)
        watcher = threading.Thread(target=self._watch, args=(pid, at), daemon=True)
        watcher.start()
        self._watchers.append(watcher)
        PAUSE.wait(fault.seconds)
        since = self.made.written(fault.target)
        self.made.start(fault.target)
        wait_until(lambda: self.made.up(fault.target, since), 300, f"{fault.target} is at work again")

    def _watch(self, pid: int, killed: float) -> None:
        """How long the lanes that the killed had under way wait for another."""
        owned = dict(self.made.patiently(OWNED, pid))
        while owned:
            found = self.made.patiently("SELECT id, run FROM lane WHERE id = ANY(%s)", list(owned))
            taken = [lane for lane, run in found if run > owned[lane]]
            self.claimed += [time.monotonic() - killed] * len(taken)
            owned = {lane: run for lane, run in owned.items() if lane not in taken}
            if owned and time.monotonic() - killed > 90:
                self.stuck += list(owned)
                return
            PAUSE.wait(0.1)

    def _stop(self, fault: Fault) -> None:
        self.made.pause(fault.target)
        PAUSE.wait(fault.seconds)
        self.made.resume(fault.target)

    def _restart_database(self, fault: Fault) -> None:
        self.cluster.stop(signal.SIGINT if fault.how == "clean" else signal.SIGQUIT)
        PAUSE.wait(fault.seconds)
        for _ in range(20):
            try:
                return self.made.starter.submit(self.cluster.start).result()
            except Missing:  # what is left of the crashed one still holds its memory
                PAUSE.wait(0.3)
        raise AssertionError("the database does not start again")

    def _cut(self, fault: Fault) -> None:
        until = time.monotonic() + fault.seconds
        asked = ENDED + (LOCKS if fault.how == "the lock's" else "")
        self._end_connections(asked, fault.target)
        while time.monotonic() < until:
            PAUSE.wait(0.02)
            if fault.how == "all, again and again":
                self._end_connections(asked, fault.target)

    def _end_connections(self, asked: str, name: str) -> None:
        """Of one worker; the recipients stay within its reach."""
        try:
            self.made.rows(asked, name)
        except psycopg.OperationalError:
            return  # the database is away just now, and with it all connections

    def _trouble(self, fault: Fault) -> None:
        peer = self.made.recipients[fault.target]
        peer.faults(delay=THINKING, **SWITCHES[fault.how])
        PAUSE.wait(fault.seconds)
        peer.faults(delay=THINKING)
