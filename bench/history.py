"""`make bench-import`: how many records of a whole history `stafettbro import` takes in a second, with one
process and with two, beside plain psycopg that puts the same records into one table, by COPY and by INSERT.

Run as: python -m bench.history [--children 300] [--processes 1 2]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bench.delivery import RECIPIENTS, configured
from bench.installation import ENVIRONMENT
from bench.report import keep, show
from bench.scale.children import Child
from gateway import jsontext
from tests import databases
from tests.postgres import Cluster

STEPS = 30
REPORT = Path("build") / "bench" / "import.json"
TABLE = "CREATE TABLE record (number bigint PRIMARY KEY, body jsonb NOT NULL)"


def history(children: int) -> Iterator[bytes]:
    """All children's records, mixed as they were written."""
    lives = [Child(number, 7).steps() for number in range(children)]
    for _ in range(STEPS):
        for life in lives:
            for system, records in islice(life, 1):
                if system == "stafettlogg":
                    yield from (jsontext.encode(record) for record in records)


def imported(config: Path, file: Path, processes: int) -> float:
    """Seconds that the command takes, all of it."""
    command = [sys.executable, "-m", "gateway.cli", "import", "stafettlogg", str(file), "-c", str(config)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--again", "--processes", str(processes)],
        env={**os.environ, **ENVIRONMENT},
        check=True,
        capture_output=True,
        text=True,
    )
    took = time.perf_counter() - began
    if "stored" not in done.stdout or "rejected" in done.stdout:
        raise RuntimeError(done.stdout)
    return took


def plain(cluster: Cluster, lines: list[bytes], how: str) -> float:
    """The floor: the same records in one table, in one process; INSERT in transactions of 60."""
    with cluster.connect(cluster.create()) as connection:
        connection.execute(TABLE)
        rows = [(number, line.decode()) for number, line in enumerate(lines)]
        began = time.perf_counter()
        if how == "copy":
            with connection.cursor().copy("COPY record FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            for first in range(0, len(rows), 60):
                with connection.transaction():
                    connection.cursor().executemany(
                        "INSERT INTO record VALUES (%s, %s)", rows[first : first + 60]
                    )
        return time.perf_counter() - began


def run(children: int, processes: list[int]) -> dict[str, Any]:
    """Everything; records a second."""
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-import-"))
    cluster = Cluster()
    try:
        lines = list(history(children))
        file = folder / "history.ndjson"
        file.write_bytes(b"\n".join(lines) + b"\n")
        ends = dict.fromkeys(RECIPIENTS, "http://127.0.0.1:9")
        out: dict[str, Any] = {"children": children, "records": len(lines), "cores": os.cpu_count()}
        for count in processes:
            name = make_url(databases.installed(cluster)).database or ""
            config = configured(folder / f"p{count}" / "x", cluster.url(name, databases.APPLICATION), ends)
            out[f"import, {count}"] = round(len(lines) / imported(config, file, count), 1)
        for how in ("insert", "copy"):
            out[how] = round(len(lines) / plain(cluster, lines, how), 1)
        return out
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="Records a second of a history.")
    parser.add_argument("--children", type=int, default=300)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    out = run(given.children, given.processes)
    keep(REPORT, out)
    show(out)


if __name__ == "__main__":
    main()
