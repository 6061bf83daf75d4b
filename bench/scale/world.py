"""The gateway that is measured, in this process: five systems of one municipality, and recipients that take
whatever they are sent, at once. Nothing of the gateway itself is replaced, only the network behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.contract import Finding, Incoming, Page, Record, Write, Written
from gateway.config import Settings, System
from gateway.exchange import lanes
from gateway.exchange.prepare import Preparer
from gateway.exchange.run import Runner
from gateway.exchange.send import Sender
from gateway.service import Service, build

TENANT = "fjordbyen"
LOG, PLAN = "stafettlogg", "individuell-plan"
ORGANIZATIONS = {
    LOG: ("362819482", "education"),
    PLAN: ("359797117", "administration"),
    "bup": ("343231946", "health"),
    "helsestasjon": ("381909379", "health"),
    "ppt": ("321993516", "education"),
}
RECIPIENTS = tuple(name for name in ORGANIZATIONS if name != LOG)


def settings(url: str, folder: Path) -> Settings:
    """A stafettlogg that everything comes from, and four that it goes to."""
    systems = [
        {"id": name, "tenant": TENANT, "organization": number, "url": "http://127.0.0.1:9", "slots": 256}
        | {"adapter": name if name in (LOG, PLAN) else "fhir", "deliver": "none" if name == LOG else "push"}
        for name, (number, _) in ORGANIZATIONS.items()
    ]
    organizations = [{"number": n, "name": name, "regime": r} for name, (n, r) in ORGANIZATIONS.items()]
    routes = [{"source": LOG, "recipient": name, "create_person": True} for name in RECIPIENTS]
    return Settings.model_validate(
        {"database_url": url, "state_folder": str(folder), "organizations": organizations}
        | {"tenants": [{"id": TENANT, "name": "Fjordbyen"}], "systems": systems, "routes": routes}
    )


class Accepting:
    """A recipient that takes every record at once and gives it a version. Reads nothing, keeps nothing. Below
    bronze: it is no system of anybody's."""

    def __init__(self) -> None:
        self.taken = 0

    async def prepare(self) -> None:
        """Nothing is needed."""

    async def close(self) -> None:
        """Nothing is open."""

    async def find_person(self, identifiers: tuple[tuple[str, str], ...]) -> str | None:  # noqa: ARG002
        """It knows nobody."""
        return None

    async def create_person(self, person: Record, key: str) -> str:  # noqa: ARG002
        """It calls each as we do."""
        return key

    async def find_item(self, key: str) -> str | None:
        """It calls each as we do."""
        return key

    async def write(self, write: Write) -> Written:
        """Taken."""
        self.taken += 1
        return Written(write.remote_id or write.record_id or write.key, str(self.taken))

    async def read(self, remote_id: str) -> Incoming | None:  # noqa: ARG002
        """It has nothing to show."""
        return None

    async def changes(self, cursor: str | None) -> Page:
        """Nobody writes there."""
        return Page((), cursor)

    async def check(self) -> tuple[Finding, ...]:
        """All is well."""
        return ()


@dataclass(slots=True)
class Clock:
    """The time of what is being generated."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class World:
    """A service and what runs its lanes."""

    service: Service
    runners: dict[str, Runner]
    clock: Callable[[], datetime]

    def system(self, name: str) -> System:
        """One of the five."""
        found = self.service.settings.system(name)
        assert found is not None
        return found

    def claim(self, recipient: str, most: int = 1) -> list[lanes.Claim]:
        """As a worker does it."""
        with self.service.store.write(TENANT) as connection:
            return lanes.claim(connection, self.system(recipient), owner="w", now=self.clock(), limit=most)

    async def deliver(self) -> None:
        """Run lanes until none is due."""
        busy = True
        while busy:
            busy = False
            for name, runner in self.runners.items():
                for one in self.claim(name, 16):
                    busy = True
                    await runner.run(one)


def world(url: str, folder: Path, clock: Callable[[], datetime], **more: Any) -> World:
    """Open the gateway over a database, migrating it."""
    from gateway.exchange import breaker

    service = build(settings(url, folder), clock, **more)
    made = {s.id: _runner(service, s) for s in service.settings.systems if s.id in RECIPIENTS}
    with service.store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, service.settings.systems)
    return World(service, made, clock)


def _runner(service: Service, system: System) -> Runner:
    mapping = service.mappings[system.id]
    return Runner(
        system=system,
        store=service.store,
        preparer=Preparer(system, service.settings, mapping, service.facts),
        sender=Sender(system, mapping, Accepting()),
        intake=service.intake,
        clock=service.clock,
        alive=lambda: True,
    )
