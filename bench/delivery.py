"""`make bench-delivery`: how many records 1, 2 and 4 workers deliver a second, beside a plain httpx loop that
pushes the very same bodies to the very same recipients; and how many entries one delivery stands for when
recipients were away while they were made.

Run as: python -m bench.delivery [--children 60] [--workers 1 2 4]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

import httpx
from sqlalchemy import create_engine, make_url, text

from bench.installation import ENVIRONMENT
from bench.processes import cpu_seconds, free_port, running, started
from bench.report import keep
from bench.scale.children import Child
from gateway.config import load
from gateway.intake import Offered
from gateway.service import build
from tests import databases
from tests.postgres import Cluster

RECIPIENTS = ("bup", "ppt")
SLOTS = 8
STEPS = 30  # what happens to a child while the recipients are away
LONGEST = 900.0
REPORT = Path("build") / "bench" / "delivery.json"


def configured(folder: Path, database: str, ends: dict[str, str]) -> Path:
    """A configuration file."""
    folder.mkdir(parents=True, exist_ok=True)
    template = Template(Path(__file__).with_name("delivery.toml").read_text())
    path = folder / "stafettbro.toml"
    path.write_text(template.substitute(ends, database=database, state=folder.parent / "state"))
    return path


def written_while_away(config: Path, children: int) -> int:
    """Let entries come in while nobody delivers; how many."""
    service = build(load(config), lambda: datetime.now(UTC))
    source = service.settings.system("stafettlogg")
    assert source is not None
    entries = 0
    for number in range(children):
        for at, (system, records) in enumerate(Child(number, 5).steps()):
            if at > STEPS:
                break
            if system == source.id:
                answers = service.intake.take(source, [Offered(r) for r in records])
                assert {one.status.value for one in answers} == {"stored"}
                entries += len(records)
    service.close()
    return entries


@contextmanager
def receivers(folder: Path, ends: dict[str, str]) -> Iterator[None]:
    """Empty recipients, for as long as the block lasts."""
    with ExitStack() as stack:
        for name, url in ends.items():
            port = int(url.rpartition(":")[2])
            command = [sys.executable, "-m", "bench.receiver", str(port)]
            stack.enter_context(running(command, port, folder / f"{name}.log"))
        yield


def delivered(
    folder: Path, cluster: Cluster, name: str, ends: dict[str, str], workers: int
) -> dict[str, Any]:
    """Let so many workers deliver everything; from the first delivery to the last."""
    url = cluster.url(name, databases.APPLICATION)
    config = configured(folder / f"w{workers}", url, ends)
    command = [sys.executable, "-m", "gateway.cli", "worker", "--config", str(config)]
    with receivers(folder, ends), ExitStack() as stack:
        processes = [
            stack.enter_context(started(command, folder / f"worker-{workers}-{n}.log", ENVIRONMENT))
            for n in range(workers)
        ]
        seconds = _await_idle(cluster.url(name))
        cpu = cpu_seconds(*(one.pid for one in processes))
        for one in processes:
            one.kill()  # they have nothing to do any more
        counts = {name: httpx.get(f"{end}/figures").json()["written"] for name, end in ends.items()}
        written = {name: httpx.get(f"{end}/written").json() for name, end in ends.items()}
    total = sum(counts.values())
    return {
        "workers": workers,
        "deliveries": counts,
        "seconds": {name: round(s, 2) for name, s in seconds.items()},
        "per_second": {name: round(counts[name] / seconds[name], 1) for name in ends},
        "per_second_in_all": round(total / max(seconds.values()), 1),
        "cpu_ms_per_delivery": round(1000 * cpu / total, 2),
        "written": written,
    }


def _await_idle(url: str) -> dict[str, float]:
    """Seconds from the first delivery until the last of each recipient; by the database's own log."""
    engine = create_engine(url)
    busy = text("SELECT count(*) FROM lane WHERE state <> 'idle'")
    span = text("SELECT recipient, min(started), max(closed) FROM disclosure GROUP BY recipient")
    deadline = time.monotonic() + LONGEST
    with engine.connect() as connection:
        while connection.execute(busy).scalar_one():
            if time.monotonic() > deadline:
                raise RuntimeError("the lanes have not come to rest")
            connection.rollback()
            time.sleep(0.2)
        found = {name: (last - first) / 1e6 for name, first, last in connection.execute(span)}
    engine.dispose()
    return found


async def pushed(ends: dict[str, str], written: dict[str, Any]) -> dict[str, float]:
    """The floor: the same bodies, as fast as one httpx client per recipient and as many slots send them."""

    async def one(end: str, bodies: list[tuple[str, str, str]]) -> float:
        waiting = iter(bodies)
        headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}

        async def slot(client: httpx.AsyncClient) -> None:
            for method, path, body in waiting:
                answer = await client.request(method, f"{end}/{path}", content=body.encode(), headers=headers)
                answer.raise_for_status()

        began = time.perf_counter()
        async with httpx.AsyncClient() as client:
            await asyncio.gather(*(slot(client) for _ in range(SLOTS)))
        return time.perf_counter() - began

    names = list(ends)
    took = await asyncio.gather(*(one(ends[name], written[name]) for name in names))
    return dict(zip(names, took, strict=True))


def run(children: int, workers: list[int]) -> dict[str, Any]:
    """Everything; the report."""
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-delivery-"))
    cluster = Cluster()
    try:
        ends = {name: f"http://127.0.0.1:{free_port()}" for name in RECIPIENTS}
        name = make_url(databases.installed(cluster)).database or ""
        with _environment():
            entries = written_while_away(
                configured(folder / "first", cluster.url(name, databases.APPLICATION), ends), children
            )
        rounds = []
        for count in workers:
            rounds.append(delivered(folder, cluster, cluster.create(name), ends, count))
            written = rounds[-1].pop("written")
            with receivers(folder, ends):
                took = asyncio.run(pushed(ends, written))
            total = sum(len(one) for one in written.values())
            floor = total / max(took.values())
            rounds[-1]["floor_per_second"] = round(floor, 1)
            rounds[-1]["against_floor"] = round(rounds[-1]["per_second_in_all"] / floor, 3)
            rounds[-1]["coalescing"] = round(len(RECIPIENTS) * entries / total, 2)
        return {"children": children, "entries": entries, "slots": SLOTS, "rounds": rounds}
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _environment() -> Iterator[None]:
    import os

    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def table(out: dict[str, Any]) -> Iterator[str]:
    """As Markdown."""
    yield (
        "| workers | "
        + " | ".join(f"{n}, a second" for n in RECIPIENTS)
        + (" | in all | httpx loop | times | CPU ms a delivery | entries a delivery |")
    )
    yield "| --- " * (len(RECIPIENTS) + 6) + "|"
    for one in out["rounds"]:
        cells = [one["workers"], *(one["per_second"][n] for n in RECIPIENTS), one["per_second_in_all"]]
        cells += [
            one["floor_per_second"],
            one["against_floor"],
            one["cpu_ms_per_delivery"],
            one["coalescing"],
        ]
        yield "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="Deliveries a second.")
    parser.add_argument("--children", type=int, default=150)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    out = run(given.children, given.workers)
    keep(REPORT, out)
    print("\n".join(table(out)))


if __name__ == "__main__":
    main()
