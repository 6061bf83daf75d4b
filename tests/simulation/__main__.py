"""`python -m tests.simulation 1234`: runs one seed, and where it fails, shrinks it and prints its trace.
`… 1-200` runs many; `--keep FILE` goes on where an earlier call stopped; `--seconds` ends it in time."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of what a seed repeats
    os.environ["PYTHONHASHSEED"] = "0"
    os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])

from tests.simulation import many
from tests.simulation.many import say
from tests.simulation.operations import Op, operations
from tests.simulation.run import Outcome, Simulator
from tests.simulation.shrink import shrink


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seeds", help="1234 or 1-200")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, help="begin no seed after this")
    parser.add_argument("--keep", type=Path, help="file of results to go on from")
    parser.add_argument("--report", type=Path, help="file for the figures")
    parser.add_argument("--whole", action="store_true", help="do not shrink")
    return parser.parse_args()


def one(seed: int, steps: int, *, whole: bool) -> int:
    """One seed, with all that is to be seen of it."""
    with tempfile.TemporaryDirectory(dir=many.folder()) as folder:
        simulator = Simulator(Path(folder))
        start, ops = operations(seed, steps)
        out = simulator.run(seed, start, ops)
        if out.faults and not whole:
            kind = out.faults[0].split(":")[0]

            def fails(left: list[Op]) -> bool:
                return any(f.split(":")[0] == kind for f in simulator.run(seed, start, left).faults)

            ops = shrink(ops, fails)
            out = simulator.run(seed, start, ops)
        _show(out, start, len(ops))
        return bool(out.faults)


def _show(out: Outcome, start: dict[str, object], count: int) -> None:
    say(*out.trace)
    say(f"seed {out.seed}, {count} operations, {json.dumps(start)}")
    say(json.dumps(dict(sorted(out.counts.items()))))
    say(*(out.faults or ["nothing wrong"]))


def main() -> int:
    """Run what was asked for; 1 where something was wrong."""
    given = arguments()
    first, _, last = given.seeds.partition("-")
    if not last:
        return one(int(first), given.steps, whole=given.whole)
    seeds = range(int(first), int(last) + 1)
    with tempfile.TemporaryDirectory() as folder:
        kept = given.keep or Path(folder) / "seeds.ndjson"
        found = many.soak(seeds, given.steps, given.processes, kept, given.seconds)
    text = json.dumps(found, indent=1)
    if given.report:
        given.report.parent.mkdir(parents=True, exist_ok=True)
        given.report.write_text(text + "\n")
    say(text, *many.table(found))
    return bool(found["failing"])


if __name__ == "__main__":
    sys.exit(main())
