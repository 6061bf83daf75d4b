"""One run's world: the gateway, four systems, the network between them, three workers, and what the simulator
knows of it all."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gateway import jsontext
from gateway.intake import Offered
from gateway.intake.answer import Answer
from tests.simulation.children import Simulated
from tests.simulation.fhir_system import FhirSystem
from tests.simulation.installation import CLINICS, NATIVE, WORKERS, Installation
from tests.simulation.ledger import Ledger, words_in
from tests.simulation.network import Answered, Asked, Flight, Network
from tests.simulation.processes import Process
from tests.simulation.record_system import Quality, RecordSystem

Record = dict[str, Any]


@dataclass
class World:
    """Everything of one run."""

    installation: Installation
    start: dict[str, Any]
    ledger: Ledger = field(default_factory=Ledger)
    counts: Counter[str] = field(default_factory=Counter)
    native: dict[str, RecordSystem] = field(init=False)
    clinics: dict[str, FhirSystem] = field(init=False)
    network: Network = field(init=False)
    workers: list[Process] = field(init=False)
    children: list[Simulated] = field(init=False)
    look: sqlite3.Connection = field(init=False)
    outages: dict[str, float] = field(default_factory=dict)
    answered: dict[str, set[str]] = field(default_factory=dict)  # word -> what intake answered to it
    restored: set[str] = field(default_factory=set)
    rechecked: set[str] = field(default_factory=set)  # of those, what an operator has said so of since
    trace: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        here, clock = self.installation, self.installation.clock
        self.children = [Simulated(n + 1, age) for n, age in enumerate(self.start["ages"])]
        self.native = {name: RecordSystem(name, clock, self._quality(name)) for name in NATIVE}
        self.clinics = {name: FhirSystem(name, clock, self.start["skew"][name]) for name in CLINICS}
        self.network = Network(clock, self._receive, self._leaving, self._down)
        here.network = self.network
        self.look = here.look()
        self.workers = [
            Process(n, here.service, here.adapters[n], clock, lambda: self.network.flights)
            for n in range(WORKERS)
        ]
        self._open()

    def _quality(self, name: str) -> Quality:
        theirs = name == "individuell-plan" and self.start["ids"] == "theirs"
        return Quality(
            self.start["versions"][name], theirs, self.start["echoes"][name], self.start["skew"][name]
        )

    def _open(self) -> None:
        """What was there before: logs, plans, patients."""
        for child in self.children:
            self.ledger.born[child.number] = child.born
            for name, records in (
                ("stafettlogg", child.opening()),
                ("individuell-plan", child.plan_records()),
            ):
                for record in records:
                    self.native[name].save(record, push=False)
                self.hand_in(name, [(r, None) for r in records])
        for number, name in self.start["patients"]:
            self.clinics[name].save(self.children[number].patient())

    @property
    def seconds(self) -> float:
        """Virtual time, to the microsecond, as the database keeps it."""
        return round(self.installation.clock.seconds, 6)

    def say(self, text: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.seconds:12.3f}  {text}")

    # --- the systems' side -------------------------------------------------------------------------------

    def hand_in(self, name: str, records: list[tuple[Record, str | None]]) -> list[Answer]:
        """A system tells the gateway of records."""
        offered = [Offered(record, version) for record, version in records]
        answers = self.installation.service.intake.take(self.installation.system(name), offered)
        for (record, _), answer in zip(records, answers, strict=True):
            self.counts[f"answered {answer.status.value}"] += 1
            for word in words_in(repr(record).encode()):
                self.answered.setdefault(word, set()).add(answer.status.value)
        return answers

    def _receive(self, name: str, asked: Asked) -> Answered:
        system: Any = self.native.get(name) or self.clinics[name]
        answer: Answered = system.receive(asked)
        self.say(
            f"{name} {asked.method} {asked.path[:60]} -> {answer[0]} {' '.join(sorted(words_in(asked.body)))}"
        )
        return answer

    def _down(self, name: str) -> bool:
        return self.outages.get(name, -1.0) > self.seconds

    # --- what is checked the moment bytes leave ------------------------------------------------------------

    def _leaving(self, flight: Flight) -> None:
        asked, now = flight.asked, self.seconds
        if flight.attempt is None:
            return
        attempt, ref = flight.attempt
        row = self.look.execute("SELECT state, started FROM disclosure WHERE id = ?", (attempt,)).fetchone()
        if row is None or row["state"] != "sending":
            state = row["state"] if row else "not logged"
            self.ledger.breaches.append(f"{ref} left for {flight.system} while its disclosure was {state}")
        held = self.ledger.has.setdefault(flight.system, set())
        begun = self.since_start(row["started"]) if row else now
        for text in sorted(words_in(asked.body) - held):
            self._judge(flight.system, text, begun, now)
            held.add(text)

    def _judge(self, system: str, text: str, begun: float, left: float) -> None:
        word = self.ledger.words[text]
        day = self.day(begun)
        if not self.ledger.permitted(word, system, begun, day):
            self.ledger.breaches.append(f"{text} ({word.category}) left for {system} without a ground")
        if self.ledger.closed_between(word.child, begun, left):
            self.ledger.breaches.append(f"{text} left for {system} after a withdrawal was closed")

    def since_start(self, micros: int) -> float:
        """Virtual seconds of a time in the database."""
        return round(micros / 1e6 - self.installation.clock.start.timestamp(), 6)

    def day(self, seconds: float) -> Any:
        """The time that many virtual seconds in."""
        return self.installation.clock.start + timedelta(seconds=seconds)

    def settle(self) -> None:
        """Every process that is not stopped does what it can without waiting."""
        for worker in self.workers:
            if not worker.paused:
                worker.loop.settle()

    # --- looking into the hub ----------------------------------------------------------------------------

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Look, only."""
        return self.look.execute(statement, values).fetchall()

    def person(self, child: Simulated) -> str:
        """The hub's id of a child."""
        found = self.rows("SELECT person FROM link WHERE system = 'stafettlogg' AND native_id = ?", child.log)
        return str(found[0]["person"])

    def history(self) -> dict[str, dict[int, Any]]:
        """Every version of everything."""
        out: dict[str, dict[int, Any]] = {}
        for row in self.rows("SELECT ref, version, content FROM resource_version ORDER BY ref, version"):
            out.setdefault(row["ref"], {})[row["version"]] = jsontext.decode(row["content"])
        return out

    def end(self) -> None:
        """The run is over."""
        for worker in self.workers:
            worker.end()
            for task in [t for _, dead in [*worker.dead, (None, worker.worker)] for t in dead._running]:
                task._log_destroy_pending = False
        self.look.close()
        self.installation.network = None
