"""`make bench`: all figures in one run, as a table and as build/bench/report.json.

Run as: python -m bench.run [--quick]. Figures hold for one machine; the floor is beside them.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import decisions, generator, guarding, latency, lenses, throughput
from bench.latency import Pace
from bench.processes import free_port, running
from bench.report import keep
from bench.tables import show
from tests import databases
from tests.postgres import Cluster

REPORT = Path("build") / "bench" / "report.json"
AIMS = {"single": {"postgresql": 0.25, "sqlite": 0.5}, "batch": {"postgresql": 1.0, "sqlite": 1.0}}


def ceiling(folder: Path, seconds: int) -> dict[str, float]:
    """Requests per second that wrk itself manages with the same bodies, by mode."""
    port = free_port()
    with running([sys.executable, "-m", "bench.ceiling", str(port)], port, folder / "ceiling.log"):
        url = f"http://127.0.0.1:{port}/records"
        loads = {mode: generator.run(url, mode, 500, "x", "none", seconds) for mode in ("single", "batch")}
    return {mode: round(load.requests / load.seconds) for mode, load in loads.items()}


def measure(folder: Path, rounds: int, seconds: int, paces: list[Pace]) -> dict[str, Any]:
    """Everything, on both databases."""
    report: dict[str, Any] = {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "settings": {"rounds": rounds, "seconds": seconds, "connections": generator.CONNECTIONS},
        "aims_against_floor": AIMS,
        "wrk_ceiling_requests_per_second": ceiling(folder, seconds),
        "lenses": lenses.measure(rounds, seconds / 4),
        "decisions": decisions.measure(),
        "guarding": [],
        "throughput": [],
        "latency": [],
    }
    with ExitStack() as stack:
        cluster = Cluster()
        stack.callback(cluster.remove)
        fresh: dict[str, Callable[[str], str]] = {
            "sqlite": lambda name: f"sqlite:///{folder / name}.db",
            "postgresql": lambda name: (
                cluster.url(cluster.create()) if name == "floor" else databases.installed(cluster)
            ),
        }
        for kind, url in fresh.items():
            urls = (url("floor"), url("hub"))
            doors = (url("door"), url("open-door"))
            server = cluster.pid if kind == "postgresql" else None
            requests = guarding.REQUESTS if rounds > 1 else 30
            report["guarding"] += guarding.measure(folder / f"{kind}-door", kind, doors, server, requests)
            report["throughput"].append(throughput.measure(folder / kind, kind, urls, rounds, seconds))
            report["latency"] += latency.measure(folder / f"{kind}-latency", kind, url("latency"), paces)
    return report


def main() -> None:
    """Measure, print, and keep the report."""
    parser = argparse.ArgumentParser(description="Figures beside a floor.")
    parser.add_argument("--quick", action="store_true", help="short rounds: does it run, not how fast")
    quick = parser.parse_args().quick
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-bench-"))
    paces = [Pace(5, 10), Pace(50, 10)] if quick else [Pace(5, 60), Pace(50, 40)]
    try:
        report = measure(folder, rounds=1 if quick else 5, seconds=3 if quick else 8, paces=paces)
    except BaseException:
        print(f"the logs of what ran are in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)
    keep(REPORT, report)
    show(report, Console(width=110))
    print(f"written to {REPORT}")


if __name__ == "__main__":
    main()
