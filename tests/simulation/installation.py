"""The gateway as a simulation runs it: built once per process and kind, its database put back to the same
beginning before each run. Everything is the production code but its clock, its ids and its wires."""

from __future__ import annotations

import random
import sqlite3
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from adapters.contract import Adapter
from adapters.fhir_server import FhirServer
from adapters.individuell_plan import IndividuellPlan
from adapters.retry import Patience
from adapters.stafettlogg import Stafettlogg
from gateway.config import Settings, System
from gateway.exchange.facts import FactsReader
from gateway.service import Service, build
from tests.adapters import let_in
from tests.simulation.network import Line, Named, Network
from tests.simulation.virtual_loop import Clock

TENANT = "fjordbyen"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORGANIZATIONS = {
    "stafettlogg": ("362819482", "education"),
    "individuell-plan": ("359797117", "administration"),
    "bup": ("343231946", "health"),
    "fastlege": ("339825971", "health"),
}
NATIVE = ("stafettlogg", "individuell-plan")
CLINICS = ("bup", "fastlege")
SYSTEMS = NATIVE + CLINICS
TYPES = ("Goal", "ServiceRequest", "Observation", "Communication")
DEADLINE = 10.0
WORKERS = 3
_MADE = uuid.uuid4


def settings(folder: Path, ids: str) -> Settings:
    """A log, a plan and two clinics, everything routed everywhere, so that consent alone decides."""
    systems = [
        {
            "id": name,
            "tenant": TENANT,
            "adapter": "fhir" if name in CLINICS else name,
            "organization": number,
            "url": f"http://{name}",
            "send_deadline_seconds": DEADLINE,
            "slots": 4,
            **({"poll_seconds": 60.0, "types": TYPES} if name in CLINICS else {"audience": "participants"}),
            **({"ids": ids} if name == "individuell-plan" else {}),
        }
        for name, (number, _) in ORGANIZATIONS.items()
    ]
    return Settings.model_validate(
        {
            "database_url": f"sqlite:///{folder / 'hub.db'}",
            "state_folder": str(folder / "state"),
            "tenants": [{"id": TENANT, "name": "Fjordbyen"}],
            "organizations": [
                {"number": number, "name": name, "regime": regime}
                for name, (number, regime) in ORGANIZATIONS.items()
            ],
            "systems": systems,
            "routes": [{"source": a, "recipient": b} for a in SYSTEMS for b in SYSTEMS if a != b],
        }
    )


@dataclass
class Installation:
    """One gateway of a kind (ids: who makes ids for what is new in the plan's system)."""

    folder: Path
    ids: str
    clock: Clock = field(init=False)
    service: Service = field(init=False)
    adapters: list[dict[str, Adapter]] = field(init=False)
    network: Network | None = None
    _template: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock = Clock(START)
        self.service = build(settings(self.folder, self.ids), self.clock)
        if self.service.store.keys is not None:
            self.service.store.keys.seals = False  # what a run leaves is looked at as it stands there
        self._template = sqlite3.connect(":memory:")
        with sqlite3.connect(self.folder / "hub.db") as source:
            source.backup(self._template)
        self.adapters = [
            {s.id: self._adapter(s, number) for s in self.service.settings.systems}
            for number in range(WORKERS)
        ]

    def _adapter(self, system: System, process: int) -> Adapter:
        client = httpx.AsyncClient(
            transport=Line(self._network, system.id, process, DEADLINE), trust_env=False
        )
        patience = Patience(deadline=system.send_deadline_seconds)
        url = f"http://{system.id}"
        if system.adapter == "fhir":
            made: Any = FhirServer(url, let_in.none(), patience=patience, types=TYPES, client=client)
        else:
            kind = Stafettlogg if system.adapter == "stafettlogg" else IndividuellPlan
            made = kind(url, let_in.none(), ids=system.ids, patience=patience, client=client)
        return Named(made)

    def _network(self) -> Network:
        assert self.network is not None
        return self.network

    def begin(self, seed: int) -> None:
        """The same beginning: an empty hub, the clock at its start, ids and jitter by the seed."""
        self.clock.seconds = 0.0
        self.service.store.engine.dispose()
        with sqlite3.connect(self.folder / "hub.db") as hub:
            self._template.backup(hub)
        hub.close()
        self.service.journal.path.unlink(missing_ok=True)
        for lock in (self.folder / "state" / "workers").glob("*.lock"):
            lock.unlink()
        self.service.facts = FactsReader(self.service.settings, self.service.key)
        chance = random.Random(seed)
        random.seed(seed)
        uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)

    def end(self) -> None:
        """Ids are made as everywhere else again."""
        uuid.uuid4 = _MADE

    def look(self) -> sqlite3.Connection:
        """A connection of the simulator's own, for looking only."""
        connection = sqlite3.connect(f"file:{self.folder / 'hub.db'}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        return connection

    def system(self, name: str) -> System:
        """By its name."""
        found = self.service.settings.system(name)
        assert found is not None
        return found
