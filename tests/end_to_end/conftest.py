"""The connected systems run once for all end-to-end tests and are emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.end_to_end import systems as connected
from tests.end_to_end import world as worlds
from tests.end_to_end.systems import Systems
from tests.end_to_end.world import InProcess


@pytest.fixture(scope="session")
def systems() -> Iterator[Systems]:
    """BUP, a stafettlogg and a plan system."""
    with connected.running() as running:
        yield running


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """Who gives the connected systems their tokens."""
    with issuer_server.running() as running:
        yield running


@pytest.fixture
def world(database_url: str, tmp_path: Path, systems: Systems) -> Iterator[InProcess]:
    """The gateway inside the test, on each database."""
    with worlds.in_process(database_url, tmp_path, systems) as made:
        yield made
