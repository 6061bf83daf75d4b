"""`make bench-scale`: two databases of the same shape, one a hundred times the other, in one run.

Run as: python -m bench.scale [--scale 0.01] [--persons 3000] [--docs docs/scale.md]. The full size takes 50
GB of disk and about an hour; everything is made in a temporary folder and removed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, make_url, text

from bench.scale import clones, report
from bench.scale.children import Child
from bench.scale.paths import NAMES, Size, timed
from bench.scale.plans import watched
from bench.scale.world import TENANT, Clock, World, world
from gateway.exchange import lanes, recovery, timers
from gateway.hub.schema import NAMES_TENANTS, set_floor
from gateway.hub.store import Store
from gateway.intake import Offered
from tests import databases
from tests.postgres import Cluster

CHILDREN, SMALL, VERSIONS = 100_000, 1_000, 100
LIVES = 48  # children that are lived through; the others are like them
SEED = 20261122
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SETTINGS = {
    "shared_buffers": "'3GB'", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "'8GB'",
    "checkpoint_timeout": "'30min'", "random_page_cost": "1.1", "effective_cache_size": "'12GB'",
}  # fmt: skip


def in_clear(cluster: Cluster) -> str:
    """A database that nobody has sealed yet: its rows are copied under other ids."""
    url = databases.installed(cluster)
    set_floor(databases.as_role(url, databases.OWNER), NAMES_TENANTS)
    return url


def lived(cluster: Cluster, folder: Path, lives: int) -> list[clones.Table]:
    """Let some children live through the gateway itself, each to as many versions as its dice say."""
    url = in_clear(cluster)
    name = make_url(url).database or ""
    with cluster.connect() as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    clock = Clock(NOW)
    here = world(url, folder / "lived", clock)
    for number in range(lives):
        child = Child(number, SEED)
        _live(here, clock, child, int(VERSIONS * child.dice.uniform(0.4, 1.6)))
    with here.service.store.read(TENANT) as connection:
        people = list(connection.execute(text("SELECT id FROM person ORDER BY created, id")).scalars())
        left = connection.execute(text("SELECT count(*) FROM lane WHERE state <> 'idle'")).scalar_one()
    here.service.close()
    if left:
        raise RuntimeError(f"{left} lanes of the children that are copied have not come to rest")
    return clones.patterns(cluster.connect, name, people)


def _live(here: World, clock: Clock, child: Child, versions: int) -> None:
    counted = text(
        "SELECT count(*) FROM resource_version v JOIN link l ON l.tenant = v.tenant AND l.person = v.person"
        " WHERE l.system = 'stafettlogg' AND l.native_id = :log"
    )
    for number, (system, records) in enumerate(child.steps()):
        clock.at = child.now + timedelta(seconds=1)
        answers = here.service.intake.take(here.system(system), [Offered(r) for r in records])
        if any(one.status.value != "stored" for one in answers):
            raise RuntimeError(f"not stored: {[one.plain() for one in answers]}")
        if number % 6 == 5:
            asyncio.run(here.deliver())
            with here.service.store.read(TENANT) as connection:
                if connection.execute(counted, {"log": child.log}).scalar_one() >= versions:
                    break
    clock.at = NOW - timedelta(days=1)
    asyncio.run(here.deliver())


def filled(cluster: Cluster, tables: list[clones.Table], count: int) -> tuple[str, float]:
    """A database of so many children, and the seconds it took."""
    began = time.monotonic()
    name = make_url(in_clear(cluster)).database or ""
    dsn = f"host=127.0.0.1 port={cluster.port} user=postgres dbname={name}"
    clones.load(tables, dsn, count, SEED)
    with cluster.connect(name) as connection:
        connection.execute("CHECKPOINT")
    return name, time.monotonic() - began


def shape(cluster: Cluster, name: str) -> dict[str, Any]:
    """How large a database is."""
    with cluster.connect(name) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM resource_version),"
            " (SELECT count(*) FROM link), (SELECT count(*) FROM disclosure), (SELECT count(*) FROM lane),"
            " (SELECT count(*) FROM lane WHERE state = 'waiting'), pg_database_size(current_database())"
        ).fetchone()
        per = connection.execute(
            "SELECT avg(length(content))::int FROM resource_version TABLESAMPLE SYSTEM (1)"
        ).fetchone()
    names = ("children", "versions", "links", "disclosures", "lanes", "waiting", "bytes")
    return {**dict(zip(names, row or (), strict=True)), "bytes_of_a_version": (per or [None])[0]}


def opened(
    cluster: Cluster, name: str, children: int, folder: Path, tables: list[clones.Table], most: int
) -> Size:
    """One of the databases with the persons that will be looked at, drawn by chance."""
    drawn = random.Random(SEED).sample(range(children), min(most, children))
    people = [(n, clones.person_id(tables, n, SEED)) for n in drawn]
    url = cluster.url(name, databases.APPLICATION)
    return Size(name, children, world(url, folder / name, Clock(NOW)), people)


def measured(sizes: list[Size], persons: int, first: int, *, keep: bool) -> Iterator[None]:
    """Look at so many persons, each size in its turn."""
    for number in range(persons):
        for size in sizes if number % 2 else sizes[::-1]:
            child, person = size.people[number % len(size.people)]
            took = size.visit(child, person, first + number)
            for name in NAMES if keep else ():
                size.took[name].append(took[name])
        yield


def forget_files(folder: Path) -> None:
    """Ask the system to drop what it keeps of these files in memory."""
    import os

    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def run(scale: float, persons: int, lives: int) -> dict[str, Any]:
    """Everything; the report."""
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-scale-"))
    large = int(CHILDREN * scale)
    small = min(SMALL, max(20, large // 5))
    cluster = Cluster()
    try:
        for key, value in SETTINGS.items():
            with cluster.connect() as connection:
                connection.execute(f"ALTER SYSTEM SET {key} = {value}")
        cluster.stop()
        cluster.start()
        say(f"{lives} children live through the gateway")
        tables = lived(cluster, folder, min(lives, small))
        names, out = [], {"scale": scale, "seed": SEED, "persons": persons, "sizes": []}
        for children in (small, large):
            say(f"a database of {children} children")
            name, seconds = filled(cluster, tables, children)
            names.append((name, children))
            out["sizes"].append({**shape(cluster, name), "seconds_to_make": round(seconds)})
            say(json.dumps(out["sizes"][-1]))
        cluster.stop()
        forget_files(cluster.folder / "data")
        cluster.start()
        sizes = [opened(cluster, name, n, folder, tables, persons) for name, n in names]
        say("cold")
        for _ in measured(sizes, max(20, persons // 20), 1_000_000, keep=True):
            pass
        out["cold"] = report.figures(sizes)
        say("warming up")
        for _ in measured(sizes, persons, 2_000_000, keep=False):
            pass
        say("warm")
        for _ in measured(sizes, persons, 3_000_000, keep=True):
            pass
        out["warm"] = report.figures(sizes)
        out["ratio"] = report.ratios(out["warm"])
        out["background"] = {str(one.children): background(one) for one in sizes}
        out["plans"] = {one.children: plans(one) for one in sizes}
        for one in sizes:
            one.world.service.close()
        return out
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)


def background(size: Size) -> dict[str, float]:
    """Milliseconds of what a worker does beside its runs; the middle one of five."""
    store = size.world.service.store
    works: dict[str, Callable[[], object]] = {
        "look for work": lambda: _across(store, lanes.recipients_waiting),
        "look for the dead": lambda: _across(store, recovery.tenants_overdue),
        "look for dates": lambda: _across(store, lambda c, now: timers.tenants_due(c, timers.EDGE, now)),
        "sweep, once a minute": lambda: _swept(store),
    }
    return {name: round(median(timed(work) for _ in range(5)), 2) for name, work in works.items()}


def _across(store: Store, look: Callable[[Connection, datetime], object]) -> None:
    with store.across() as connection:
        look(connection, NOW)


def _swept(store: Store) -> None:
    with store.write(TENANT) as connection:
        recovery.sweep(connection, TENANT, NOW)


def plans(size: Size) -> dict[str, list[str]]:
    """Of every statement of the three paths, and of a look for work."""
    child, person = size.people[0]
    with watched(size.world.service.store.engine) as found:
        size.visit(child, person, 4_000_000)
        background(size)
    return found


def say(text_: str) -> None:
    """How far it is."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text_}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="What size costs.")
    parser.add_argument("--scale", type=float, default=1.0, help="of 100,000 children")
    parser.add_argument("--persons", type=int, default=3000)
    parser.add_argument("--lives", type=int, default=LIVES, help="children that the others are copied from")
    parser.add_argument("--docs", type=Path, help="write the page with the plans here too")
    given = parser.parse_args()
    out = run(given.scale, given.persons, given.lives)
    folder = Path("build") / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scale.json").write_text(json.dumps(out, indent=2) + "\n")
    page = report.page(out)
    for path in (folder / "scale.md", *([given.docs] if given.docs else ())):
        path.write_text(page)
    print(report.table(out))


if __name__ == "__main__":
    main()
