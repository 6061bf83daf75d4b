"""Who gets hold of the hub's files themselves reads nothing: the database as it lies on the disk, its
write-ahead log, a dump and a copy of the whole cluster. Each search finds what was planted beside, in every
form and in each of the files."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.hub.backup import back_up
from gateway.hub.schema.tables import conflict
from tests import databases
from tests.databases import as_role
from tests.intake.test_sealed import fill
from tests.intake.world import NOW, TENANT, World, world
from tests.leaks import forms, in_files
from tests.postgres import Cluster

PLANTED = [f"plantet-gjøkunge-{form}" for form in range(7)]  # each stands in another form
LONG = "lang-gjøkunge"  # stands in what PostgreSQL compresses by itself
EVERY = {*PLANTED, LONG}


def plant(here: World) -> None:
    """Content that nobody sealed: each word in a form of its own, and one long text that compresses well."""
    sealed_by_nobody = {
        word: [*forms(word), zlib.compress(word.encode())][n] for n, word in enumerate(PLANTED)
    }
    with here.service.store.write(TENANT) as connection:
        for word, content in sealed_by_nobody.items():
            connection.execute(insert(conflict), row(word[-1], content))
        connection.execute(insert(conflict), row("long", f"{{{LONG}{' og lang' * 2_000}}}".encode()))


def row(own: str, content: bytes) -> dict[str, Any]:
    return {"tenant": TENANT, "id": own, "person": "p", "ref": "Goal/1", "path": "x", "system": "stafettlogg",
            "state": "open", "created": NOW, "content": content}  # fmt: skip


def told(words: list[str], paths: list[Path]) -> set[str]:
    assert paths
    return {word for _, word in in_files([*words, *EVERY], paths)}


def test_the_files_of_sqlite_tell_only_what_was_planted(sqlite_url: str, tmp_path: Path) -> None:
    kept = tmp_path / "stafettbro.db"
    with world(sqlite_url, tmp_path / "state") as here, closing(sqlite3.connect(kept)) as connection:
        words = fill(here)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        back_up(sqlite_url, tmp_path / "before", None, NOW)
        assert told(words, [kept, tmp_path / "before" / "stafettbro.db"]) == set()
        plant(here)
        assert told(words, [kept]) == set()
        assert told(words, [kept.with_name("stafettbro.db-wal")]) == EVERY
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM INTO ?", (str(tmp_path / "vacuumed.db"),))
        back_up(sqlite_url, tmp_path / "after", None, NOW)
    for copy in (kept, tmp_path / "vacuumed.db", tmp_path / "after" / "stafettbro.db"):
        assert told(words, [copy]) == EVERY, copy


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One whose files hold nothing of other tests."""
    made = databases.start_cluster()
    yield made
    made.remove()


def test_the_files_of_postgresql_tell_only_what_was_planted(cluster: Cluster, tmp_path: Path) -> None:
    url = databases.installed(cluster)
    with world(url, tmp_path / "state") as here:
        words = fill(here)
        with cluster.connect() as connection:
            connection.execute("CHECKPOINT")
        found = copies(cluster, url, tmp_path / "before")
        assert {kind: told(words, paths) for kind, paths in found.items()} == {kind: set() for kind in found}
        plant(here)
    found = copies(cluster, url, tmp_path / "after")
    assert {kind: told(words, paths) for kind, paths in found.items()} == dict.fromkeys(found, EVERY)


def copies(cluster: Cluster, url: str, folder: Path) -> dict[str, list[Path]]:
    """The write-ahead log, the gateway's own backup as SQL, and a copy of the cluster without its log."""
    folder.mkdir()
    back_up(as_role(url, "postgres"), folder / "backup", None, NOW)
    dump, base = folder / "dump.sql", folder / "base"
    cluster.tool("pg_restore", "-f", str(dump), str(folder / "backup" / "stafettbro.dump"))
    cluster.tool("pg_basebackup", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres",
                 "-D", str(base), "-X", "none", "--checkpoint=fast", "--no-manifest")  # fmt: skip
    return {
        "log": cluster.log_files(),
        "dump": [dump],
        "cluster": [p for p in base.rglob("*") if p.is_file()],
    }
