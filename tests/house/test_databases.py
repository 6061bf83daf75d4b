"""The databases that tests get are real, fresh and alone."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Cluster


def test_the_cluster_writes_to_disk_like_one_in_production(postgres: Cluster) -> None:
    with postgres.connect() as connection:
        settings = dict(
            connection.execute(
                "SELECT name, setting FROM pg_settings"
                " WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
            ).fetchall()
        )
    assert settings == {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def test_a_copy_holds_what_its_template_held_and_goes_its_own_way(postgres: Cluster) -> None:
    template = postgres.create()
    with postgres.connect(template) as connection:
        connection.execute("CREATE TABLE mark (text text)")
    first, second = postgres.create(template), postgres.create(template)
    with postgres.connect(first) as connection:
        connection.execute("INSERT INTO mark VALUES ('first')")
    with postgres.connect(second) as connection:
        assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)
    for name in (first, second, template):
        postgres.drop(name)
    with pytest.raises(psycopg.OperationalError):
        postgres.connect(first)


def test_a_crash_loses_nothing_committed(postgres: Cluster) -> None:
    name = postgres.create()
    with postgres.connect(name) as connection:
        connection.execute("CREATE TABLE mark (text text)")
        connection.execute("INSERT INTO mark VALUES ('before')")
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    with postgres.connect(name) as connection:
        assert connection.execute("SELECT text FROM mark").fetchall() == [("before",)]
    postgres.drop(name)


def test_a_missing_schema_shows_as_an_empty_database(empty_database_url: str) -> None:
    if empty_database_url.startswith("sqlite"):
        assert not Path(empty_database_url.removeprefix("sqlite:///")).exists()
        return
    with psycopg.connect(empty_database_url.replace("+psycopg", "")) as connection:
        count = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert count == (0,)


def test_sqlite_here_can_return_what_it_writes() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35), "UPDATE … RETURNING needs SQLite 3.35"
