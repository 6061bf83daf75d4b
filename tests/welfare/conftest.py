"""The world of these tests: a gateway whose municipality reports to a child welfare service, over each
database, with a store of reports of its own beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from gateway.welfare import schema
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.api.world import World
from tests.databases import APPLICATION, as_role

CHILD_WELFARE = "387574913"
PPT = "321993516"
Build = Callable[..., World]


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


def with_welfare(settings: Settings, store: str | None = None, **systems: dict[str, Any]) -> Settings:
    """The settings with a child welfare system and a PPT; `systems` adds to the tables of these and others.
    With the neighbour's `nabologg` among them the neighbour offers the anonymous discussion too."""
    plain = settings.model_dump(mode="json")
    for one in plain["systems"]:
        one.update(systems.get(one["id"], {}))
    plain["tenants"][1]["anonymous_discussion"] = "nabologg" in systems
    plain["tenants"][0] |= {"child_welfare": "barnevern", "anonymous_discussion": True}
    plain["organizations"].append(
        {"number": CHILD_WELFARE, "name": "Fjordbyen barneverntjeneste", "regime": "child-welfare"}
    )
    for name, number in (("barnevern", CHILD_WELFARE), ("ppt", PPT)):
        plain["systems"].append(
            {"id": name, "tenant": "fjordbyen", "adapter": "stafettlogg", "organization": number}
            | {"deliver": "none", "url": "http://127.0.0.1:9", "send_deadline_seconds": 2.0}
            | systems.get(name, {})
        )
        client = next(c for c in plain["clients"] if c["client_id"] == "logg")
        plain["clients"].append({**client, "client_id": name, "system": name})
    plain["welfare"] = {"database_url": store}
    return Settings.model_validate(plain)


@pytest.fixture
def build(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[Build]:
    """Makes worlds on SQLite; what is given is added to the tables of the systems."""
    made: list[World] = []

    def one(**systems: dict[str, Any]) -> World:
        settings = with_welfare(worlds.settings(sqlite_url, tmp_path, issuer), **systems)
        made.append(World(settings, issuer))
        return made[-1]

    yield one
    for world in made:
        world.close()


@pytest.fixture
def world(build: Build) -> World:
    """One on SQLite."""
    return build()


@pytest.fixture
def reports_url(empty_database_url: str) -> str:
    """Address of a store of reports, as who works on it; on PostgreSQL its owner has made it."""
    if empty_database_url.startswith("sqlite"):
        return empty_database_url
    schema.migrate(empty_database_url, APPLICATION)
    return as_role(empty_database_url, APPLICATION)


@pytest.fixture
def any_world(reports_url: str, sqlite_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
    """One whose store of reports is on each kind of database; the hub beside it is on SQLite."""
    settings = with_welfare(worlds.settings(sqlite_url, tmp_path, issuer), reports_url)
    made = World(settings, issuer)
    yield made
    made.close()
