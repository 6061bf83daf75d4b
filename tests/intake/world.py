"""A gateway's way in without its doors: the service over a fresh database, with three systems and a child."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from gateway.config import Settings, System
from gateway.intake import Answer, Offered
from gateway.service import Service, build

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT = "fjordbyen"


def settings(database_url: str, folder: Path) -> Settings:
    """A stafettlogg, a plan system and BUP, with routes between all of them."""
    names = {"stafettlogg": "362819482", "individuell-plan": "359797117", "bup": "343231946"}
    systems = [
        {
            "id": name,
            "tenant": TENANT,
            "adapter": "fhir" if name == "bup" else name,
            "organization": organization,
            "url": "http://127.0.0.1:1",
            "audience": "organization" if name == "bup" else "participants",
        }
        for name, organization in names.items()
    ]
    routes = [{"source": a, "recipient": b} for a in names for b in names if a != b]
    return Settings.model_validate(
        {
            "database_url": database_url,
            "state_folder": str(folder),
            "tenants": [{"id": TENANT, "name": "Fjordbyen"}],
            "systems": systems,
            "routes": routes,
        }
    )


@dataclass(frozen=True, slots=True)
class World:
    """The service, and short ways to use it."""

    service: Service

    def system(self, name: str) -> System:
        found = self.service.settings.system(name)
        assert found is not None
        return found

    def take(self, name: str, *records: dict[str, Any]) -> list[Answer]:
        """Hand records in."""
        return self.service.intake.take(self.system(name), [Offered(r) for r in records])

    def statuses(self, name: str, *records: dict[str, Any]) -> list[str]:
        """What became of each."""
        return [answer.status.value for answer in self.take(name, *records)]

    def count(self, table: str) -> int:
        """Rows of a table."""
        with self.service.store.read(TENANT) as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@contextmanager
def world(database_url: str, folder: Path) -> Iterator[World]:
    """A world that ends with the test."""
    service = build(settings(database_url, folder), clock=lambda: NOW)
    yield World(service)
    service.close()
