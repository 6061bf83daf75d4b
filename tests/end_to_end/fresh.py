"""A fresh database for a whole module of tests, where starting a gateway for each would take too long."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest


def database(request: pytest.FixtureRequest, kind: str, folder: Path) -> AbstractContextManager[str]:
    """The URL of a fresh, migrated database of this kind."""
    if kind == "sqlite":
        copy: AbstractContextManager[str] = request.getfixturevalue("_sqlite_template").copy(folder)
        return copy
    made: AbstractContextManager[str] = request.getfixturevalue("_postgres_template").copy()
    return made
