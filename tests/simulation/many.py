"""Runs many seeds in several processes, keeps what each gave so that it can go on later, and sums up."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tests.simulation.run import Simulator

MEMORY = "/dev/shm"
EVERY = 30.0  # seconds between two lines of progress
FIGURES = {  # of a table: what is counted, and by which counts
    "runs of lanes": ("runs",),
    "requests that reached a system": ("arrivals",),
    "edits": ("edits",),
    "consents given, taken back, refused": ("consent", "withdraw", "refuse"),
    "workers killed, stopped": ("kill", "pause"),
    "conflicts": ("answered conflict",),
}
_mine: list[Simulator] = []
Result = dict[str, Any]


def say(*lines: str) -> None:
    """To whoever called."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def folder() -> str | None:
    """Where databases of runs lie: in memory where there is such a place."""
    return MEMORY if os.access(MEMORY, os.W_OK) else None


def _begin(base: str) -> None:
    _mine.append(Simulator(Path(tempfile.mkdtemp(dir=base))))


def _one(given: tuple[int, int]) -> Result:
    seed, steps = given
    began = time.process_time()
    out = _mine[0].seed(seed, steps)
    return {
        "seed": seed,
        "steps": steps,
        "seconds": round(time.process_time() - began, 2),
        "faults": out.faults,
        "counts": dict(out.counts),
    }


def results(seeds: Iterable[int], steps: int, processes: int, until: float | None) -> Iterator[Result]:
    """Each seed's result as it comes; none is begun after `until` (monotonic seconds)."""
    left = iter(seeds)
    with (
        tempfile.TemporaryDirectory(dir=folder()) as base,
        ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin, (base,)) as pool,
    ):
        running = {pool.submit(_one, (seed, steps)) for seed in islice(left, 2 * processes)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            if until is None or time.monotonic() < until:
                running |= {pool.submit(_one, (seed, steps)) for seed in islice(left, len(done))}
            for one in done:
                yield one.result()


@dataclass
class Progress:
    """How far many seeds have come, said now and then. before: those that an earlier call has run."""

    seeds: int
    before: int
    _begun: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def tell(self, known: Mapping[int, Result]) -> None:
        """Say so if it is time."""
        now, done = time.monotonic(), len(known) - self.before
        if now - self._said < EVERY:
            return
        self._said = now
        left = (self.seeds - len(known)) * (now - self._begun) / done / 60
        failing = sum(bool(one["faults"]) for one in known.values())
        say(f"{len(known)} of {self.seeds} seeds, {failing} failing, {left:.0f} minutes left")


def soak(seeds: range, steps: int, processes: int, kept: Path, seconds: float | None) -> dict[str, Any]:
    """All seeds that are not in the file yet; then the sum of all that are."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = {one["seed"]: one for one in _read(kept) if one["steps"] == steps and one["seed"] in seeds}
    until = None if seconds is None else time.monotonic() + seconds
    progress = Progress(len(seeds), len(known))
    with kept.open("a", encoding="utf-8") as file:
        for one in results((s for s in seeds if s not in known), steps, processes, until):
            known[one["seed"]] = one
            file.write(json.dumps(one) + "\n")
            file.flush()
            if one["faults"]:
                say(f"seed {one['seed']}", *one["faults"])
            progress.tell(known)
    return total(known.values(), steps)


def _read(kept: Path) -> list[Result]:
    return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []


def total(found: Iterable[Result], steps: int) -> dict[str, Any]:
    """The figures."""
    counts: Counter[str] = Counter()
    every = list(found)
    for one in every:
        counts.update(one["counts"])
    return {
        "seeds": len(every),
        "steps": len(every) * steps,
        "cpu seconds": round(sum(one["seconds"] for one in every), 1),
        "failing": sorted(one["seed"] for one in every if one["faults"]),
        "counts": dict(sorted(counts.items())),
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """The figures as lines of Markdown."""
    counts = found["counts"]
    rows = {"seeds": found["seeds"], "steps": found["steps"]}
    rows |= {name: sum(counts.get(one, 0) for one in parts) for name, parts in FIGURES.items()}
    rows["faults of the network"] = sum(n for name, n in counts.items() if name.startswith("fault "))
    rows["CPU seconds a seed"] = round(found["cpu seconds"] / max(found["seeds"], 1), 2)
    rows["seeds that found something"] = ", ".join(map(str, found["failing"])) or "none"
    lines = [f"| {name} | {n:,} |" if isinstance(n, int) else f"| {name} | {n} |" for name, n in rows.items()]
    return ["| what | how many |", "| --- | --- |", *lines]
