"""The two databases that are measured: made out of children that live through the gateway, in a folder that
may be kept and gone on with, so that what takes an hour to make is made once. Measures nothing."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select, text

from bench.scale import clones, patterns
from bench.scale.children import Child
from bench.scale.patterns import Rows
from bench.scale.seals import Seals, enter, key_store_of
from bench.scale.world import LOG, TENANT, Clock, World, settings, world
from gateway.hub import links
from gateway.hub.schema.tables import resource_version
from gateway.intake import Offered
from tests import databases
from tests.postgres import Cluster

VERSIONS = 100  # of a child, in the middle
SEED = 20261122
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SETTINGS = {
    "shared_buffers": "'3GB'", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'30min'", "random_page_cost": "1.1", "effective_cache_size": "'12GB'",
}  # fmt: skip


@dataclass(slots=True)
class Made:
    """One database that is ready. shape: how large it is."""

    name: str
    children: int
    shape: dict[str, Any] = field(default_factory=dict)


class Workshop:
    """A folder with a PostgreSQL of its own, the key stores, and what has been made in it so far."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # the database's own user passes through
        self.folder, self._noted = folder, folder / "made.json"
        kept: dict[str, Any] = json.loads(self._noted.read_text()) if self._noted.exists() else {}
        self.measured: int = kept.get("measured", 0)  # times that it has been written to
        self._made = [Made(**one) for one in kept.get("made", ())]
        self.cluster = Cluster(folder / "cluster")
        for key, value in SETTINGS.items():
            with self.cluster.connect() as connection:
                connection.execute(f"ALTER SYSTEM SET {key} = {value}".encode())
        self.restart()
        self._forget_halves()

    def close(self) -> None:
        """Stop the database."""
        self._checkpoint()
        self.cluster.stop()

    def restart(self, *, cold: bool = False) -> None:
        """Stop and start the database. cold: what the system keeps of its files in memory is dropped too."""
        self._checkpoint()
        self.cluster.stop()
        if cold:
            _forget_files(self.folder)
        self.cluster.start()

    def note_measured(self) -> None:
        """What a look leaves in the databases is not to be written again by the next."""
        self.measured += 1
        self._note()

    def state(self, name: str) -> Path:
        """Where an installation on one of the databases keeps its keys."""
        return self.folder / "state" / name

    def lives(self, count: int) -> list[Rows]:
        """The rows of so many children that have lived through the gateway."""
        kept = self.folder / f"lives-{count}.pickle"
        if not kept.exists():
            say(f"{count} children live through the gateway")
            kept.write_bytes(pickle.dumps(_lived(self, count)))
        found: list[Rows] = pickle.loads(kept.read_bytes())
        return found

    def database(self, tables: list[Rows], children: int) -> Made:
        """A database of so many children; the one that is there already, or made now."""
        known = next((one for one in self._made if one.children == children), None)
        if known is not None:
            databases.migrate(self.cluster.url(known.name, databases.OWNER), databases.APPLICATION)
            return known
        say(f"a database of {children} children")
        began = time.monotonic()
        made = Made(make_url(databases.installed(self.cluster)).database or "", children)
        persons = clones.person_ids(tables, children, SEED)
        given = settings("", self.state(made.name))
        enter(given, TENANT, persons, SEED)
        dsn = f"host=127.0.0.1 port={self.cluster.port} user=postgres dbname={made.name}"
        clones.load(tables, dsn, children, SEED, Seals(given, TENANT, persons, SEED))
        self._checkpoint()
        seconds = round(time.monotonic() - began)
        made.shape = {**self._shape(made.name), "seconds_to_make": seconds}
        say(json.dumps(made.shape))
        self._made.append(made)
        self._note()
        return made

    def _note(self) -> None:
        made = [{"name": m.name, "children": m.children, "shape": m.shape} for m in self._made]
        fresh = self._noted.with_suffix(".new")
        fresh.write_text(json.dumps({"measured": self.measured, "made": made}, indent=2) + "\n")
        fresh.replace(self._noted)

    def _forget_halves(self) -> None:
        """Drop the databases whose making was cut off."""
        with self.cluster.connect() as connection:
            rows = connection.execute(
                "SELECT datname FROM pg_database WHERE datname ~ '^t[0-9]+$'"
            ).fetchall()
        for (name,) in rows:
            if name not in {one.name for one in self._made}:
                self.cluster.drop(name)

    def _checkpoint(self) -> None:
        with self.cluster.connect() as connection:
            connection.execute("CHECKPOINT")

    def _shape(self, name: str) -> dict[str, Any]:
        with self.cluster.connect(name) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM resource_version),"
                " (SELECT count(*) FROM link), (SELECT count(*) FROM disclosure),"
                " (SELECT count(*) FROM audit), (SELECT count(*) FROM lane),"
                " (SELECT count(*) FROM lane WHERE state = 'waiting'),"
                " pg_database_size(current_database())"
            ).fetchone()
            per = connection.execute(
                "SELECT avg(length(content))::int FROM resource_version TABLESAMPLE SYSTEM (1)"
            ).fetchone()
        names = ("children", "versions", "links", "disclosures", "audit", "lanes", "waiting", "bytes")
        keys = self.state(name) / "keys.db"
        sizes = {"bytes_of_a_version": (per or [None])[0], "bytes_of_key_store": keys.stat().st_size}
        return {**dict(zip(names, row or (), strict=True)), **sizes}


def _lived(shop: Workshop, lives: int) -> list[Rows]:
    """Let some children live through the gateway itself, each to as many versions as its dice say."""
    url = databases.installed(shop.cluster)
    name = make_url(url).database or ""
    with shop.cluster.connect() as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
    clock = Clock(NOW)
    here = world(url, shop.state(name), clock)
    for number in range(lives):
        child = Child(number, SEED)
        _live(here, clock, child, int(VERSIONS * child.dice.uniform(0.4, 1.6)))
    with here.service.store.read(TENANT) as connection:
        people = list(connection.execute(text("SELECT id FROM person ORDER BY created, id")).scalars())
        left = connection.execute(text("SELECT count(*) FROM lane WHERE state <> 'idle'")).scalar_one()
    if left:
        raise RuntimeError(f"{left} lanes of the children that are copied have not come to rest")
    keys, store = here.service.store.keys, key_store_of(here.service.settings)
    assert keys is not None
    found = patterns.read(shop.cluster.connect, name, people, patterns.Opening(keys, store, TENANT))
    store.close()
    here.service.close()
    shop.cluster.drop(name)
    return found


def _live(here: World, clock: Clock, child: Child, versions: int) -> None:
    counted = select(func.count()).select_from(resource_version)
    person = ""
    for number, (system, records) in enumerate(child.steps()):
        clock.at = child.now + timedelta(seconds=1)
        answers = here.service.intake.take(here.system(system), [Offered(r) for r in records])
        if any(one.status.value != "stored" for one in answers):
            raise RuntimeError(f"not stored: {[one.plain() for one in answers]}")
        if number % 6 == 5:
            asyncio.run(here.deliver())
            with here.service.store.read(TENANT) as connection:
                person = person or links.names(connection, TENANT, LOG, [child.log])[child.log].person
                about = resource_version.c.person == person
                if connection.execute(counted.where(about)).scalar_one() >= versions:
                    break
    clock.at = NOW - timedelta(days=1)
    asyncio.run(here.deliver())


def _forget_files(folder: Path) -> None:
    """Ask the system to drop what it keeps of these files in memory."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def say(words: str) -> None:
    """How far it is."""
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", file=sys.stderr, flush=True)
