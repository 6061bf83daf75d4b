"""Fresh databases for tests, on SQLite and on PostgreSQL, so that one test suite runs on both.

The schema is migrated once per run and kind into a template; each test gets its own copy of it. On
PostgreSQL it is migrated by the tables' owner, and the tests run as the application, which owns nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, create_engine, make_url

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


def migrate(url: str, application: str | None = None, revision: str = "head") -> None:
    """Bring an empty database to the current schema or an earlier one, as `stafettbro migrate` does."""
    from gateway.hub.schema import migrate as run  # late: tests of pure packages need no database code

    run(url, revision, application=application)


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


OWNER, APPLICATION = "stafettbro_owner", "stafettbro"


def given_roles(cluster: Cluster, name: str) -> None:
    """Make the three roles for a database and give it to its owner, as `stafettbro database roles` says."""
    from gateway.hub.roles import Roles, statements

    with cluster.connect(name) as connection:
        connection.execute(statements(Roles(OWNER, APPLICATION, name)).encode())


def installed(cluster: Cluster, revision: str = "head") -> str:
    """The application's URL of a new database, migrated by its owner, as an installation has it."""
    name = cluster.create()
    given_roles(cluster, name)
    migrate(cluster.url(name, OWNER), APPLICATION, revision)
    return cluster.url(name, APPLICATION)


def as_role(url: str, role: str) -> str:
    """The same database's address, as another of its roles."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@contextmanager
def as_owner(url: URL) -> Iterator[Connection]:
    """A transaction of who owns the tables, on what the application only reads."""
    engine = create_engine(url.set(username=OWNER) if url.username else url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


class PostgresTemplate:
    """A migrated PostgreSQL database and copies of it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.name = make_url(installed(cluster)).database or ""
        with cluster.connect() as connection:  # whatever the migration left open would block copying
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (self.name,)
            )

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The application's URL of a fresh copy, dropped afterwards."""
        name = self.cluster.create(self.name)
        try:
            yield self.cluster.url(name, APPLICATION)
        finally:
            self.cluster.drop(name)
