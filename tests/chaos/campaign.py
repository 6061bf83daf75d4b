"""A campaign of chaos: `python -m tests.chaos.campaign` (make chaos). CHAOS_SEED chooses another one,
CHAOS_SHARE a part of the full number of faults."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import databases
from tests.chaos.faults import Chaos
from tests.chaos.installation import THINKING, Installation, installed
from tests.chaos.judgement import Judgement, settle
from tests.chaos.load import Load
from tests.chaos.schedule import schedule
from tests.end_to_end.invented import Child
from tests.postgres import Cluster

SEED = 20261122
STEADY, CHANGING = 6, 3  # children
EVERY = 0.4  # seconds between two edits of one writer, on average
QUIET_WITHIN = 300.0  # seconds after the last fault
REPORT = Path("build/chaos/report.json")


def run(
    folder: Path,
    seed: int,
    share: float,
    cluster: Cluster,
    *,
    told: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """One campaign: the report."""
    began, faults = time.monotonic(), schedule(seed, share)
    children = [Child(number) for number in range(STEADY + CHANGING)]
    with installed(folder, cluster, databases.installed(cluster), children) as made:
        entered = time.monotonic() - began
        for peer in made.recipients.values():
            peer.faults(delay=THINKING)
        load = Load(made, children[:STEADY], children[STEADY:], seed, EVERY)
        chaos = Chaos(made, cluster)
        load.begin()
        started = time.monotonic()
        chaos.run(faults, lambda done: told(done, len(faults)))
        lasted = time.monotonic() - started
        load.end()
        for peer in made.recipients.values():
            peer.faults()
        quiet, left = settle(made, QUIET_WITHIN)
        report = _report(made, load, chaos, left)
    figures = {"seed": seed, "share": share, "seconds of chaos": round(lasted, 1)}
    figures |= {
        "seconds to begin": round(entered, 1),
        "seconds until quiet": round(quiet, 1),
        "seconds in all": round(time.monotonic() - began, 1),
    }
    return figures | report


def _report(made: Installation, load: Load, chaos: Chaos, left: list[str]) -> dict[str, Any]:
    judged = Judgement(made, load)
    states = made.rows("SELECT recipient, state, count(*) FROM disclosure GROUP BY 1, 2 ORDER BY 1, 2")
    wrong = {
        "harness": [*chaos.failed, *(repr(error) for error in load.broken)],
        "not at rest": left,
        "lost": judged.lost(),
        "not as in the hub": judged.differing(),
        "out of order": judged.out_of_order(),
        "said again in the hub": judged.resurrected(),
        "without ground": judged.without_ground(),
        "without a disclosure before": judged.untold(),
        "repaired by the sweeper": made.logged("SB0025"),
        "never taken over": chaos.stuck,
    }
    return {
        "faults": {f"{kind}{': ' if how else ''}{how}": n for (kind, how), n in sorted(chaos.done.items())},
        "edits answered": len(load.edits),
        "withdrawals answered": len(load.closed),
        "arrivals": {name: len(some) for name, some in judged.arrivals.items()},
        "attempts": {f"{to} {state}": n for to, state, n in states},
        "conflicts": made.rows("SELECT count(*) FROM conflict")[0][0],
        "lanes taken over": len(made.logged("SB0024")),
        "locks lost": len(made.logged("SB0026")),
        "arrivals after a withdrawal that had named them": len(judged.without_ground(told=True)),
        "seconds from kill -9 to the next claim": _spread(chaos.claimed),
        "wrong": {name: some[:20] for name, some in wrong.items()},
        "wrong in all": sum(len(some) for some in wrong.values()),
    }


def _spread(seconds: list[float]) -> dict[str, Any]:
    ordered = sorted(seconds)
    if not ordered:
        return {"lanes": 0}
    return {"lanes": len(ordered), "p50": round(ordered[len(ordered) // 2], 2), "max": round(ordered[-1], 2)}


def summary(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = []
    for name, value in report.items():
        if not isinstance(value, dict):
            lines.append(f"{value!s:>12}  {name}")
            continue
        lines.append(f"{'':12}  {name}:")
        lines += [
            f"{len(one) if isinstance(one, list) else one!s:>12}    {each}" for each, one in value.items()
        ]
    return "\n".join(lines)


def main() -> int:
    """Run, tell, and say whether all was well."""
    seed, share = int(os.environ.get("CHAOS_SEED", SEED)), float(os.environ.get("CHAOS_SHARE", "1"))
    cluster = Cluster()
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-chaos-"))

    def told(done: int, of: int) -> None:
        end = "\n" if done == of or not sys.stdout.isatty() else "\r"
        if sys.stdout.isatty() or done % 50 == 0 or done == of:
            print(f"{done} of {of} faults", end=end, flush=True)  # noqa: T201

    try:
        report = run(folder, seed, share, cluster, told=told)
    finally:
        cluster.remove()
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(summary(report))  # noqa: T201
    return 1 if report["wrong in all"] else 0


if __name__ == "__main__":
    sys.exit(main())
