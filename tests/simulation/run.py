"""Runs one seed from beginning to end and says what was wrong."""

from __future__ import annotations

import gc
import logging
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulation import checks
from tests.simulation.engine import Engine
from tests.simulation.installation import Installation
from tests.simulation.operations import Op, operations
from tests.simulation.world import World


@dataclass
class Outcome:
    """Of one run."""

    seed: int
    faults: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)


class Errors(logging.Handler):
    """What the gateway itself calls an error, kept; its warnings about faults are what faults look like."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(record.getMessage())


@dataclass
class Simulator:
    """Runs seeds in this process. Installations are built once and put back before each run."""

    folder: Path
    _built: dict[str, Installation] = field(default_factory=dict)

    def seed(self, seed: int, steps: int) -> Outcome:
        """One seed."""
        start, ops = operations(seed, steps)
        return self.run(seed, start, ops)

    def run(self, seed: int, start: dict[str, Any], ops: list[Op]) -> Outcome:
        """These operations, from this beginning."""
        with self.world(seed, start) as world, listening() as errors:
            found = played(world, start, ops) + errors.lines
            world.counts.update({f"fault {k}": v for k, v in world.network.faults.items()})
            world.counts["arrivals"] = len(world.network.arrivals)
        return Outcome(seed, found, world.counts, world.trace)

    @contextmanager
    def world(self, seed: int, start: dict[str, Any]) -> Iterator[World]:
        """A fresh world in which nothing has happened yet."""
        ids = start["ids"]
        if ids not in self._built:
            self._built[ids] = Installation(self.folder / ids, ids)
            gc.freeze()  # it stays, and need not be looked at after each run
        installation = self._built[ids]
        installation.begin(seed)
        with swept():
            world = World(installation, start)
            try:
                yield world
            finally:
                world.end()
                installation.end()


@contextmanager
def swept() -> Iterator[None]:
    """What a run leaves is swept up after it, not in the middle of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


@contextmanager
def listening() -> Iterator[Errors]:
    """Hear the gateway's errors."""
    errors, logger = Errors(), logging.getLogger("stafettbro")
    kept = logger.propagate
    logger.addHandler(errors)
    logger.propagate = False
    try:
        yield errors
    finally:
        logger.removeHandler(errors)
        logger.propagate = kept


def played(world: World, start: dict[str, Any], ops: list[Op]) -> list[str]:
    """Carries out everything; what was wrong."""
    try:
        engine = Engine(world)
        engine.begin(start["consents"])
        engine.run(ops)
        return checks.faults(world)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what this seed has found
        return [f"{type(error).__name__}: {error}", *traceback.format_exc().splitlines()[-6:]]
