"""The world of the API tests: an issuer on loopback, a gateway over a fresh database, Emma's records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.api.world import World, settings

SAMPLES = Path(__file__).resolve().parents[2] / "gateway" / "demo" / "samples"


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.fixture
def world(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
    """A gateway on SQLite."""
    made = World(settings(sqlite_url, tmp_path, issuer), issuer)
    yield made
    made.close()


@pytest.fixture
def any_world(database_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
    """A gateway on each database, for what storage may decide."""
    made = World(settings(database_url, tmp_path, issuer), issuer)
    yield made
    made.close()


def records(system: str, child: str) -> list[dict[str, Any]]:
    """A sample child's records in a system's format."""
    found: list[dict[str, Any]] = jsontext.decode((SAMPLES / system / f"{child}.json").read_bytes())
    return found


def unshared(child: str) -> list[dict[str, Any]]:
    """A sample child's log in which nobody consented to anything."""
    return [r for r in records("stafettlogg", child) if r["type"] != "samtykke"]


@pytest.fixture
def emma() -> list[dict[str, Any]]:
    """Emma's log: consented to school, PPT, health station, GP, BUP and the coordinating unit."""
    return records("stafettlogg", "emma")
