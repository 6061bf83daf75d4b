"""`make bench-scale`: two databases of the same shape, one a hundred times the other, in one run.

Run as: python -m bench.scale [--scale 0.01] [--persons 3000] [--keep FOLDER] [--docs docs/scale.md]. The full
size takes 60 GB of disk and, mostly to make it, an hour; without --keep everything is made in a temporary
folder and removed. With it a second run measures what the first one made.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection

from bench.scale import clones, looking, report
from bench.scale.making import NOW, SEED, Made, Workshop, say
from bench.scale.paths import Size, timed
from bench.scale.patterns import Rows
from bench.scale.plans import watched
from bench.scale.world import TENANT
from gateway.exchange import lanes, recovery, timers
from gateway.hub.store import Store

CHILDREN, SMALL = 100_000, 1_000
LIVES = 48  # children that are lived through; the others are like them
ROUNDS = 10_000_000  # visits are numbered; each run has so many numbers of its own


def made(shop: Workshop, scale: float, lives: int) -> tuple[list[Rows], list[Made]]:
    """Both databases, the smaller first, and what they were made of."""
    large = int(CHILDREN * scale)
    small = min(SMALL, max(20, large // 5))
    tables = shop.lives(min(lives, small))
    return tables, [shop.database(tables, children) for children in (small, large)]


def measured(shop: Workshop, tables: list[Rows], found: list[Made], persons: int) -> dict[str, Any]:
    """Every figure of both, in turn."""
    out: dict[str, Any] = {"persons": persons, "sizes": [one.shape for one in found]}
    ids = [clones.person_ids(tables, one.children, SEED) for one in found]
    looking.demand_whole(shop, found, ids)
    first = shop.measured * ROUNDS
    shop.note_measured()
    shop.restart(cold=True)
    sizes = [looking.opened(shop, one, known, persons) for one, known in zip(found, ids, strict=True)]
    say("cold")
    looking.fetched(sizes, ids, max(20, persons // 20))
    looking.visited(sizes, max(20, persons // 20), first + 1_000_000)
    out["cold"] = report.figures(sizes)
    say("warm")
    looking.visited(sizes, persons, first + 2_000_000, warm=True)
    looking.fetched(sizes, ids, persons)
    out["warm"] = report.figures(sizes)
    out["ratio"] = report.ratios(out["warm"])
    say("beside it, and the plans")
    out["background"] = {str(one.children): background(one) for one in sizes}
    out["plans"] = {one.children: plans(one, first + 4_000_000) for one in sizes}
    for one in sizes:
        one.close()
    return out


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


def plans(size: Size, number: int) -> dict[str, list[str]]:
    """Of every statement of the three paths, and of a look for work."""
    child, person = size.people[0]
    with watched(size.world.service.store.engine) as found:
        size.visit(child, person, number)
        background(size)
    return found


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="What size costs.")
    parser.add_argument("--scale", type=float, default=1.0, help="of 100,000 children")
    parser.add_argument("--persons", type=int, default=3000)
    parser.add_argument("--lives", type=int, default=LIVES, help="children that the others are copied from")
    parser.add_argument("--keep", type=Path, help="make the databases here, and measure them again next time")
    parser.add_argument("--make-only", action="store_true", help="with --keep: make them, measure nothing")
    parser.add_argument("--docs", type=Path, help="write the page with the plans here too")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="stafettbro-scale-"))
    shop = Workshop(folder)
    try:
        tables, found = made(shop, given.scale, given.lives)
        if given.make_only:
            return
        out = {"scale": given.scale, "seed": SEED, **measured(shop, tables, found, given.persons)}
    finally:
        shop.close()
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    written(out, given.docs)


def written(out: dict[str, Any], docs: Path | None) -> None:
    """Keep the report, print its table."""
    folder = Path("build") / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scale.json").write_text(json.dumps(out, indent=2) + "\n")
    page = report.page(out)
    for path in (folder / "scale.md", *([docs] if docs else ())):
        path.write_text(page)
    print(report.table(out))


if __name__ == "__main__":
    main()
