"""Fresh databases for tests, on SQLite and on PostgreSQL, so that one test suite runs on both.

The schema is migrated once per run and kind into a template; each test gets its own copy of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.postgres import Cluster, Missing

KINDS = ("sqlite", "postgresql")


def start_cluster() -> Cluster:
    """The run's own PostgreSQL; the test is skipped without one, and fails in CI, where it must be."""
    try:
        return Cluster()
    except Missing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def migrate(url: str) -> None:
    """Bring an empty database to the current schema, as `stafettbro serve` does."""
    from gateway.hub.schema import migrate as run  # late: tests of pure packages need no database code

    run(url)


class SqliteTemplate:
    """A migrated SQLite file and copies of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "template.db"
        migrate(f"sqlite:///{self.path}")

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """The URL of a fresh copy in this folder."""
        target = folder / "stafettbro.db"
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        yield f"sqlite:///{target}"


class PostgresTemplate:
    """A migrated PostgreSQL database and copies of it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.name = cluster.create()
        migrate(cluster.url(self.name))
        with cluster.connect() as connection:  # whatever the migration left open would block copying
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (self.name,)
            )

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a fresh copy, dropped afterwards."""
        name = self.cluster.create(self.name)
        try:
            yield self.cluster.url(name)
        finally:
            self.cluster.drop(name)
