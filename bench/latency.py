"""How long an entry takes from the moment its system sends it until its recipient has acknowledged it and the
gateway has written that down: new goals at a steady rate, one recipient each, over 500 children."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import httpx
from sqlalchemy import select, text

from bench.children import goal
from bench.installation import LOG, PLAN, Installation, enter_children, installed
from bench.processes import cpu_seconds, memory_megabytes
from gateway import jsontext
from gateway.hub.schema.tables import link
from gateway.hub.store import Store
from tests.sealed import looking

CHILDREN = 500
CHANGED = "2026-11-21T12:00:00+01:00"

COORDINATOR = re.compile(r"plan-.*-koord")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many entries a second, for how many seconds."""

    rate: int
    seconds: int


def measure(folder: Path, kind: str, url: str, paces: list[Pace]) -> list[dict[str, object]]:
    """The figures on one kind of database, one row per pace."""
    rows: list[dict[str, object]] = []
    with (
        installed(folder, url, plans=CHILDREN) as installation,
        closing(looking(url, folder / "state")) as store,
    ):
        enter_children(installation, CHILDREN)
        _await_quiet(store)
        for pace in paces:
            before = cpu_seconds(*installation.pids)
            sent = asyncio.run(_send(installation, pace))
            _await_quiet(store)
            used = cpu_seconds(*installation.pids) - before
            row = {"database": kind, "entries_per_second": pace.rate, **_figures(sent, _closed(store))}
            rows.append({**row, "cpu_ms_per_entry": round(1000 * used / len(sent), 2)})
        for row in rows:
            row["memory_mb"] = round(memory_megabytes(*installation.pids))
    return rows


async def _send(installation: Installation, pace: Pace) -> dict[str, float]:
    """Post entries at their appointed times, however long the earlier ones take. Native id -> time sent."""
    sent: dict[str, float] = {}
    first = asyncio.get_running_loop().time()
    async with (
        httpx.AsyncClient(headers=installation.headers, timeout=30) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(pace.rate * pace.seconds):
            await asyncio.sleep(first + number / pace.rate - asyncio.get_running_loop().time())
            name = f"latency-{pace.rate}-{number}"
            sent[name] = time.time()
            tasks.create_task(_post(client, installation.records, goal(number * 7 % CHILDREN, name, CHANGED)))
    return sent


async def _post(client: httpx.AsyncClient, url: str, record: dict[str, object]) -> None:
    answer = (await client.post(url, json=record)).raise_for_status().json()
    if answer["status"] != "stored":
        raise RuntimeError(f"an entry was answered {answer['status']}")


def _await_quiet(store: Store, seconds: float = 180.0) -> None:
    """Until every child's plan has come in and no lane has anything to do."""
    plans = select(link.c.native_id).where(link.c.system == PLAN, link.c.native_id.is_not(None))
    busy = text("SELECT count(*) FROM lane WHERE recipient = :plan AND state <> 'idle'")
    deadline = time.monotonic() + seconds
    there, active = 0, 0
    while time.monotonic() < deadline:
        with store.read("fjordbyen") as connection:
            named = connection.execute(plans).scalars()
            there = sum(bool(COORDINATOR.fullmatch(one)) for one in named)
            active = connection.execute(busy, {"plan": PLAN}).scalar_one()
        if there == CHILDREN and active == 0:
            break
        time.sleep(0.2)
    else:
        raise RuntimeError(f"after {seconds:.0f} s {there} plans are there and {active} lanes still at work")


def _closed(store: Store) -> dict[str, float]:
    """Native id in the stafettlogg -> when its first delivery was closed as delivered."""
    with store.read("fjordbyen") as connection:
        names = connection.execute(select(link.c.ref, link.c.native_id).where(link.c.system == LOG))
        name_of = {row.ref: row.native_id for row in names}
        rows = connection.execute(
            text("SELECT closed, items FROM disclosure WHERE recipient = :plan AND state = 'delivered'"),
            {"plan": PLAN},
        ).all()
    closed: dict[str, float] = {}
    for row in rows:
        moment = row.closed / 1e6
        for item in jsontext.decode(row.items):
            name = name_of.get(item["ref"], "")
            closed[name] = min(moment, closed.get(name, moment))
    return closed


def _figures(sent: dict[str, float], closed: dict[str, float]) -> dict[str, object]:
    missing = sent.keys() - closed.keys()
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(sent)} entries never arrived")
    latencies = [1000 * (closed[name] - moment) for name, moment in sent.items()]
    cuts = quantiles(latencies, n=100, method="inclusive")
    return {
        "entries": len(sent),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "most_ms": round(max(latencies), 1),
    }
