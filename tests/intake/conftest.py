"""The way in, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.world import World, world


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[World]:
    with world(database_url, tmp_path) as running:
        yield running
