"""Entries per second through POST records, beside the floor in the same run: rounds in which each has its
turn, so that a busy moment of the machine meets all alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import text

from bench import generator
from bench.installation import enter_children, installed
from bench.processes import cpu_seconds, free_port, memory_megabytes, running
from gateway.hub.store import Store

CHILDREN = 500
BATCH = 100


@dataclass(frozen=True, slots=True)
class Turn:
    """One contender's turn. cpu: seconds of the server process; PostgreSQL's are not in it."""

    records: int
    seconds: float
    cpu: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds


@dataclass(frozen=True, slots=True)
class Contender:
    """Someone who takes records in: where, how many a request, and which process does it."""

    name: str
    url: str
    mode: str
    pid: int
    token: str = "none"

    def turn(self, round_number: int, seconds: int) -> Turn:
        """Load it for so many seconds."""
        before = cpu_seconds(self.pid)
        word = f"{self.mode}{round_number}"
        load = generator.run(self.url, self.mode, CHILDREN, word, self.token, seconds)
        records = load.requests * (BATCH if self.mode == "batch" else 1)
        return Turn(records, load.seconds, cpu_seconds(self.pid) - before, load.p99_ms)


def measure(folder: Path, kind: str, urls: tuple[str, str], rounds: int, seconds: int) -> dict[str, object]:
    """The figures on one kind of database. urls: an empty database for the floor, one for the gateway."""
    with ExitStack() as stack:
        contenders = list(_contenders(stack, folder, urls))
        turns: dict[str, list[Turn]] = {one.name: [] for one in contenders}
        for number in range(rounds):
            for one in contenders:
                turns[one.name].append(one.turn(number, seconds))
        memory = {one.name: memory_megabytes(one.pid) for one in contenders}
    cut_off = rounds * generator.CONNECTIONS * (1 + BATCH)  # wrk ends each turn before the last answers
    _all_stored(urls[1], sum(t.records for name in ("single", "batch") for t in turns[name]), cut_off)
    return {"database": kind, **_summary(turns), "memory_mb": memory}


def _contenders(stack: ExitStack, folder: Path, urls: tuple[str, str]) -> Iterator[Contender]:
    port = free_port()
    command = [sys.executable, "-m", "bench.floor", urls[0], str(port)]
    floor = stack.enter_context(running(command, port, folder / "floor.log"))
    yield Contender("floor", f"http://127.0.0.1:{port}/records", "single", floor.pid)
    gateway = stack.enter_context(installed(folder / "gateway", urls[1]))
    enter_children(gateway, CHILDREN)
    for mode in ("single", "batch"):
        yield Contender(mode, gateway.records, mode, gateway.pids[0], gateway.token)


def _summary(turns: dict[str, list[Turn]]) -> dict[str, object]:
    """Medians over the rounds; each round's ratio is taken within that round."""
    summary: dict[str, object] = {}
    for name, own in turns.items():
        ratios = [one.rate / floor.rate for one, floor in zip(own, turns["floor"], strict=True)]
        summary[name] = {
            "records_per_second": round(median(t.rate for t in own), 1),
            "against_floor": round(median(ratios), 3),
            "ratios": [round(ratio, 3) for ratio in ratios],
            "cpu_ms_per_record": round(1000 * sum(t.cpu for t in own) / sum(t.records for t in own), 4),
            "p99_ms_per_request": round(median(t.p99_ms for t in own), 1),
            "records": sum(t.records for t in own),
        }
    return summary


def _all_stored(url: str, answered: int, cut_off: int) -> None:
    """Every record that was answered with success is in the hub, and none but those whose answer wrk did not
    wait for."""
    store = Store(url)
    with store.read("fjordbyen") as connection:
        goals = connection.execute(text("SELECT count(*) FROM resource WHERE type = 'Goal'")).scalar_one()
    store.close()
    if not answered <= goals <= answered + cut_off:
        raise RuntimeError(f"{answered} records were answered with success, {goals} are stored")
